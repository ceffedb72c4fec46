internal import MayflyCrypto

/// Computes the roots that one proof needs from tiles, rows of at most 256 stored hashes, and reads each tile once.
struct TileReader<Source: SubtreeSource> {
    private struct Tile: Hashable {
        let level: Int
        let index: UInt64
    }

    private let source: Source
    private let size: UInt64
    private var tiles: [Tile: [SHA256Digest]] = [:]

    /// `size` is the number of leaves that the source holds.
    init(source: Source, size: UInt64) {
        self.source = source
        self.size = size
    }

    /// MTH of these leaves (RFC 9162 §2.1.1); the lower bound must be a place where the tree is split.
    mutating func root(of leaves: Range<UInt64>) throws(LedgerError) -> SHA256Digest {
        var parts: [SHA256Digest] = []
        var start = leaves.lowerBound
        while start < leaves.upperBound {
            let height = UInt64.bitWidth - 1 - (leaves.upperBound - start).leadingZeroBitCount
            parts.append(try completeSubtree(height: height, index: start >> UInt64(height)))
            start += 1 << UInt64(height)
        }
        return LedgerHash.root(ofFallingSubtrees: parts)
    }

    /// The root of the `index`th complete subtree of 2^`height` leaves.
    private mutating func completeSubtree(height: Int, index: UInt64) throws(LedgerError) -> SHA256Digest {
        let level = height / SubtreeLevel.bits
        let count = 1 << (height % SubtreeLevel.bits)
        let first = index << UInt64(height % SubtreeLevel.bits)
        let tile = try hashes(of: Tile(level: level, index: first / SubtreeLevel.width))
        let offset = Int(first % SubtreeLevel.width)
        guard offset + count <= tile.count else { throw .missingHashes(level: level, index: first) }

        var row = Array(tile[offset..<offset + count])
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { LedgerHash.node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }

    private mutating func hashes(of tile: Tile) throws(LedgerError) -> [SHA256Digest] {
        if let known = tiles[tile] { return known }
        let nodes = size >> UInt64(tile.level * SubtreeLevel.bits)
        let lower = tile.index * SubtreeLevel.width
        guard lower < nodes else { throw .missingHashes(level: tile.level, index: lower) }
        let range = lower..<(lower + min(SubtreeLevel.width, nodes - lower))
        let hashes = try source.subtreeHashes(level: tile.level, in: range)
        guard hashes.count == range.count else {
            throw .missingHashes(level: tile.level, index: lower + UInt64(min(hashes.count, range.count)))
        }
        tiles[tile] = hashes
        return hashes
    }
}
