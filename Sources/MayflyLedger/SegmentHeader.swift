package import MayflyCrypto

/// The beginning of an archived part of a ledger: what it holds, and where.
///
/// See `docs/archive-format.md`.
package struct SegmentHeader: Equatable, Sendable {
    /// One full tile of 256 entries.
    package struct Tile: Equatable, Sendable {
        /// The root over the leaf hashes of its entries.
        package let root: SHA256Digest
        /// SHA-256 over its compressed frame.
        package let frameDigest: SHA256Digest
        /// Bytes of the frame, and of the bundle that comes out of it.
        package let frameLength: UInt32
        package let bundleLength: UInt32

        package init(root: SHA256Digest, frameDigest: SHA256Digest, frameLength: UInt32, bundleLength: UInt32) {
            self.root = root
            self.frameDigest = frameDigest
            self.frameLength = frameLength
            self.bundleLength = bundleLength
        }

        static let byteCount = 2 * SHA256Digest.byteCount + 8
    }

    /// Format and version, 16 bytes.
    private static let magic = Array("mayfly ledger 1\n".utf8)
    /// Magic, and the header's own length.
    package static let prefixLength = magic.count + 4
    /// Tiles of one segment.
    package static let maximumTiles = 256
    private static let maximumOrigin = 255
    private static let fixedLength = prefixLength + 8 + 2 + 2 + SHA256Digest.byteCount
    package static let maximumLength = fixedLength + maximumOrigin + maximumTiles * Tile.byteCount

    /// The ledger's name, as in its checkpoints.
    package let origin: String
    /// Index of the first entry.
    package let first: UInt64
    package let tiles: [Tile]

    /// Throws `.malformedSegment` for what no header can say.
    package init(origin: String, first: UInt64, tiles: [Tile]) throws(LedgerError) {
        guard TextFields.isLine(origin), origin.utf8.count <= Self.maximumOrigin,
            (1...Self.maximumTiles).contains(tiles.count),
            first % UInt64(EntryBundle.count) == 0, first <= MerkleFrontier.maximumSize,
            tiles.allSatisfy({ (1...EntryBundle.maximumBytes).contains(Int($0.bundleLength)) && $0.frameLength > 0 })
        else { throw .malformedSegment }
        self.origin = origin
        self.first = first
        self.tiles = tiles
    }

    /// How many entries the segment holds.
    package var count: UInt64 { UInt64(tiles.count * EntryBundle.count) }

    /// How many bytes the header has.
    package var length: Int { Self.fixedLength + origin.utf8.count + tiles.count * Tile.byteCount }

    /// Where the frame of tile `number` begins in the file; nil for one that is not there.
    package func frameOffset(_ number: Int) -> Int? {
        guard tiles.indices.contains(number) else { return nil }
        return tiles[..<number].reduce(length) { $0 + Int($1.frameLength) }
    }

    /// How long the whole file is.
    package var fileLength: Int { tiles.reduce(length) { $0 + Int($1.frameLength) } }

    package func encoded() -> [UInt8] {
        var output = Self.magic
        func number<N: FixedWidthInteger>(_ value: N) {
            for shift in stride(from: N.bitWidth - 8, through: 0, by: -8) {
                output.append(UInt8(truncatingIfNeeded: value >> N(shift)))
            }
        }
        number(UInt32(length))
        number(first)
        number(UInt16(tiles.count))
        number(UInt16(origin.utf8.count))
        output += Array(origin.utf8)
        for tile in tiles {
            output += tile.root.bytes
            output += tile.frameDigest.bytes
            number(tile.frameLength)
            number(tile.bundleLength)
        }
        return output + SHA256.digest(of: output).bytes
    }

    /// The length that the first `prefixLength` bytes of a file announce; throws `.malformedSegment`.
    package static func announcedLength(_ prefix: [UInt8]) throws(LedgerError) -> Int {
        guard prefix.count >= prefixLength, prefix.starts(with: magic) else { throw .malformedSegment }
        let length = prefix[magic.count..<prefixLength].reduce(0) { $0 << 8 | Int($1) }
        guard (fixedLength...maximumLength).contains(length) else { throw .malformedSegment }
        return length
    }

    /// Reads exactly one header; throws `.malformedSegment`, also when a bit of it was changed.
    package static func parse(_ bytes: [UInt8]) throws(LedgerError) -> SegmentHeader {
        guard try announcedLength(bytes) == bytes.count else { throw .malformedSegment }
        let body = bytes.dropLast(SHA256Digest.byteCount)
        guard SHA256.digest(of: Array(body)).bytes == Array(bytes.suffix(SHA256Digest.byteCount)) else {
            throw .malformedSegment
        }
        var rest = body[prefixLength...]
        func take(_ count: Int) throws(LedgerError) -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw .malformedSegment }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number(_ count: Int) throws(LedgerError) -> UInt64 { try take(count).reduce(0) { $0 << 8 | UInt64($1) } }
        func digest() throws(LedgerError) -> SHA256Digest {
            guard let digest = SHA256Digest(bytes: try take(SHA256Digest.byteCount)) else { throw .malformedSegment }
            return digest
        }
        let first = try number(8)
        let count = try number(2)
        let originLength = Int(try number(2))
        guard let origin = TextFields.text(try take(originLength)) else { throw .malformedSegment }
        var tiles: [Tile] = []
        for _ in 0..<count {
            tiles.append(
                Tile(
                    root: try digest(), frameDigest: try digest(),
                    frameLength: UInt32(truncatingIfNeeded: try number(4)),
                    bundleLength: UInt32(truncatingIfNeeded: try number(4))))
        }
        guard rest.isEmpty else { throw .malformedSegment }
        return try SegmentHeader(origin: origin, first: first, tiles: tiles)
    }
}
