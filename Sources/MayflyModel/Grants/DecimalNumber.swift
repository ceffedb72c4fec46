/// A decimal number from 0 up, exact, of at most 18 digits; floating point never touches it.
///
/// Kept as its two halves, the second counted in 10⁻¹⁷, so that equal numbers are equal values (`1.50` is `1.5`) and
/// comparing needs no arithmetic that could overflow.
package struct DecimalNumber: Hashable, Comparable, Sendable {
    /// Digits as written, before and after the point together.
    package static let maximumDigits = 18
    private static let fractionDigits = maximumDigits - 1

    /// Below 10¹⁸.
    let whole: Int64
    /// Below 10¹⁷.
    let fraction: Int64

    /// For sums and differences, which stay in both ranges.
    init(whole: Int64, fraction: Int64) {
        (self.whole, self.fraction) = (whole, fraction)
    }

    /// Takes `12` or `12.50`: no sign, exponent, superfluous leading zero or bare point.
    package init?(_ text: String) {
        self.init(text, maximumDigits: Self.maximumDigits)
    }

    /// Reads what `text` writes of a sum or a difference, each half of which has as many digits as it can hold.
    package static func readingSum(_ text: String) -> DecimalNumber? {
        DecimalNumber(text, maximumDigits: maximumDigits + fractionDigits)
    }

    private init?(_ text: String, maximumDigits: Int) {
        guard text.utf8.count <= maximumDigits + 1 else { return nil }
        let halves = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = halves.first, Self.isDigits(whole) else { return nil }
        guard whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
        var fraction = ""
        if halves.count == 2 {
            guard Self.isDigits(halves[1]) else { return nil }
            fraction = String(Substring(halves[1]))
        }
        guard whole.count <= Self.maximumDigits, fraction.utf8.count <= Self.fractionDigits,
            whole.count + fraction.utf8.count <= maximumDigits
        else { return nil }
        let padding = String(repeating: "0", count: Self.fractionDigits - fraction.utf8.count)
        guard let whole = Int64(String(Substring(whole))), let fraction = Int64(fraction + padding) else { return nil }
        self.whole = whole
        self.fraction = fraction
    }

    /// The canonical spelling: no zeros at the end, and no point unless digits follow.
    package var text: String {
        guard fraction > 0 else { return String(whole) }
        let digits = String(fraction)
        let padded = String(repeating: "0", count: Self.fractionDigits - digits.utf8.count) + digits
        let lastNonZero = padded.lastIndex { $0 != "0" } ?? padded.startIndex
        return "\(whole).\(padded[...lastNonZero])"
    }

    /// The number as two numbers whose lexicographic order is its own.
    var halves: [Int64] { [whole, fraction] }

    package static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        (left.whole, left.fraction) < (right.whole, right.fraction)
    }

    private static func isDigits(_ bytes: Substring.UTF8View) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
