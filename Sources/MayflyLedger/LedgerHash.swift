package import MayflyCrypto

/// The two hashes of the Merkle tree (RFC 9162 §2.1.1), with prefixes so that a leaf is never taken for a node.
package enum LedgerHash {
    /// The root of a tree without leaves: SHA-256 of nothing.
    package static let emptyRoot = SHA256.digest(of: [])

    /// SHA-256(0x00 ‖ `bytes`).
    package static func leaf(_ bytes: [UInt8]) -> SHA256Digest {
        SHA256.digest(0x00, bytes)
    }

    /// SHA-256(0x01 ‖ `left` ‖ `right`).
    package static func node(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        SHA256.digest(0x01, left, right)
    }

    /// The root over complete subtrees of falling height, largest first; `emptyRoot` for none.
    static func root(ofFallingSubtrees hashes: some BidirectionalCollection<SHA256Digest>) -> SHA256Digest {
        guard var root = hashes.last else { return emptyRoot }
        for left in hashes.dropLast().reversed() { root = node(left, root) }
        return root
    }
}
