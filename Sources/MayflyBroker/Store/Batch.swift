package import MayflyCrypto

/// The point that a store has reached.
package struct StoreHead: Equatable, Sendable {
    /// Counts changes to registry and revocations; grows with each.
    package var revision: UInt64
    /// How many entries the ledger holds.
    package var ledgerSize: UInt64
    /// The right edge of the Merkle tree, largest subtree first, as the ledger module needs it to append.
    package var frontier: [SHA256Digest]
    /// How many commits a shared store has had; 0 in one that a single broker has for itself.
    package var commits: UInt64

    package init(
        revision: UInt64 = 0, ledgerSize: UInt64 = 0, frontier: [SHA256Digest] = [], commits: UInt64 = 0
    ) {
        self.revision = revision
        self.ledgerSize = ledgerSize
        self.frontier = frontier
        self.commits = commits
    }
}

/// All that one group commit makes durable together.
package struct Batch: Sendable {
    /// Written whole and in order, replacing what has the same key.
    package var puts: [StoredRecord] = []
    /// Removed after `puts` were written; a key that is not there is no error.
    package var deletes: [RecordKey] = []
    /// Single-use things that this batch uses up; stored beside the records, and gone only by their age.
    package var marks: [UsedMark] = []
    /// Appended at `head.ledgerSize - entries.count` and on, in order.
    package var entries: [LedgerEntry] = []
    /// Roots of all subtrees of 256ⁿ leaves, 1 ≤ n ≤ 7, that these entries completed.
    package var subtrees: [LedgerSubtree] = []
    /// The head after this batch.
    package var head: StoreHead
    /// Whether the revision is another one than before.
    package var movesRevision = false

    package init(head: StoreHead) {
        self.head = head
    }

    /// Whether there is nothing to make durable.
    package var isEmpty: Bool { puts.isEmpty && deletes.isEmpty && marks.isEmpty && entries.isEmpty }
}

/// The root of a complete subtree of 256ⁿ leaves.
package struct LedgerSubtree: Equatable, Sendable {
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
