/// The functions that turn a value into one of another type.
enum CELConversion {
    static func convert(
        _ value: CELValue, with function: CELFunction, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> CELValue {
        if case .string(let text) = value { try budget.charge(bytes: text.utf8.count) }
        return switch function {
        case .int: .int(try int(value))
        case .uint: .uint(try uint(value))
        case .double: .double(try double(value))
        case .string: .string(try string(value, &budget))
        case .bool: .bool(try bool(value))
        case .bytes: .bytes(try bytes(value, &budget))
        case .timestamp: .timestamp(try timestamp(value))
        case .duration: .duration(try duration(value))
        default: throw CELEvaluationError(.noOverload)
        }
    }

    // MARK: Numbers

    /// Doubles lose their fraction; both ends of the range are left out, since they may have been rounded to.
    ///
    /// Turning a double into an integer traps past the range, so the range is checked first.
    private static func int(_ value: CELValue) throws(CELEvaluationError) -> Int64 {
        switch value {
        case .int(let number): return number
        case .uint(let number): return try inRange(Int64(exactly: number))
        case .double(let number):
            guard number > -0x1p63, number < 0x1p63 else { throw CELEvaluationError(.outOfRange) }
            return Int64(number)
        case .string(let text): return try readable(Int64(text))
        case .timestamp(let moment): return moment.seconds
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func uint(_ value: CELValue) throws(CELEvaluationError) -> UInt64 {
        switch value {
        case .uint(let number): return number
        case .int(let number): return try inRange(UInt64(exactly: number))
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw CELEvaluationError(.outOfRange) }
            return UInt64(number)
        case .string(let text):
            // The standard library would take a sign.
            guard text.utf8.first.flatMap(CELCharacter.digit) != nil else {
                throw CELEvaluationError(.notConvertible)
            }
            return try readable(UInt64(text))
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func double(_ value: CELValue) throws(CELEvaluationError) -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .string(let text):
            // Digits, a point and an exponent only: the standard library also reads hexadecimal and words.
            let isPlain = text.utf8.allSatisfy { byte in
                CELCharacter.digit(byte) != nil || "+-.eE".utf8.contains(byte)
            }
            guard isPlain, let number = Double(text) else { throw CELEvaluationError(.notConvertible) }
            guard number.isFinite else { throw CELEvaluationError(.outOfRange) }
            return number
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func inRange<Value>(_ value: Value?) throws(CELEvaluationError) -> Value {
        guard let value else { throw CELEvaluationError(.outOfRange) }
        return value
    }

    private static func readable<Value>(_ value: Value?) throws(CELEvaluationError) -> Value {
        guard let value else { throw CELEvaluationError(.notConvertible) }
        return value
    }

    // MARK: Other types

    private static func bool(_ value: CELValue) throws(CELEvaluationError) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("1"), .string("t"), .string("true"), .string("TRUE"), .string("True"): return true
        case .string("0"), .string("f"), .string("false"), .string("FALSE"), .string("False"): return false
        case .string: throw CELEvaluationError(.notConvertible)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func string(
        _ value: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return text(of: number)
        case .bytes(let bytes):
            try budget.make(bytes: bytes.count)
            return try readable(String(validating: bytes, as: UTF8.self))
        case .timestamp(let moment): return moment.text
        case .duration(let span): return span.text
        default: throw CELEvaluationError(.noOverload)
        }
    }

    /// The shortest digits that read back as the same number, whole numbers without `.0`.
    static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let text = number.description
        return text.utf8.suffix(2).elementsEqual(".0".utf8) ? String(text.dropLast(2)) : text
    }

    private static func bytes(
        _ value: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> [UInt8] {
        switch value {
        case .bytes(let bytes): return bytes
        case .string(let text):
            try budget.make(bytes: text.utf8.count)
            return Array(text.utf8)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func timestamp(_ value: CELValue) throws(CELEvaluationError) -> CELTimestamp {
        switch value {
        case .timestamp(let moment): return moment
        case .int(let seconds): return try inRange(CELTimestamp(seconds: seconds))
        case .string(let text): return try readable(CELTimestamp(text: text))
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func duration(_ value: CELValue) throws(CELEvaluationError) -> CELDuration {
        switch value {
        case .duration(let span): return span
        case .string(let text): return try readable(CELDuration(text: text))
        default: throw CELEvaluationError(.noOverload)
        }
    }
}
