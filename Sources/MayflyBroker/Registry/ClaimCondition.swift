package import MayflyModel

/// What one claim of somebody else's token must be.
package struct ClaimCondition: Hashable, Sendable {
    /// What is compared: a text, a number or a truth value as JSON writes it.
    package enum Expected: Hashable, Sendable {
        case text(TextCondition)
        case integer(Int64)
        case flag(Bool)
    }

    package static let maximumNameLength = 256
    package static let maximumConditions = 16

    /// A claim's name; with a slash in front the way to one further in, as a JSON Pointer (RFC 6901).
    package let name: String
    package let expected: Expected

    /// Whether the claim is there and as expected; of an array of texts one element is enough.
    package func holds(in claims: JSONObject) -> Bool {
        guard let value = Self.value(name, in: claims) else { return false }
        switch (expected, value) {
        case (.text(let condition), .string(let text)): return condition.holds(for: text)
        case (.text(let condition), .array(let elements)):
            return elements.contains { $0.stringValue.map { condition.holds(for: $0) } ?? false }
        case (.integer(let number), .integer(let found)): return number == found
        case (.flag(let flag), .bool(let found)): return flag == found
        default: return false
        }
    }

    package static func == (left: ClaimCondition, right: ClaimCondition) -> Bool {
        left.name.utf8.elementsEqual(right.name.utf8) && left.expected == right.expected
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(Array(name.utf8))
        hasher.combine(expected)
    }

    /// The claim with that name, or at the end of that way.
    package static func value(_ name: String, in claims: JSONObject) -> JSONValue? {
        guard name.utf8.first == UInt8(ascii: "/") else { return claims[name] }
        var value = JSONValue.object(claims)
        for part in name.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let step = unescaped(part), let next = value.objectValue?[step] else { return nil }
            value = next
        }
        return value
    }

    /// RFC 6901 §4: `~1` is a slash and `~0` a tilde; nil for any other tilde.
    private static func unescaped(_ part: Substring) -> String? {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in part.utf8 {
            switch (isEscaped, byte) {
            case (false, UInt8(ascii: "~")): isEscaped = true
            case (false, _): bytes.append(byte)
            case (true, UInt8(ascii: "0")): (isEscaped, bytes) = (false, bytes + [UInt8(ascii: "~")])
            case (true, UInt8(ascii: "1")): (isEscaped, bytes) = (false, bytes + [UInt8(ascii: "/")])
            case (true, _): return nil
            }
        }
        return isEscaped ? nil : String(decoding: bytes, as: UTF8.self)
    }

    // MARK: JSON

    /// Reads an object whose member names are claims.
    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [ClaimCondition] {
        guard var object = try fields.object(name) else { return [] }
        let names = object.memberNames
        guard names.count <= maximumConditions else {
            throw fields.failure(name, .tooMany(maximum: maximumConditions))
        }
        var conditions: [ClaimCondition] = []
        for claim in names {
            guard (1...maximumNameLength).contains(claim.utf8.count) else {
                throw fields.failure(name, .invalid(rule: "a claim's name has 1 to \(maximumNameLength) bytes"))
            }
            conditions.append(ClaimCondition(name: claim, expected: try expected(claim, of: &object)))
        }
        try object.finish()
        // In one order, so that the same conditions are equal however they were written down.
        return conditions.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func expected(_ claim: String, of object: inout FieldReader) throws(FieldError) -> Expected {
        var ahead = object
        switch ahead.take(claim) {
        case .bool(let flag):
            object = ahead
            return .flag(flag)
        case .integer(let number):
            object = ahead
            return .integer(number)
        default:
            guard let condition = try TextCondition.read(claim, of: &object) else {
                throw object.failure(claim, .missing)
            }
            return .text(condition)
        }
    }

    static func json(_ conditions: [ClaimCondition]) -> JSONObject {
        var object = JSONObject()
        for condition in conditions { object[condition.name] = condition.expected.json }
        return object
    }
}

extension ClaimCondition.Expected {
    package var json: JSONValue {
        switch self {
        case .text(let condition): condition.json
        case .integer(let number): .integer(number)
        case .flag(let flag): .bool(flag)
        }
    }
}
