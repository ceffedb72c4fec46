import MayflyLedger

/// A segment's header and a bundle have one spelling each, and say nothing past their bounds.
enum SegmentCheck {
    static func run(_ bytes: [UInt8]) {
        if let header = try? SegmentHeader.parse(bytes) {
            require(header.encoded() == bytes, "a header is written as it was read")
            require(bytes.count <= SegmentHeader.maximumLength, "a header is bounded")
            require(header.first % 256 == 0, "a segment begins with a tile")
            require((1...SegmentHeader.maximumTiles).contains(header.tiles.count), "tiles are bounded")
            require(
                header.tiles.allSatisfy { Int($0.bundleLength) <= EntryBundle.maximumBytes }, "inflating is bounded")
            require(header.frameOffset(0) == bytes.count, "the first frame follows the header")
            require(header.fileLength > bytes.count, "a file is longer than its header")
        }
        guard let entries = try? EntryBundle.parse(bytes) else { return }
        require(entries.count == EntryBundle.count, "a bundle is a whole tile")
        require((try? EntryBundle.encode(entries)) == bytes, "a bundle is written as it was read")
    }
}
