import MayflyBroker
import MayflyCrypto
import MayflyModel

/// A store in front of another one, to which everything goes that it does not do itself.
protocol ForwardingStore: Store {
    associatedtype Inner: Store
    var inner: Inner { get }
}

extension ForwardingStore {
    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) { try inner.loadRecords(body) }
    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) { try inner.loadMarks(body) }
    func head() throws(StoreError) -> StoreHead { try inner.head() }
    func commit(_ batch: Batch) throws(StoreError) { try inner.commit(batch) }

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
