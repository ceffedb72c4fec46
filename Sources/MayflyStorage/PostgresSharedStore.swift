package import MayflyBroker
package import MayflyCrypto
package import MayflyModel
internal import Synchronization

/// The store in a PostgreSQL database, written by several brokers in turns.
package final class PostgresSharedStore: SharedStore {
    /// Milliseconds for which a commit is told to the other brokers one by one; who was away for longer starts again.
    static let memory: Int64 = 300_000

    private let place: PostgresPlace
    private let terms: LeaseTerms
    private let readers: PostgresReaders
    private let writer: Mutex<PostgresSharedWriter>
    private let cleaner: Mutex<PostgresSharedCleaner>
    private let hash: TermHash
    private let tail: TermTail
    private let standing: PostgresStanding

    /// Connects to `place`, whose tables are there, beside the brokers that share it already.
    ///
    /// Throws `.conflict` while a broker has the store for itself, `.otherLease` while there are nodes with other terms
    /// than `terms`, and whatever `PostgresStore` throws.
    package init(_ place: PostgresPlace, terms: LeaseTerms = LeaseTerms()) throws(StoreError) {
        self.place = place
        self.terms = terms
        let writer = try PostgresSharedWriter(place, terms: terms)
        (hash, tail, standing) = (writer.hash, writer.tail, writer.standing)
        cleaner = Mutex(PostgresSharedCleaner(place, standing: writer.standing))
        self.writer = Mutex(writer)
        readers = try PostgresReaders(place)
    }

    private static var deadline: ContinuousClock.Instant { .now + PostgresWriter.patience }

    // MARK: Turns

    package func takeTurn(after head: StoreHead) throws(StoreError) -> StoreTurn {
        let deadline = Self.deadline
        return try writer.withLock { (writer) throws(StoreError) in try writer.takeTurn(after: head, by: deadline) }
    }

    package func endTurn() {
        writer.withLock { $0.endTurn() }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        let deadline = Self.deadline
        try writer.withLock { (writer) throws(StoreError) in try writer.write(batch, by: deadline) }
    }

    package func commits(after head: StoreHead) throws(StoreError) -> [CommittedBatch] {
        let deadline = Self.deadline
        return try writer.withLock { (writer) throws(StoreError) in try writer.commits(after: head, by: deadline) }
    }

    package func meeting() throws(StoreError) -> any ClusterMeeting {
        try PostgresMeeting(place, terms: terms)
    }

    package var mustBeReopened: Bool { standing.isFenced }

    // MARK: Reading

    package func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try readers.read { (reader) throws(StoreError) in try reader.loadRecords(body) }
    }

    package func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        try readers.read { (reader) throws(StoreError) in try reader.loadMarks(body) }
    }

    package func head() throws(StoreError) -> StoreHead {
        try readers.read { (reader) throws(StoreError) in try reader.sharedHead() }
    }

    package func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        try readers.read { (reader) throws(StoreError) in try reader.entries(in: range) }
    }

    package func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try readers.read { (reader) throws(StoreError) in try reader.entries(matching: query, hash: hash, tail: tail) }
    }

    package func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        try readers.read { (reader) throws(StoreError) in try reader.hashes(level: level, in: range) }
    }

    package func ledgerStart() throws(StoreError) -> UInt64 {
        try readers.read { (reader) throws(StoreError) in try reader.ledgerStart() }
    }

    // MARK: Clean-up

    package func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        return try cleaner.withLock { (cleaner) throws(StoreError) in
            try cleaner.forgetCommits(olderThan: Self.memory)
            guard try cleaner.isDue(at: moment) else { return 0 }
            return try cleaner.clean { (cleaning, _) throws(StoreError) in
                try cleaning.removeExpired(at: moment, limit: limit)
            }
        }
    }

    package func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        try cleaner.withLock { (cleaner) throws(StoreError) in
            try cleaner.clean { (cleaning, size) throws(StoreError) in
                guard end < max(size, 1) else { throw .invalid }
                return try cleaning.trimLedger(below: end, limit: limit)
            }
        }
    }
}
