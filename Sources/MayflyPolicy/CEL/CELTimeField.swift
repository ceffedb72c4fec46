/// The accessors of timestamps, in UTC, and of durations.
enum CELTimeField {
    static func field(_ function: CELFunction, of value: CELValue) throws(CELEvaluationError) -> Int64 {
        switch value {
        case .timestamp(let moment): try field(function, of: moment)
        case .duration(let span): try field(function, of: span)
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func field(
        _ function: CELFunction, of moment: CELTimestamp
    ) throws(CELEvaluationError) -> Int64 {
        switch function {
        case .getFullYear: moment.year
        case .getMonth: moment.month
        case .getDate: moment.day
        case .getDayOfMonth: moment.day - 1
        case .getDayOfWeek: moment.dayOfWeek
        case .getDayOfYear: moment.dayOfYear
        case .getHours: moment.hour
        case .getMinutes: moment.minute
        case .getSeconds: moment.second
        case .getMilliseconds: moment.millisecond
        default: throw CELEvaluationError(.noOverload)
        }
    }

    private static func field(
        _ function: CELFunction, of span: CELDuration
    ) throws(CELEvaluationError) -> Int64 {
        switch function {
        case .getHours: span.wholeHours
        case .getMinutes: span.wholeMinutes
        case .getSeconds: span.wholeSeconds
        case .getMilliseconds: span.milliseconds
        default: throw CELEvaluationError(.noOverload)
        }
    }
}
