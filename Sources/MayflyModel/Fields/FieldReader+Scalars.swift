extension FieldReader {
    /// Takes a required string of at most `maximum` bytes; control characters are refused.
    package mutating func string(_ name: String, maximum: Int = 512) throws(FieldError) -> String {
        guard let text = try optionalString(name, maximum: maximum) else { throw failure(name, .missing) }
        return text
    }

    /// Takes a string of at most `maximum` bytes; control characters are refused.
    package mutating func optionalString(_ name: String, maximum: Int = 512) throws(FieldError) -> String? {
        guard let value = take(name) else { return nil }
        return try Self.text(value, at: path.member(name), maximum: maximum)
    }

    package mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64 {
        guard let number = try optionalInteger(name, in: range) else { throw failure(name, .missing) }
        return number
    }

    package mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
        guard let value = take(name) else { return nil }
        guard case .integer(let number) = value else { throw failure(name, .wrongType(expected: "a whole number")) }
        return try within(range, number, name)
    }

    /// Takes a number from 0 to 1, whole or with a fraction.
    package mutating func optionalShare(_ name: String) throws(FieldError) -> Double? {
        guard let value = take(name) else { return nil }
        let number: Double?
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let literal): number = Double(literal)
        default: throw failure(name, .wrongType(expected: "a number"))
        }
        guard let number, (0...1).contains(number) else { throw failure(name, .outOfRange(minimum: 0, maximum: 1)) }
        return number
    }

    package mutating func optionalBool(_ name: String) throws(FieldError) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .bool(let flag) = value else { throw failure(name, .wrongType(expected: "true or false")) }
        return flag
    }

    /// Takes one of the raw values of `type`.
    package mutating func choice<E: RawRepresentable & CaseIterable>(
        _ name: String, _ type: E.Type = E.self
    ) throws(FieldError) -> E? where E.RawValue == String {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { throw failure(name, .wrongType(expected: "a string")) }
        for candidate in type.allCases where JSONObject.same(candidate.rawValue, text) { return candidate }
        let accepted = type.allCases.map(\.rawValue).joined(separator: ", ")
        throw failure(name, .invalid(rule: "must be one of: \(accepted)"))
    }

    package mutating func identifier<Kind: IdentifierKind>(
        _ name: String, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) throws(FieldError) -> Identifier<Kind> {
        guard let identifier = try optionalIdentifier(name, kind) else { throw failure(name, .missing) }
        return identifier
    }

    package mutating func optionalIdentifier<Kind: IdentifierKind>(
        _ name: String, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) throws(FieldError) -> Identifier<Kind>? {
        guard let value = take(name) else { return nil }
        return try Self.identifier(value, at: path.member(name))
    }

    /// Takes an RFC 3339 time, or a date `YYYY-MM-DD`, which means its beginning in UTC.
    package mutating func timestamp(_ name: String) throws(FieldError) -> Timestamp? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { throw failure(name, .wrongType(expected: "a string")) }
        let isDate = text.utf8.count == RFC3339.dateLength
        guard let moment = RFC3339.parse(isDate ? text + "T00:00:00Z" : text) else {
            throw failure(
                name, .invalid(rule: "must be a time such as 2026-11-21T02:31:24Z, or a date such as 2026-11-21"))
        }
        return moment
    }

    /// Takes a span in seconds, written as a whole number of seconds or as `300s`, `5m`, `1h` or `7d`.
    package mutating func duration(_ name: String, in range: ClosedRange<Int64>) throws(FieldError) -> Int64? {
        guard let value = take(name) else { return nil }
        switch value {
        case .integer(let seconds):
            return try within(range, seconds, name)
        case .string(let text):
            guard let seconds = Self.seconds(text) else { fallthrough }
            return try within(range, seconds, name)
        default:
            throw failure(name, .invalid(rule: "must be seconds, or a span such as 300s, 5m, 1h or 7d"))
        }
    }

    /// The seconds that `5m` and the like stand for; nil for anything else and past 64 bits.
    private static func seconds(_ text: String) -> Int64? {
        let digits = text.utf8.dropLast()
        // Nineteen digits is what 64 bits can hold; the check also keeps a sign out.
        guard (1...19).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let unit: Int64
        switch text.utf8.last {
        case UInt8(ascii: "s"): unit = 1
        case UInt8(ascii: "m"): unit = 60
        case UInt8(ascii: "h"): unit = 3600
        case UInt8(ascii: "d"): unit = 86_400
        default: return nil
        }
        guard let count = Int64(text.dropLast()) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    private func within(_ range: ClosedRange<Int64>, _ number: Int64, _ name: String) throws(FieldError) -> Int64 {
        guard range.contains(number) else {
            throw failure(name, .outOfRange(minimum: range.lowerBound, maximum: range.upperBound))
        }
        return number
    }
}
