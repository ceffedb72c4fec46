package import MayflyCrypto
package import MayflyModel

/// Where the broker's state lives between runs: records, and the ledger that says how they came about.
///
/// One writer calls `commit`; any thread may read. Everything a `commit` holds becomes durable together or not at all,
/// and is durable when the call returns.
package protocol Store: AnyObject, Sendable {
    /// Hands every record that is stored to `body`, one at a time, in no particular order.
    ///
    /// `body` must not call the store. Records that have expired but were not yet removed are among them.
    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError)

    /// Hands every mark that is stored to `body`, one at a time; otherwise as `loadRecords`.
    ///
    /// A mark that was committed twice comes twice.
    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError)

    /// The state that the last commit left, or the empty state for a fresh store.
    func head() throws(StoreError) -> StoreHead

    /// Makes `batch` durable, whole or not at all.
    ///
    /// Throws `.conflict` when another writer has moved the ledger since `batch` was prepared, and `.invalid` when
    /// the batch breaks `StoreLimits`. After `.full`, `.conflict` and `.invalid` nothing was kept and the store goes
    /// on; after any other error only opening the store again tells what was kept.
    func commit(_ batch: Batch) throws(StoreError)

    /// Removes at most `limit` records whose `expiresAt` is at or before `moment`, the oldest first, and groups of
    /// marks; answers how many records and groups went, which is `limit` when there may be more.
    ///
    /// The marks of one commit are a group. It goes when each of its marks has expired and the groups before it have
    /// gone, so a mark may stay past its end for as long as the longest-lived mark before it lives.
    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int

    /// Entries with `range.lowerBound ≤ index < range.upperBound`, ascending; fewer when the ledger ends earlier.
    ///
    /// The caller bounds `range`: all of it is held in memory. A gap throws `.corrupt`, and so does a range that begins
    /// before `ledgerStart`.
    func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry]

    /// Entries that match `query`, newest first, at most `query.limit`; texts match byte for byte.
    ///
    /// Throws `.invalid` when `query` breaks its limits.
    func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry]

    /// Subtree hashes: level 0 is leaf hashes, level n the roots of complete subtrees of 256ⁿ leaves.
    ///
    /// `range` counts nodes of that level; fewer come back when the ledger ends earlier, none for a level that is
    /// never stored. Leaf hashes go with their entries when the ledger is trimmed; the other levels stay.
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest]

    /// Index of the first entry that was not trimmed away; the ledger's size when there is none.
    func ledgerStart() throws(StoreError) -> UInt64

    /// Removes up to `limit` entries with an index below `end`, the oldest first; answers how many went.
    ///
    /// A store that keeps up to 32 neighbours together removes only such groups as a whole: 0 says that none is left.
    /// Throws `.invalid` when that could take the last entry. Size, subtree hashes of level 1 and up, and what comes
    /// after stay as they are.
    func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int

    /// True once the store takes no commit any more, because only opening it again tells what it holds.
    var mustBeReopened: Bool { get }
}

extension Store {
    /// A store that always knows what it holds.
    package var mustBeReopened: Bool { false }
}
