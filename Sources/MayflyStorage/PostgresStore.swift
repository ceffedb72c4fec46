package import MayflyBroker
package import MayflyCrypto
package import MayflyModel
internal import Synchronization

/// The store in a PostgreSQL database, written by one process at a time.
///
/// One connection writes and a few others read, each behind its own lock: reading never waits for a commit, nor a
/// commit for reading. A connection that broke is made anew by whoever needs it next.
package final class PostgresStore: Store {
    /// Whether the tables may be made.
    package enum Mode: Sendable {
        /// Makes the tables where there are none.
        case create
        /// Tables that `create` made; `.cannotOpen` when there are none.
        case open
        /// As `open`, but for reading alone: a broker whose session was lost meanwhile goes on afterwards.
        case inspect
    }

    private let readers: PostgresReaders
    private let writer: Mutex<PostgresWriter>
    private let hash: TermHash
    private let tail: TermTail
    private let standing: PostgresStanding

    /// Connects to `place` and takes the store over.
    ///
    /// Throws `.conflict` while another process or store holds it, `.newerSchema`, `.corrupt` for tables that are not
    /// Mayfly's, `.notDurable`, and `.cannotOpen` when the database lets nobody in.
    package init(_ place: PostgresPlace, mode: Mode) throws(StoreError) {
        if mode == .create {
            let deadline = ContinuousClock.now + PostgresWriter.patience
            let connection = try PostgresConnection(place, name: "mayfly-schema")
            try PostgresSchema.configure(connection, [("lock_timeout", "3000")], by: deadline)
            try PostgresSchema.create(connection, by: deadline)
        }
        standing = PostgresStanding()
        let writer = try PostgresWriter(place, standing: standing, takesOver: mode != .inspect)
        hash = writer.hash
        tail = writer.tail
        self.writer = Mutex(writer)
        readers = try PostgresReaders(place)
    }

    package func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try readers.read { (reader) throws(StoreError) in try reader.loadRecords(body) }
    }

    package func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        try readers.read { (reader) throws(StoreError) in try reader.loadMarks(body) }
    }

    /// After a commit whose outcome is not known, this finds it out, by a new connection.
    package func head() throws(StoreError) -> StoreHead {
        guard standing.isSettled || standing.isFenced else {
            let deadline = ContinuousClock.now + PostgresWriter.patience
            return try writer.withLock { (writer) throws(StoreError) in try writer.settledHead(by: deadline) }
        }
        return try readers.read { (reader) throws(StoreError) in try reader.head() }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        let deadline = ContinuousClock.now + PostgresWriter.patience
        try writer.withLock { (writer) throws(StoreError) in try writer.write(batch, by: deadline) }
    }

    /// True once another writer has taken the store over.
    package var mustBeReopened: Bool { standing.isFenced }

    package func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        let deadline = ContinuousClock.now + PostgresWriter.patience
        return try writer.withLock { (writer) throws(StoreError) in
            guard try writer.isDue(at: moment, by: deadline) else { return 0 }
            return try writer.clean(by: deadline) { (cleaning, _) throws(StoreError) in
                try cleaning.removeExpired(at: moment, limit: limit)
            }
        }
    }

    package func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        let deadline = ContinuousClock.now + PostgresWriter.patience
        return try writer.withLock { (writer) throws(StoreError) in
            try writer.clean(by: deadline) { (cleaning, size) throws(StoreError) in
                guard end < max(size, 1) else { throw .invalid }
                return try cleaning.trimLedger(below: end, limit: limit)
            }
        }
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
}
