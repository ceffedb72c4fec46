/// A value that is not what its place accepts; names the place and never repeats the value.
package struct FieldError: Error, Equatable, Sendable, CustomStringConvertible {
    package let path: FieldPath
    package let problem: FieldProblem

    package init(path: FieldPath, problem: FieldProblem) {
        self.path = path
        self.problem = problem
    }

    /// For example `agents[0].owner: is required`.
    package var description: String { "\(path): \(problem)" }
}

/// What is wrong with a value, told by what its place accepts.
package enum FieldProblem: Equatable, Sendable {
    case missing
    /// Holds the member names that are accepted in its place.
    case unknown(allowed: [String])
    /// Names the type with its article, for example `a string`.
    case wrongType(expected: String)
    /// Counts bytes of UTF-8.
    case tooLong(maximum: Int)
    case tooMany(maximum: Int)
    case outOfRange(minimum: Int64, maximum: Int64)
    /// Holds fixed text that says what is accepted, for example `must be an https URL`.
    case invalid(rule: String)
    case duplicate
}

extension FieldProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing: "is required"
        case .unknown(let allowed) where allowed.isEmpty: "is not known; no member is accepted here"
        case .unknown(let allowed): "is not known; accepted here: \(allowed.joined(separator: ", "))"
        case .wrongType(let expected): "must be \(expected)"
        case .tooLong(let maximum): "is longer than \(maximum) bytes"
        case .tooMany(let maximum): "has more than \(maximum) elements"
        case .outOfRange(let minimum, let maximum): "must be between \(minimum) and \(maximum)"
        case .invalid(let rule): rule
        case .duplicate: "repeats an earlier value"
        }
    }
}
