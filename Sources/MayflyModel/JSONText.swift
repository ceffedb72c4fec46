/// Which bytes of a JSON text may stand in a string as they are (RFC 8259 §7), asked of eight at a time.
///
/// Nearly every string holds such bytes alone, and a token is some hundreds of them.
enum JSONText {
    /// The bytes up to the first quotation mark, backslash or control character, and whether all of them are ASCII.
    static func plainPrefix(of bytes: UnsafeRawBufferPointer) -> (count: Int, isASCII: Bool) {
        var index = 0
        var all: UInt64 = 0
        while bytes.count - index >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard !hasSpecial(word) else { break }
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
        var index = 0
        while bytes.count - index >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard !hasSpecial(word), !hasZero(word ^ 0x7F7F_7F7F_7F7F_7F7F) else { return false }
            index += 8
        }
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

    private static func hasSpecial(_ word: UInt64) -> Bool {
        // A byte below 0x20 borrows from its own high bit; one that had the bit already is left out.
        let isBelow = (word &- 0x2020_2020_2020_2020) & ~word & highBits != 0
        return isBelow || hasZero(word ^ 0x2222_2222_2222_2222) || hasZero(word ^ 0x5C5C_5C5C_5C5C_5C5C)
    }

    /// Whether one of the eight bytes is zero: only the lowest such byte's borrow counts, and one is enough.
    private static func hasZero(_ word: UInt64) -> Bool {
        (word &- 0x0101_0101_0101_0101) & ~word & highBits != 0
    }
}
