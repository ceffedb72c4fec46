package import MayflyCrypto

/// Checks proofs against roots that the caller trusts; needs no tree.
package enum MerkleProof {
    /// True when `path` proves that `leaf` is entry `index` of the tree of `size` leaves with `root`.
    ///
    /// RFC 9162 §2.1.3.2. False for a path that is too long or too short.
    package static func verifyInclusion(
        leaf: SHA256Digest, index: UInt64, size: UInt64, path: [SHA256Digest], root: SHA256Digest
    ) -> Bool {
        guard index < size else { return false }
        var node = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last != 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = LedgerHash.node(sibling, hash)
                skipMissingSiblings(&node, &last)
            } else {
                hash = LedgerHash.node(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// True when `path` proves that the tree of `first` leaves is the beginning of that of `second` leaves.
    ///
    /// RFC 9162 §2.1.4.2. Equal sizes need equal roots and an empty path. Size 0 is refused: an empty tree begins every
    /// tree, so nothing would be proved.
    package static func verifyConsistency(
        from first: UInt64, firstRoot: SHA256Digest, to second: UInt64, secondRoot: SHA256Digest, path: [SHA256Digest]
    ) -> Bool {
        guard first > 0, first <= second else { return false }
        guard first < second else { return path.isEmpty && firstRoot == secondRoot }
        guard let start = path.first else { return false }

        var node = first - 1
        var last = second - 1
        let completed = (~node).trailingZeroBitCount
        node >>= UInt64(completed)
        last >>= UInt64(completed)

        // A `first` that is a power of two is one subtree of the second tree, so the path leaves its root out.
        let isWholeSubtree = first.nonzeroBitCount == 1
        var firstHash = isWholeSubtree ? firstRoot : start
        var secondHash = firstHash
        for sibling in isWholeSubtree ? path[...] : path.dropFirst() {
            guard last != 0 else { return false }
            if node & 1 == 1 || node == last {
                firstHash = LedgerHash.node(sibling, firstHash)
                secondHash = LedgerHash.node(sibling, secondHash)
                skipMissingSiblings(&node, &last)
            } else {
                secondHash = LedgerHash.node(secondHash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && firstHash == firstRoot && secondHash == secondRoot
    }

    /// Climbs past the levels on which a node at the right edge has no sibling, until it is a right child or the root.
    private static func skipMissingSiblings(_ node: inout UInt64, _ last: inout UInt64) {
        while node & 1 == 0 && node != 0 {
            node >>= 1
            last >>= 1
        }
    }
}
