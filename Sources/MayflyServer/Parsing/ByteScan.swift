internal import Glibc

/// Questions about a whole run of bytes, asked without leaving the loop early.
///
/// A header with a token in it is a thousand bytes; a loop that only gathers compiles to vector instructions, one that
/// stops at the first find does not.
enum ByteScan {
    /// Whether the bytes are those of `text`; never for secrets, since it stops at the first difference.
    static func equal(_ bytes: ArraySlice<UInt8>, _ text: String) -> Bool {
        guard bytes.count == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { right in
            unsafe bytes.withUnsafeBytes { left in
                guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
                return unsafe memcmp(leftStart, rightStart, left.count) == 0
            }
        }
    }

    /// Whether one of the bytes is a control character other than a tab; and whether one is outside ASCII.
    static func fieldValue(_ bytes: Swift.Span<UInt8>) -> (hasControl: Bool, hasHighBit: Bool) {
        var control: UInt8 = 0
        var all: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            control |= (byte < 0x20 ? 1 : 0) & (byte != 0x09 ? 1 : 0)
            control |= byte == 0x7F ? 1 : 0
            all |= byte
        }
        return (control != 0, all & 0x80 != 0)
    }

    /// Whether one of the bytes is a control character.
    static func hasControl(_ bytes: Swift.Span<UInt8>) -> Bool {
        var control: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            control |= byte < 0x20 ? 1 : 0
            control |= byte == 0x7F ? 1 : 0
        }
        return control != 0
    }

    /// Whether form decoding would leave the bytes as they are: no escape, no plus, no control, nothing outside ASCII.
    static func isPlain(_ bytes: Swift.Span<UInt8>) -> Bool {
        var other: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            // From the space to the tilde, and neither of the two that mean something else.
            let good: UInt8 = (byte &- 0x20 < 0x5F ? 1 : 0) & (byte != 0x25 ? 1 : 0) & (byte != 0x2B ? 1 : 0)
            other |= good ^ 1
        }
        return other == 0
    }

    /// Whether all are letters, digits or one of `- . _ ~ + /`, the body of a `b64token` (RFC 6750 §2.1).
    static func isToken68(_ bytes: Swift.Span<UInt8>) -> Bool {
        var other: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            var good: UInt8 = (byte | 0x20) &- 0x61 < 26 ? 1 : 0
            // Of the five characters from '+' to '/' the comma alone is not one.
            good |= (byte &- 0x2B < 15 ? 1 : 0) & (byte != 0x2C ? 1 : 0)
            good |= byte == 0x5F ? 1 : 0
            good |= byte == 0x7E ? 1 : 0
            other |= good ^ 1
        }
        return other == 0
    }
}
