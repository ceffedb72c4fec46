/// The declared or deduced type of an expression.
package indirect enum CELType: Equatable, Sendable {
    case null
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case timestamp
    case duration
    case list(CELType)
    case map(CELType, CELType)
    case object(CELObjectType)
    /// Known only when the expression is evaluated.
    case dyn

    var isNumeric: Bool { self == .int || self == .uint || self == .double }

    /// Whether a value of this type may stand where a `bool` is needed.
    var mayBeBool: Bool { self == .bool || self == .dyn }

    /// Whether a value of this type may be the key of a map.
    var mayBeKey: Bool {
        switch self {
        case .bool, .int, .uint, .string, .dyn: true
        case .null, .double, .bytes, .timestamp, .duration, .list, .map, .object: false
        }
    }

    /// The type with the known part of both, or nil when they differ; dyn gives way to nothing.
    func joined(_ other: CELType) -> CELType? {
        switch (self, other) {
        case (.dyn, _), (_, .dyn): return .dyn
        case (.list(let left), .list(let right)): return left.joined(right).map { .list($0) }
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            guard let key = leftKey.joined(rightKey), let value = left.joined(right) else { return nil }
            return .map(key, value)
        default: return self == other ? self : nil
        }
    }

    /// Whether `==` between the two can ever be true, numbers of different types included.
    func isComparable(to other: CELType) -> Bool {
        switch (self, other) {
        case (.dyn, _), (_, .dyn): true
        case (.list(let left), .list(let right)): left.isComparable(to: right)
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            leftKey.isComparable(to: rightKey) && left.isComparable(to: right)
        default: self == other || isNumeric && other.isNumeric
        }
    }

    /// Whether `<` is defined between the two.
    func isOrdered(with other: CELType) -> Bool {
        switch (self, other) {
        case (.dyn, .dyn): true
        case (.dyn, _): other.isOrdered(with: other)
        case (_, .dyn): isOrdered(with: self)
        case (.bool, .bool), (.string, .string), (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration):
            true
        default: isNumeric && other.isNumeric
        }
    }
}

extension CELType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .object(let object): object.name
        case .dyn: "dyn"
        }
    }
}
