extension CELDuration {
    /// Digits of one number, before and after its point together; keeps every product inside 128 bits.
    private static let maximumDigits = 18

    /// Reads `0`, or a sign if need be and then numbers with units `h m s ms us ns`, for example `-1h30.5s`.
    ///
    /// Nil for anything else and outside the range. Digits past the nanosecond are dropped.
    package init?(text: String) {
        let bytes = Array(text.utf8)
        var position = 0
        var isNegative = false
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            position = 1
        }
        if bytes[position...].elementsEqual("0".utf8) {
            self.init(totalNanoseconds: 0)
            return
        }
        var total: Int128 = 0
        repeat {
            guard let part = Self.part(of: bytes, at: &position) else { return nil }
            total += part
            // Checked at each step, so that no length of text can carry the sum out of 128 bits.
            guard CELDuration(totalNanoseconds: total) != nil else { return nil }
        } while position < bytes.count
        self.init(totalNanoseconds: isNegative ? -total : total)
    }

    /// The nanoseconds of one number and its unit, or nil when there is none at `position`.
    private static func part(of bytes: [UInt8], at position: inout Int) -> Int128? {
        var number: Int128 = 0
        var scale: Int128 = 1
        var digits = 0
        var afterPoint = false
        while position < bytes.count {
            if let digit = CELCharacter.digit(bytes[position]) {
                guard digits < maximumDigits else { return nil }
                digits += 1
                number = number * 10 + Int128(digit)
                if afterPoint { scale *= 10 }
            } else if bytes[position] == UInt8(ascii: "."), !afterPoint {
                afterPoint = true
            } else {
                break
            }
            position += 1
        }
        guard digits > 0, let unit = unit(of: bytes, at: &position) else { return nil }
        return number * unit / scale
    }

    /// Nanoseconds of the unit at `position`.
    private static func unit(of bytes: [UInt8], at position: inout Int) -> Int128? {
        let rest = bytes[position...]
        // The longer name first: `m` begins `ms`.
        let units: [(name: StaticString, nanoseconds: Int128)] = [
            ("ms", 1_000_000), ("us", 1000), ("ns", 1), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
            ("s", 1_000_000_000),
        ]
        for unit in units where rest.starts(with: unit.name.description.utf8) {
            position += unit.name.utf8CodeUnitCount
            return unit.nanoseconds
        }
        return nil
    }
}
