package import MayflyModel

/// A value of the condition language.
///
/// Closed objects such as `request` are values too, but an expression can only select from them.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(CELTimestamp)
    case duration(CELDuration)
    case object(CELObject)
}

extension CELValue {
    /// Whole numbers of 64 bits become int, every other number the nearest double, an object a map with string keys.
    ///
    /// A number past the range of doubles becomes an infinity: it still compares as larger than every limit.
    package init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .int(number)
        case .number(let literal): self = .double(Double(literal) ?? .nan)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { CELValue($0) })
        case .object(let object): self = .map(CELMap(object))
        }
    }
}

extension CELValue: Equatable {
    /// Equality as the language has it: numbers by value across types, NaN unequal to itself, text byte by byte.
    package static func == (left: CELValue, right: CELValue) -> Bool {
        var budget = CELBudget.unlimited
        return (try? CELComparison.areEqual(left, right, &budget)) ?? false
    }
}
