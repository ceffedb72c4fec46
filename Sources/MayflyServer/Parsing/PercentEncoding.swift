/// Strict percent decoding (RFC 3986 §2.1): two hexadecimal digits after each `%`, valid UTF-8, no NUL, and no raw
/// control character.
package enum PercentEncoding {
    /// Decodes one component; with `plusIsSpace` it follows application/x-www-form-urlencoded.
    package static func decode(
        _ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false
    ) throws(HTTPSyntaxError) -> String {
        String(decoding: try decodedBytes(bytes, plusIsSpace: plusIsSpace), as: UTF8.self)
    }

    /// The decoded bytes, which are valid UTF-8; most components are plain and come back as they are.
    static func decodedBytes(
        _ bytes: ArraySlice<UInt8>, plusIsSpace: Bool
    ) throws(HTTPSyntaxError) -> ArraySlice<UInt8> {
        if ByteScan.isPlain(bytes.span) { return bytes }
        guard !ByteScan.hasControl(bytes.span) else { throw .forbiddenCharacter }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var isASCII = true
        var index = bytes.startIndex
        while index < bytes.endIndex {
            var byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - index >= 2, let high = ASCII.hexValue(bytes[index]),
                    let low = ASCII.hexValue(bytes[index + 1])
                else { throw .invalidEscape }
                byte = high << 4 | low
                index += 2
                guard byte != 0 else { throw .forbiddenCharacter }
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                byte = 0x20
            }
            isASCII = isASCII && byte < 0x80
            output.append(byte)
        }
        guard isASCII || String(validating: output, as: UTF8.self) != nil else { throw .invalidUTF8 }
        return output[...]
    }
}
