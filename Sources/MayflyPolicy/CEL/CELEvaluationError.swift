/// Why an expression has no value for the facts it was given; no fact is repeated.
package struct CELEvaluationError: Error, Equatable, Sendable {
    package enum Problem: String, CaseIterable, Equatable, Sendable {
        /// An operator or function was given values of types that it is not defined for.
        case noOverload
        case noSuchField
        case noSuchKey
        case indexOutOfRange
        case divisionByZero
        /// A number, moment or span past the range of its type.
        case outOfRange
        /// Text that a conversion cannot read.
        case notConvertible
        case duplicateKey
        case unsupportedKey
        /// A declared variable without a value.
        case unboundVariable
        case budgetExceeded
        /// A text or list longer than an evaluation may make.
        case tooLarge
    }

    package let problem: Problem
    /// Bytes of the source before the operator, call or name that failed.
    package let offset: Int

    init(_ problem: Problem, at offset: Int = -1) {
        (self.problem, self.offset) = (problem, offset)
    }

    /// This error with a place, unless it has one: the innermost expression is to blame.
    func located(at offset: Int) -> CELEvaluationError {
        self.offset < 0 ? CELEvaluationError(problem, at: offset) : self
    }

    /// Whether `&&`, `||`, `all` and `exists` must not absorb it: an evaluation that spends too much has no result.
    var isFinal: Bool { problem == .budgetExceeded || problem == .tooLarge }
}

extension CELEvaluationError: CustomStringConvertible {
    package var description: String { "\(problem) at byte \(max(offset, 0))" }
}

extension CELEvaluationError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noOverload: "an operator or function is not defined for the types of its values"
        case .noSuchField: "the field has no value; test for it with has()"
        case .noSuchKey: "the map has no such key; test for it with in or has()"
        case .indexOutOfRange: "the list has no element at this index"
        case .divisionByZero: "division by zero"
        case .outOfRange: "the result is out of the range of its type"
        case .notConvertible: "the text cannot be converted"
        case .duplicateKey: "a map has the same key twice"
        case .unsupportedKey: "a key of a map is not an int, uint, bool or string"
        case .unboundVariable: "the variable has no value"
        case .budgetExceeded: "the evaluation takes too many steps"
        case .tooLarge: "the evaluation makes a text or list that is too long"
        }
    }
}
