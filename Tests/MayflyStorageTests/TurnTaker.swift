import MayflyBroker
import MayflyCrypto
import MayflyModel

/// A shared store as the contract tests see any other: each commit takes a turn of its own.
final class TurnTaker: Store {
    let inner: any SharedStore

    init(_ inner: any SharedStore) {
        self.inner = inner
    }

    func commit(_ batch: Batch) throws(StoreError) {
        let known = try inner.head()
        let turn = try inner.takeTurn(after: known)
        var batch = batch
        batch.head.commits = (turn.commits.last?.head ?? known).commits + 1
        do throws(StoreError) {
            try inner.commit(batch)
        } catch {
            inner.endTurn()
            throw error
        }
    }

    func head() throws(StoreError) -> StoreHead {
        var head = try inner.head()
        head.commits = 0
        return head
    }

    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) { try inner.loadRecords(body) }
    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) { try inner.loadMarks(body) }
    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        try inner.removeExpired(at: moment, limit: limit)
    }
    func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        try inner.ledgerEntries(in: range)
    }
    func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try inner.ledgerEntries(matching: query)
    }
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        try inner.subtreeHashes(level: level, in: range)
    }
    func ledgerStart() throws(StoreError) -> UInt64 { try inner.ledgerStart() }
    func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        try inner.trimLedger(below: end, limit: limit)
    }
}
