import MayflyServer

/// A target that was read names one place, with no way up, and is read again from its parts.
enum RequestTargetCheck {
    static func run(_ bytes: [UInt8]) {
        guard let target = try? RequestTarget.parse(bytes) else { return }
        require(bytes.count <= RequestTarget.maximumLength, "a target is bounded")
        require(target.segments.count <= RequestTarget.maximumSegments, "segments are bounded")
        require(target.path.utf8.first == UInt8(ascii: "/"), "a path begins at the root")
        require(target.path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 }, "a path only")
        for segment in target.segments {
            require(!segment.isExactly(".") && !segment.isExactly(".."), "no segment leads up")
            require(!segment.utf8.contains(0), "no NUL gets in")
        }
        FormCheck.check(target.query)

        let same = require("a path is read again") { try RequestTarget.parse(Array(target.path.utf8)) }
        require(same.path == target.path && same.segments == target.segments, "a path survives being written")
        let encoded = "/" + target.segments.map(\.percentEncoded).joined(separator: "/")
        guard encoded.utf8.count <= RequestTarget.maximumLength else { return }
        let again = require("encoded segments are read again") { try RequestTarget.parse(Array(encoded.utf8)) }
        // A single empty segment is spelt as the root is.
        require(again.segments == target.segments || target.segments == [""], "segments survive being encoded")
    }
}
