/// Strict percent decoding (RFC 3986 §2.1): two hexadecimal digits after each `%`, valid UTF-8, no NUL.
package enum PercentEncoding {
    /// Decodes one component; with `plusIsSpace` it follows application/x-www-form-urlencoded.
    package static func decode(
        _ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false
    ) throws(HTTPSyntaxError) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return try text(bytes)
        }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: output.append(0x20)
            case UInt8(ascii: "%"):
                guard let first = rest.popFirst(), let high = ASCII.hexValue(first) else { throw .invalidEscape }
                guard let second = rest.popFirst(), let low = ASCII.hexValue(second) else { throw .invalidEscape }
                output.append(high << 4 | low)
            default: output.append(byte)
            }
        }
        return try text(output[...])
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> String {
        guard !bytes.contains(0) else { throw .forbiddenCharacter }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidUTF8 }
        return text
    }
}
