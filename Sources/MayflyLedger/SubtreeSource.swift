package import MayflyCrypto

/// Where a tree's stored hashes are read; the broker's store stands behind it.
package protocol SubtreeSource {
    /// Hashes of one level, ascending: level 0 is leaf hashes, level n the roots of complete subtrees of 256ⁿ leaves.
    ///
    /// `range` counts nodes of that level, 256 at most, and lies within the tree. An implementation reports its own
    /// failure as `.source`.
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(LedgerError) -> [SHA256Digest]
}
