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
        guard !output.contains(0) else { throw .forbiddenCharacter }
        guard String(validating: output, as: UTF8.self) != nil else { throw .invalidUTF8 }
        return output[...]
    }
}
