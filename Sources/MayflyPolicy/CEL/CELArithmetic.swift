/// `+ - * / %` and the sign; every result that its type cannot hold is an error.
enum CELArithmetic {
    static func negate(_ value: CELValue) throws(CELEvaluationError) -> CELValue {
        switch value {
        case .int(let number):
            let (result, overflow) = Int64(0).subtractingReportingOverflow(number)
            guard !overflow else { throw CELEvaluationError(.outOfRange) }
            return .int(result)
        case .double(let number): return .double(-number)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    static func apply(
        _ sign: CELOperator, _ left: CELValue, _ right: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): .int(try integer(sign, left, right))
        case (.uint(let left), .uint(let right)): .uint(try integer(sign, left, right))
        case (.double(let left), .double(let right)): .double(try floating(sign, left, right))
        case (.timestamp, _), (_, .timestamp), (.duration, _): try time(sign, left, right)
        case _ where sign == .add: try join(left, right, &budget)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func integer<Integer: FixedWidthInteger>(
        _ sign: CELOperator, _ left: Integer, _ right: Integer
    ) throws(CELEvaluationError) -> Integer {
        let result: (partialValue: Integer, overflow: Bool)
        switch sign {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide, .modulo:
            guard right != 0 else { throw CELEvaluationError(.divisionByZero) }
            // The smallest int by -1 overflows; its remainder does too, as the language has it.
            result =
                sign == .divide
                ? left.dividedReportingOverflow(by: right) : left.remainderReportingOverflow(dividingBy: right)
        default: throw CELEvaluationError(.noOverload)
        }
        guard !result.overflow else { throw CELEvaluationError(.outOfRange) }
        return result.partialValue
    }

    /// IEEE 754: division by zero is an infinity or NaN, and there is no remainder.
    private static func floating(
        _ sign: CELOperator, _ left: Double, _ right: Double
    ) throws(CELEvaluationError) -> Double {
        switch sign {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .divide: left / right
        default: throw CELEvaluationError(.noOverload)
        }
    }

    /// The nanoseconds of both operands are far inside 128 bits, and so are their sum and difference.
    private static func time(
        _ sign: CELOperator, _ left: CELValue, _ right: CELValue
    ) throws(CELEvaluationError) -> CELValue {
        let result: CELValue?
        switch (sign, left, right) {
        case (.add, .timestamp(let moment), .duration(let span)), (.add, .duration(let span), .timestamp(let moment)):
            result = CELTimestamp(totalNanoseconds: moment.totalNanoseconds + span.totalNanoseconds)
                .map { .timestamp($0) }
        case (.subtract, .timestamp(let moment), .duration(let span)):
            result = CELTimestamp(totalNanoseconds: moment.totalNanoseconds - span.totalNanoseconds)
                .map { .timestamp($0) }
        case (.subtract, .timestamp(let left), .timestamp(let right)):
            result = CELDuration(totalNanoseconds: left.totalNanoseconds - right.totalNanoseconds)
                .map { .duration($0) }
        case (.add, .duration(let left), .duration(let right)):
            result = CELDuration(totalNanoseconds: left.totalNanoseconds + right.totalNanoseconds)
                .map { .duration($0) }
        case (.subtract, .duration(let left), .duration(let right)):
            result = CELDuration(totalNanoseconds: left.totalNanoseconds - right.totalNanoseconds)
                .map { .duration($0) }
        default: throw CELEvaluationError(.noOverload)
        }
        guard let result else { throw CELEvaluationError(.outOfRange) }
        return result
    }

    /// Text after text, bytes after bytes, a list after a list; paid for before it is made.
    private static func join(
        _ left: CELValue, _ right: CELValue, _ budget: inout CELBudget
    ) throws(CELEvaluationError) -> CELValue {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try budget.make(bytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.bytes(let left), .bytes(let right)):
            try budget.make(bytes: left.count + right.count)
            return .bytes(left + right)
        case (.list(let left), .list(let right)):
            try budget.make(elements: left.count + right.count)
            return .list(left + right)
        default: throw CELEvaluationError(.noOverload)
        }
    }
}
