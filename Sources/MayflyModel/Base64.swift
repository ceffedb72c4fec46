/// base64 with padding (RFC 4648 §4), in the one spelling that has no second.
package enum Base64 {
    private static let pad = UInt8(ascii: "=")

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var output = Base64URL.encodedBytes(bytes).map { (character: UInt8) -> UInt8 in
            switch character {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: character
            }
        }
        while output.count % 4 != 0 { output.append(pad) }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes that `text` stands for, or nil for missing or excess padding, a foreign character (line breaks too),
    /// or unused bits that are not zero.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var characters = Array(text)
        for _ in 0..<2 where characters.last == pad { characters.removeLast() }
        for index in characters.indices {
            switch characters[index] {
            case UInt8(ascii: "+"): characters[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): characters[index] = UInt8(ascii: "_")
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            default: break
            }
        }
        return Base64URL.decode(characters)
    }

    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8))
    }
}
