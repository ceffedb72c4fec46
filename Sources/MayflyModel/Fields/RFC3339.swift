/// Times as text, RFC 3339 §5.6, in the proleptic Gregorian calendar from year 0001 to 9999.
package enum RFC3339 {
    /// Bytes of `YYYY-MM-DD`.
    static let dateLength = 10

    private static let earliest: Int64 = -62_135_596_800_000
    private static let latest: Int64 = 253_402_300_799_999

    /// The moment that `text` names, or nil when it is not `YYYY-MM-DDThh:mm:ss`, perhaps `.` and 1 to 9 digits, then
    /// `Z` or `±hh:mm`, in capitals.
    ///
    /// Digits past milliseconds are dropped. A leap second (`:60`) is refused: `Timestamp` cannot hold one.
    package static func parse(_ text: String) -> Timestamp? {
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.number(digits: 4, in: 1...9999), scanner.skip("-"),
            let month = scanner.number(digits: 2, in: 1...12), scanner.skip("-"),
            let day = scanner.number(digits: 2, in: 1...daysInMonth(year: year, month: month)), scanner.skip("T"),
            let hour = scanner.number(digits: 2, in: 0...23), scanner.skip(":"),
            let minute = scanner.number(digits: 2, in: 0...59), scanner.skip(":"),
            let second = scanner.number(digits: 2, in: 0...59),
            let millisecond = scanner.fraction(),
            let offset = scanner.offset(), scanner.isAtEnd
        else { return nil }
        // Four-digit years keep every step far from the ends of 64 bits.
        let days = daysSinceEpoch(year: year, month: month, day: day)
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        let milliseconds = seconds * 1000 + millisecond
        guard (earliest...latest).contains(milliseconds) else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }

    /// Always `2026-11-21T02:31:24.000Z`; a moment outside years 0001 to 9999 prints as the nearest inside.
    package static func format(_ moment: Timestamp) -> String {
        let milliseconds = min(max(moment.milliseconds, earliest), latest)
        let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
        let date = civilDate(daysSinceEpoch: days)
        // Digits straight into bytes: each ledger entry holds one or two times.
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(date.year / 100, nil, to: &text)
        append(date.year % 100, "-", to: &text)
        append(date.month, "-", to: &text)
        append(date.day, "T", to: &text)
        append(rest / 3_600_000, ":", to: &text)
        append(rest / 60_000 % 60, ":", to: &text)
        append(rest / 1000 % 60, ".", to: &text)
        append(rest / 10 % 100, nil, to: &text)
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends two digits, and what follows them.
    private static func append(_ number: Int64, _ end: Unicode.Scalar?, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
        if let end { text.append(UInt8(ascii: end)) }
    }

    private static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Both directions count 400-year eras of 146097 days from 0000-03-01, so that a leap day ends its year.

    /// Days from 1970-01-01 to a date of the years 1 to 9999.
    package static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = (month > 2 ? year : year - 1).flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that lies so many days after 1970-01-01.
    package static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// Quotient rounded down and a remainder from 0 to `divisor` - 1; `divisor` is a positive constant.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Steps through the fixed fields of a time.
private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func digit() -> Int64? {
        guard let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        position += 1
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int, in range: ClosedRange<Int64>) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return range.contains(number) ? number : nil
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Milliseconds of the optional fraction.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        var milliseconds: Int64 = 0
        var weight: Int64 = 100
        for count in 0...9 {
            guard let digit = digit() else { return count > 0 ? milliseconds : nil }
            milliseconds += digit * weight
            weight /= 10
        }
        return nil
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z") { return 0 }
        let east = skip("+")
        guard east || skip("-"), let hours = number(digits: 2, in: 0...23), skip(":"),
            let minutes = number(digits: 2, in: 0...59)
        else { return nil }
        return (hours * 60 + minutes) * (east ? 1 : -1)
    }
}
