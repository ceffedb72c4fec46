extension DecimalNumber {
    package static let zero = DecimalNumber(whole: 0, fraction: 0)

    /// 10¹⁷, the fraction that makes one.
    private static let one: Int64 = 100_000_000_000_000_000
    /// 10¹⁸, the first whole number with too many digits.
    private static let wholeEnd: Int64 = 1_000_000_000_000_000_000

    /// The exact sum; nil when it has more than 18 digits before the point.
    package func adding(_ other: DecimalNumber) -> DecimalNumber? {
        // Two fractions are below 2 × 10¹⁷ and two whole numbers below 2 × 10¹⁸: no sum passes 64 bits.
        let fractions = fraction + other.fraction
        let wholes = whole + other.whole + fractions / Self.one
        guard wholes < Self.wholeEnd else { return nil }
        return DecimalNumber(whole: wholes, fraction: fractions % Self.one)
    }

    /// The exact difference; nil when `other` is the larger.
    package func subtracting(_ other: DecimalNumber) -> DecimalNumber? {
        guard other <= self else { return nil }
        guard fraction < other.fraction else {
            return DecimalNumber(whole: whole - other.whole, fraction: fraction - other.fraction)
        }
        return DecimalNumber(whole: whole - other.whole - 1, fraction: fraction + Self.one - other.fraction)
    }
}
