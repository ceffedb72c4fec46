/// The path that a proxy forwards, in the one reading that proxy, tool and broker share.
enum OriginalPath {
    static let maximumLength = 4096

    /// The decoded segments, or nil for a path that two programs could read differently: encoded slashes, dots or
    /// control characters, `.` and `..` segments, empty segments, backslashes, a fragment, which no request line has.
    static func segments(of uri: String) -> [String]? {
        guard uri.utf8.count <= maximumLength else { return nil }
        let path = uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard !path.contains(UInt8(ascii: "#")), path.first == UInt8(ascii: "/") else { return nil }
        if path.count == 1 { return [] }
        var segments: [String] = []
        let parts = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            // One trailing slash says nothing new.
            if part.isEmpty && index == parts.count - 1 { break }
            guard let bytes = decoded(Array(part)), !bytes.isEmpty,
                let text = String(validating: bytes, as: UTF8.self), text != ".", text != ".."
            else { return nil }
            segments.append(text)
        }
        return segments
    }

    private static func decoded(_ part: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        var rest = part[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard byte > 0x20, byte != 0x7F, byte != UInt8(ascii: "\\"), byte != UInt8(ascii: ";") else {
                    return nil
                }
                output.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hex), let low = rest.popFirst().flatMap(hex) else { return nil }
            let value = high << 4 | low
            guard value > 0x20, value != 0x7F, !"/\\.%;".utf8.contains(value) else { return nil }
            output.append(value)
        }
        return output
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
