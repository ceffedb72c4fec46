package import MayflyCrypto

/// Checks a whole ledger in one pass: that every entry is what was hashed, and that the log only grew.
///
/// Feed it the entries in order, from index 0; it keeps the right edge of the tree and nothing of the entries.
package struct LedgerVerifier: Sendable {
    /// What a ledger that passed is proved to be.
    package struct Result: Equatable, Sendable {
        /// How many entries were fed, and their root.
        package let size: UInt64
        package let root: SHA256Digest
        /// How many of them a checkpoint covers; those after have only been hashed.
        package let signedSize: UInt64
    }

    /// The tree over the entries so far.
    package private(set) var frontier = MerkleFrontier()
    /// By size, so that the next one is looked at once for each entry.
    private let checkpoints: [Checkpoint]
    private var reached = 0

    /// Takes the checkpoints, of one origin and with signatures verified (`Checkpoint.open`), that the ledger must
    /// pass through, in any order: the newest, and older ones kept elsewhere.
    ///
    /// Throws `.rootMismatch` for an empty checkpoint with a root that is not the empty tree's.
    package init(checkpoints: [Checkpoint]) throws(LedgerError) {
        self.checkpoints = checkpoints.sorted { $0.size < $1.size }
        try compareRoots()
    }

    /// Checks the next entry and adds it; answers the subtrees it completes, to compare with the stored ones.
    ///
    /// Throws `.entryAltered` when `bytes` do not hash to `leafHash`, and `.rootMismatch` at the first checkpoint that
    /// the entries so far do not give. The verifier is of no use after that.
    @discardableResult
    package mutating func add(_ bytes: [UInt8], leafHash: SHA256Digest) throws(LedgerError) -> [CompletedSubtree] {
        guard LedgerHash.leaf(bytes) == leafHash else { throw .entryAltered(index: frontier.size) }
        let completed = frontier.append(leafHash)
        try compareRoots()
        return completed
    }

    /// Ends the pass; throws `.entriesMissing` when a checkpoint was signed over more entries than came.
    package func finish() throws(LedgerError) -> Result {
        if let newest = checkpoints.last, newest.size > frontier.size {
            throw .entriesMissing(signed: newest.size, found: frontier.size)
        }
        return Result(size: frontier.size, root: frontier.root, signedSize: checkpoints.last?.size ?? 0)
    }

    private mutating func compareRoots() throws(LedgerError) {
        while reached < checkpoints.count, checkpoints[reached].size == frontier.size {
            guard checkpoints[reached].root == frontier.root else { throw .rootMismatch(size: frontier.size) }
            reached += 1
        }
    }
}
