package import MayflyCrypto

/// The right edge of a growing tree: the roots of its complete subtrees, all that an append needs to know.
///
/// It holds one hash for each bit that is set in `size`, so 64 at most.
package struct MerkleFrontier: Equatable, Sendable {
    /// No ledger comes near this; it keeps every sum below within 64 bits.
    package static let maximumSize: UInt64 = 1 << 62

    /// How many leaves the tree has.
    package private(set) var size: UInt64
    /// The roots of the complete subtrees from the left, largest first.
    package private(set) var hashes: [SHA256Digest]

    /// The empty tree.
    package init() {
        size = 0
        hashes = []
    }

    /// Takes up a stored edge; throws `.invalidFrontier` unless there is one hash for each bit set in `size`.
    package init(size: UInt64, hashes: [SHA256Digest]) throws(LedgerError) {
        guard size <= Self.maximumSize, hashes.count == size.nonzeroBitCount else { throw .invalidFrontier }
        self.size = size
        self.hashes = hashes
    }

    /// The root of the whole tree, RFC 9162 §2.1.1.
    package var root: SHA256Digest {
        LedgerHash.root(ofFallingSubtrees: hashes)
    }

    /// Adds one leaf at index `size`; answers each subtree of exactly 256ⁿ leaves, n ≥ 1, that it completes.
    package mutating func append(_ leaf: SHA256Digest) -> [CompletedSubtree] {
        var completed: [CompletedSubtree] = []
        var hash = leaf
        let merges = (~size).trailingZeroBitCount
        size += 1
        for height in 1..<(merges + 1) {
            hash = LedgerHash.node(hashes.removeLast(), hash)
            if height % SubtreeLevel.bits == 0 {
                let level = height / SubtreeLevel.bits
                completed.append(CompletedSubtree(level: level, index: (size >> UInt64(height)) - 1, hash: hash))
            }
        }
        hashes.append(hash)
        return completed
    }
}

/// The root of a subtree of exactly 256ⁿ leaves, to be stored once and never changed.
package struct CompletedSubtree: Equatable, Sendable {
    /// n, at least 1.
    package let level: Int
    /// Counts subtrees of this level from the left.
    package let index: UInt64
    package let hash: SHA256Digest

    package init(level: Int, index: UInt64, hash: SHA256Digest) {
        self.level = level
        self.index = index
        self.hash = hash
    }
}

/// How the tree is cut into stored levels.
enum SubtreeLevel {
    /// Each stored level stands 2⁸ = 256 times higher than the one below.
    static let bits = 8
    static let width: UInt64 = 1 << 8
}
