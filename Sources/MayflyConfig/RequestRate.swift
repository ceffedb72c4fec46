internal import MayflyModel

/// How often one client may do something: `rate` times a second on average, `burst` times at once.
package struct RequestRate: Equatable, Sendable {
    package let rate: Int64
    package let burst: Int64

    /// Of both.
    package static let range: ClosedRange<Int64> = 1...1_000_000
    private static let rule = "must be a number a second from 1 to \(range.upperBound), or off"

    package init(rate: Int64, burst: Int64) {
        (self.rate, self.burst) = (rate, burst)
    }

    /// Reads `{rate, burst}`, or `off`, which a `rate` of `off` or 0 and nothing at all mean as well; nil for no limit.
    ///
    /// A rate without a burst allows two seconds' worth at once.
    static func read(_ name: String, of reader: inout FieldReader) throws(FieldError) -> RequestRate? {
        guard let value = reader.take(name) else { return nil }
        if value.stringValue == "off" { return nil }
        var limit = try FieldReader(value, path: reader.path.member(name))
        let rate = limit.take("rate")
        let burst = try limit.optionalInteger("burst", in: range)
        try limit.finish()
        switch rate {
        case nil:
            throw limit.failure("rate", .missing)
        case .string("off"), .integer(0):
            return nil
        case .integer(let number) where range.contains(number):
            return RequestRate(rate: number, burst: burst ?? min(number * 2, range.upperBound))
        default:
            throw limit.failure("rate", .invalid(rule: rule))
        }
    }
}
