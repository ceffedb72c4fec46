@testable import MayflyServer

/// A path that was accepted is read in one way, here and by the router.
enum OriginalPathCheck {
    static func run(_ bytes: [UInt8]) {
        guard let uri = String(validating: bytes, as: UTF8.self), let segments = OriginalPath.segments(of: uri) else {
            return
        }
        require(bytes.count <= OriginalPath.maximumLength, "a path is bounded")
        for segment in segments {
            require(!segment.isEmpty && !segment.isExactly(".") && !segment.isExactly(".."), "no segment leads up")
            require(segment.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }, "no control character gets in")
            require(!segment.utf8.contains { "/\\%;".utf8.contains($0) }, "nothing is left to decode")
        }
        let encoded = "/" + segments.map(\.percentEncoded).joined(separator: "/")
        if encoded.utf8.count <= OriginalPath.maximumLength {
            require(OriginalPath.segments(of: encoded) == segments, "segments survive being encoded")
        }
        // The router's reader accepts other characters, but where both accept they must agree.
        guard let target = try? RequestTarget.parse(bytes) else { return }
        let routed = target.segments.last == "" ? Array(target.segments.dropLast()) : target.segments
        require(routed.elementsEqual(segments) { $0.isExactly($1) }, "two readers of a path agree")
    }
}
