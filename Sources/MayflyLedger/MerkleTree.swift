package import MayflyCrypto

/// Reads roots and proofs of a stored tree, at its present size and at every smaller one.
///
/// A proof reads at most three tiles of up to 256 hashes on each stored level, whatever the size of the tree.
package struct MerkleTree<Source: SubtreeSource> {
    private let source: Source
    /// How many leaves the source holds.
    package let size: UInt64

    package init(source: Source, size: UInt64) {
        self.source = source
        self.size = size
    }

    /// The root over all leaves.
    package func root() throws(LedgerError) -> SHA256Digest {
        try root(size: size)
    }

    /// The root that the tree had at `treeSize` leaves; throws `.outOfRange` beyond the present size.
    package func root(size treeSize: UInt64) throws(LedgerError) -> SHA256Digest {
        guard treeSize <= size else { throw .outOfRange(size: size) }
        var reader = TileReader(source: source, size: size)
        return try reader.root(of: 0..<treeSize)
    }

    /// PATH(`index`, D[`treeSize`]) of RFC 9162 §2.1.3.1, the leaf's sibling first.
    package func inclusionProof(of index: UInt64, size treeSize: UInt64) throws(LedgerError) -> [SHA256Digest] {
        guard treeSize <= size, index < treeSize else { throw .outOfRange(size: size) }
        var reader = TileReader(source: source, size: size)
        var path: [SHA256Digest] = []
        var lower: UInt64 = 0
        var upper = treeSize
        while upper - lower > 1 {
            let middle = Self.split(lower..<upper)
            if index < middle {
                path.append(try reader.root(of: middle..<upper))
                upper = middle
            } else {
                path.append(try reader.root(of: lower..<middle))
                lower = middle
            }
        }
        return path.reversed()
    }

    /// PROOF(`first`, D[`second`]) of RFC 9162 §2.1.4.1: that the tree of `second` leaves begins with that of `first`.
    ///
    /// Empty for equal sizes; throws `.outOfRange` when `first` is 0 or more than `second`, or `second` is too large.
    package func consistencyProof(from first: UInt64, to second: UInt64) throws(LedgerError) -> [SHA256Digest] {
        guard first > 0, first <= second, second <= size else { throw .outOfRange(size: size) }
        var reader = TileReader(source: source, size: size)
        var path: [SHA256Digest] = []
        var lower: UInt64 = 0
        var upper = second
        while first < upper {
            let middle = Self.split(lower..<upper)
            if first <= middle {
                path.append(try reader.root(of: middle..<upper))
                upper = middle
            } else {
                path.append(try reader.root(of: lower..<middle))
                lower = middle
            }
        }
        // At 0 the subtree is the whole older tree, whose root the verifier has already.
        if lower > 0 { path.append(try reader.root(of: lower..<upper)) }
        return path.reversed()
    }

    /// Where a tree over these two or more leaves is cut: at the largest power of two below their number.
    private static func split(_ leaves: Range<UInt64>) -> UInt64 {
        let last = leaves.upperBound - leaves.lowerBound - 1
        return leaves.lowerBound + (1 << UInt64(UInt64.bitWidth - 1 - last.leadingZeroBitCount))
    }
}
