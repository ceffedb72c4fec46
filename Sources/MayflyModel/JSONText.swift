/// Which bytes of a JSON text may stand in a string as they are (RFC 8259 §7), asked of eight at a time.
///
/// Nearly every string holds such bytes alone, and a token is some hundreds of them.
enum JSONText {
    /// The bytes up to the first quotation mark, backslash or control character, and whether all of them are ASCII.
    static func plainPrefix(of bytes: UnsafeRawBufferPointer) -> (count: Int, isASCII: Bool) {
        var index = 0
        var all: UInt64 = 0
        while bytes.count - index >= 8 {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special = marks(word)
            guard special == 0 else {
                // The lowest mark is that of the first such byte; the ones before it count.
                let before = special.trailingZeroBitCount & ~7
                return (index + before / 8, (all | word & (1 << before - 1)) & highBits == 0)
            }
            all |= word
            index += 8
        }
        while index < bytes.count, !isSpecial(bytes[index]) {
            all |= UInt64(bytes[index])
            index += 1
        }
        return (index, all & highBits == 0)
    }

    /// Whether none of the bytes need be escaped; DEL is, so that no output moves a terminal's cursor.
    static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        func isPlain(at index: Int) -> Bool {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            return marks(word) | zeros(word ^ 0x7F7F_7F7F_7F7F_7F7F) == 0
        }
        var index = 0
        while bytes.count - index >= 8 {
            guard isPlain(at: index) else { return false }
            index += 8
        }
        // The last eight once more, instead of what is left one by one.
        if bytes.count >= 8 { return isPlain(at: bytes.count - 8) }
        while index < bytes.count {
            guard !isSpecial(bytes[index]), bytes[index] != 0x7F else { return false }
            index += 1
        }
        return true
    }

    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// The high bit of each byte that is special, or of none; above the first such byte others may be marked too.
    private static func marks(_ word: UInt64) -> UInt64 {
        // A byte below 0x20 borrows from its own high bit; one that had the bit already is left out.
        let below = (word &- 0x2020_2020_2020_2020) & ~word & highBits
        return below | zeros(word ^ 0x2222_2222_2222_2222) | zeros(word ^ 0x5C5C_5C5C_5C5C_5C5C)
    }

    /// The high bit of the first byte that is zero, or none; those above it may be marked wrongly, by its borrow.
    private static func zeros(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & highBits
    }
}
