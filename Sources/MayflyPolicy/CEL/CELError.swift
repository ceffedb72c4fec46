/// Why a text is not an expression that Mayfly accepts, and where.
package struct CELError: Error, Equatable, Sendable {
    package let problem: CELProblem
    package let position: CELPosition

    init(_ problem: CELProblem, at offset: Int, in source: [UInt8]) {
        self.problem = problem
        position = CELPosition(offset: offset, in: source)
    }
}

extension CELError: CustomStringConvertible {
    /// For example `line 1, column 9: there is no variable of this name`.
    package var description: String { "line \(position.line), column \(position.column): \(problem)" }
}
