/// The target of a request line (RFC 9112 §3.2): origin form, or absolute form with its origin dropped.
package struct RequestTarget: Equatable, Sendable {
    /// Bytes of a whole target.
    package static let maximumLength = 4096
    /// Segments of one path.
    package static let maximumSegments = 32

    /// The path as it was sent, escapes kept.
    package let path: String
    /// The decoded segments; the path `/` has none, and a trailing slash leaves an empty last one.
    package let segments: [String]
    /// The decoded query.
    package let query: FormFields

    /// Reads `bytes`.
    ///
    /// Characters outside RFC 3986, fragments, and the segments `.` and `..` in any spelling are refused: a proxy in
    /// front may resolve those before it applies its own rules, and then it judged another path.
    package static func parse(_ bytes: [UInt8]) throws(HTTPSyntaxError) -> RequestTarget {
        guard bytes.count <= maximumLength else { throw .targetTooLong }
        guard bytes.allSatisfy(isTargetCharacter) else { throw .invalidTarget }
        let local = try withoutOrigin(bytes[...])
        let mark = local.firstIndex(of: UInt8(ascii: "?")) ?? local.endIndex
        let path = local[local.startIndex..<mark]
        let query = mark < local.endIndex ? local[(mark + 1)...] : []
        return RequestTarget(
            path: path.isEmpty ? "/" : String(decoding: path, as: UTF8.self),
            segments: try segments(path),
            query: try FormParser.parse(query))
    }

    private static func withoutOrigin(_ bytes: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> ArraySlice<UInt8> {
        if bytes.first == UInt8(ascii: "/") { return bytes }
        for scheme in ["http://", "https://"] {
            guard ASCII.equalIgnoringCase(bytes.prefix(scheme.utf8.count), scheme.utf8) else { continue }
            let rest = bytes.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard end > rest.startIndex else { throw .invalidTarget }
            return rest[end...]
        }
        throw .invalidTarget
    }

    private static func segments(_ path: ArraySlice<UInt8>) throws(HTTPSyntaxError) -> [String] {
        guard path.count > 1 else { return [] }
        var segments: [String] = []
        segments.reserveCapacity(6)
        var start = path.startIndex + 1
        while true {
            guard segments.count < maximumSegments else { throw .invalidTarget }
            let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
            let segment = try PercentEncoding.decode(path[start..<end])
            guard segment != ".", segment != ".." else { throw .invalidTarget }
            segments.append(segment)
            guard end < path.endIndex else { return segments }
            start = end + 1
        }
    }

    private static func isTargetCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x24...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E: true
        default: false
        }
    }
}
