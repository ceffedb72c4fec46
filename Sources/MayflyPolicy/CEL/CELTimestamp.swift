package import MayflyModel

/// A moment from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, to the nanosecond.
package struct CELTimestamp: Hashable, Comparable, Sendable {
    private static let earliestSecond: Int64 = -62_135_596_800
    private static let latestSecond: Int64 = 253_402_300_799

    /// Since 1970-01-01T00:00:00Z, rounded down.
    package let seconds: Int64
    /// After `seconds`, from 0 to 999,999,999.
    package let nanoseconds: Int32

    /// Nil outside the range.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard (Self.earliestSecond...Self.latestSecond).contains(seconds), (0..<1_000_000_000).contains(nanoseconds)
        else { return nil }
        (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
    }

    /// Nil outside the range.
    package init?(_ moment: Timestamp) {
        let (seconds, rest) = CELDuration.flooredDivision(Int128(moment.milliseconds), by: 1000)
        self.init(seconds: seconds, nanoseconds: Int32(truncatingIfNeeded: rest * 1_000_000))
    }

    /// Since 1970-01-01T00:00:00Z; nil outside the range.
    init?(totalNanoseconds: Int128) {
        let (seconds, rest) = CELDuration.flooredDivision(totalNanoseconds, by: 1_000_000_000)
        self.init(seconds: seconds, nanoseconds: Int32(truncatingIfNeeded: rest))
    }

    var totalNanoseconds: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    /// Reads RFC 3339 as `RFC3339` does, keeping all nine digits of a fraction.
    package init?(text: String) {
        guard let moment = RFC3339.parse(text) else { return nil }
        var nanoseconds: Int32 = 0
        let afterSeconds = text.utf8.dropFirst("2026-01-01T00:00:00".utf8.count)
        if afterSeconds.first == UInt8(ascii: ".") {
            var weight: Int32 = 100_000_000
            for byte in afterSeconds.dropFirst() {
                guard let digit = CELCharacter.digit(byte) else { break }
                nanoseconds += Int32(digit) * weight
                weight /= 10
            }
        }
        self.init(seconds: moment.seconds, nanoseconds: nanoseconds)
    }

    /// RFC 3339 in UTC, with as many digits of a fraction as there are.
    package var text: String {
        let whole = RFC3339.format(Timestamp(seconds: seconds))
        return String(whole.dropLast(".000Z".count)) + CELDuration.fraction(nanoseconds) + "Z"
    }

    package static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    // MARK: Fields of the date and the time, in UTC

    private var secondOfDay: Int64 { CELDuration.flooredDivision(Int128(seconds), by: 86_400).remainder }
    private var daysSinceEpoch: Int64 { CELDuration.flooredDivision(Int128(seconds), by: 86_400).quotient }
    private var date: (year: Int64, month: Int64, day: Int64) {
        RFC3339.civilDate(daysSinceEpoch: daysSinceEpoch)
    }

    var year: Int64 { date.year }
    /// From 0, January.
    var month: Int64 { date.month - 1 }
    /// From 1.
    var day: Int64 { date.day }
    /// From 0, Sunday; 1970-01-01 was a Thursday.
    var dayOfWeek: Int64 { CELDuration.flooredDivision(Int128(daysSinceEpoch) + 4, by: 7).remainder }
    /// From 0.
    var dayOfYear: Int64 { daysSinceEpoch - RFC3339.daysSinceEpoch(year: date.year, month: 1, day: 1) }
    var hour: Int64 { secondOfDay / 3600 }
    var minute: Int64 { secondOfDay / 60 % 60 }
    var second: Int64 { secondOfDay % 60 }
    var millisecond: Int64 { Int64(nanoseconds) / 1_000_000 }
}
