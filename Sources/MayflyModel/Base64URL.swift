/// base64url without padding (RFC 4648 §5, RFC 7515 §2), in the one spelling that has no second.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: encodedBytes(bytes), as: UTF8.self)
    }

    /// The encoding as ASCII bytes.
    package static func encodedBytes(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        // One dynamic call instead of one for each byte: this is not specialised across modules.
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { append(Span(_unsafeElements: $0), to: &output) }
        if isDone == nil { append(Array(bytes), to: &output) }
        return output
    }

    /// Appends the encoding of `bytes`, as ASCII.
    package static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        append(bytes.span, to: &output)
    }

    private static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        // Adding nothing to an empty array would write to the storage that all empty arrays share.
        guard !bytes.isEmpty else { return }
        let alphabet = Self.alphabet.span
        output.append(addingCapacity: (bytes.count * 4 + 2) / 3) { (output: inout OutputSpan<UInt8>) in
            func character(_ word: UInt32, _ shift: UInt32) -> UInt8 { alphabet[Int(word >> shift & 0x3F)] }
            var index = 0
            while bytes.count - index >= 3 {
                let word = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                output.append(character(word, 18))
                output.append(character(word, 12))
                output.append(character(word, 6))
                output.append(character(word, 0))
                index += 3
            }
            guard index < bytes.count else { return }
            let isPair = bytes.count - index == 2
            let word = UInt32(bytes[index]) << 16 | (isPair ? UInt32(bytes[index + 1]) << 8 : 0)
            output.append(character(word, 18))
            output.append(character(word, 12))
            if isPair { output.append(character(word, 6)) }
        }
    }

    /// The bytes that `text` stands for, or nil for padding, a foreign character, an impossible length or unused bits
    /// that are not zero: one value has one spelling, so a token cannot be respelled.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        decode(Array(text)[...])
    }

    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let values = Self.values.span
        let text = text.span
        guard text.count % 4 != 1 else { return nil }
        // The values of foreign characters have high bits, which stay in here.
        var seen: UInt8 = 0
        // What the last, incomplete group says beyond its bytes.
        var rest: UInt32 = 0
        let output = [UInt8](capacity: text.count * 3 / 4) { output in
            func value(_ index: Int) -> UInt32 {
                let value = values[Int(text[index])]
                seen |= value
                return UInt32(value & 0x3F)
            }
            var index = 0
            while text.count - index >= 4 {
                let word = value(index) << 18 | value(index + 1) << 12 | value(index + 2) << 6 | value(index + 3)
                output.append(UInt8(truncatingIfNeeded: word >> 16))
                output.append(UInt8(truncatingIfNeeded: word >> 8))
                output.append(UInt8(truncatingIfNeeded: word))
                index += 4
            }
            guard index < text.count else { return }
            let isTriple = text.count - index == 3
            rest = value(index) << 18 | value(index + 1) << 12 | (isTriple ? value(index + 2) << 6 : 0)
            output.append(UInt8(truncatingIfNeeded: rest >> 16))
            if isTriple { output.append(UInt8(truncatingIfNeeded: rest >> 8)) }
            rest &= isTriple ? 0xFF : 0xFFFF
        }
        guard rest == 0, seen & 0xC0 == 0 else { return nil }
        return output
    }

    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8))
    }
}
