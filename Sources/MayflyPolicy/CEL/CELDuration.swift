/// A span of time to the nanosecond, up to 315,576,000,000 seconds, about 10,000 years, either way.
package struct CELDuration: Hashable, Comparable, Sendable {
    private static let longest: Int128 = 315_576_000_000 * 1_000_000_000

    /// Rounded down.
    package let seconds: Int64
    /// After `seconds`, from 0 to 999,999,999.
    package let nanoseconds: Int32

    /// Nil outside the range.
    init?(totalNanoseconds: Int128) {
        guard (-Self.longest...Self.longest).contains(totalNanoseconds) else { return nil }
        let (seconds, rest) = Self.flooredDivision(totalNanoseconds, by: 1_000_000_000)
        (self.seconds, nanoseconds) = (seconds, Int32(truncatingIfNeeded: rest))
    }

    /// Nil outside the range.
    package init?(seconds: Int64) {
        self.init(totalNanoseconds: Int128(seconds) * 1_000_000_000)
    }

    var totalNanoseconds: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    package static func < (left: CELDuration, right: CELDuration) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Seconds with as many digits of a fraction as there are, for example `-1.5s`.
    package var text: String {
        let (seconds, rest) = totalNanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        return (self.seconds < 0 ? "-" : "") + "\(seconds)" + Self.fraction(Int32(truncatingIfNeeded: rest)) + "s"
    }

    // MARK: The whole of it in one unit, rounded towards zero

    var wholeHours: Int64 { whole(3_600_000_000_000) }
    var wholeMinutes: Int64 { whole(60_000_000_000) }
    var wholeSeconds: Int64 { whole(1_000_000_000) }
    /// Only the part below one second.
    var milliseconds: Int64 { whole(1_000_000) % 1000 }

    private func whole(_ unit: Int128) -> Int64 { Int64(truncatingIfNeeded: totalNanoseconds / unit) }

    // MARK: Text

    /// A point and the digits of a fraction of a second without the zeros at its end; empty for none.
    static func fraction(_ nanoseconds: Int32) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return "." + digits
    }

    /// Rounds the quotient down and so leaves a remainder from 0 to `divisor` - 1.
    ///
    /// Every caller divides something that came from 64 bits of seconds or less, so the quotient fits; were it not to,
    /// the ranges checked by the initialisers would refuse what is left of it.
    static func flooredDivision(_ number: Int128, by divisor: Int128) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        let isBelow = remainder < 0
        return (
            Int64(clamping: isBelow ? quotient - 1 : quotient),
            Int64(truncatingIfNeeded: isBelow ? remainder + divisor : remainder)
        )
    }
}
