package import MayflyCrypto
package import MayflyModel

/// Where the broker's state lives between runs: records, and the ledger that says how they came about.
///
/// One writer calls `commit`; any thread may read. Everything a `commit` holds becomes durable together or not at all,
/// and is durable when the call returns.
package protocol Store: AnyObject, Sendable {
    /// Hands every record that is stored to `body`, one at a time, in no particular order.
    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError)

    /// The state that the last commit left, or the empty state for a fresh store.
    func head() throws(StoreError) -> StoreHead

    /// Makes `batch` durable, whole or not at all.
    ///
    /// Throws `.conflict` when another writer has moved the ledger since `batch` was prepared.
    func commit(_ batch: Batch) throws(StoreError)

    /// Removes at most `limit` records whose `expiresAt` is at or before `moment`; answers how many went.
    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int

    /// Entries with `range.lowerBound ≤ index < range.upperBound`, ascending; fewer when the ledger ends earlier.
    func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry]

    /// Entries that match `query`, newest first, at most `query.limit`.
    func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry]

    /// Subtree hashes: level 0 is leaf hashes, level n the roots of complete subtrees of 256ⁿ leaves.
    ///
    /// `range` counts nodes of that level; fewer come back when the ledger ends earlier.
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest]
}
