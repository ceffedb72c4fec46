package import MayflyBroker
package import MayflyCrypto
package import MayflyModel
internal import Synchronization

/// The embedded store: one SQLite file in write-ahead mode, synced at every commit, written by one process.
///
/// One connection writes and a few others read, each behind its own lock: reading never waits for a commit, nor a
/// commit for reading.
package final class SQLiteStore: Store {
    /// Whether the file is to be made or to be there.
    package enum Mode: Sendable {
        /// A new file with mode 0600; `.cannotOpen` when there is one.
        case create
        /// A file that `create` made; `.cannotOpen` when there is none.
        case open
    }

    /// A long search over the ledger keeps one; the other is there for proofs.
    private static let readerCount = 2

    // Destroyed in this order: the last connection to close folds the write-ahead log into the file, which a reader
    // cannot do. In another order it would only be left for the next start.
    private let readers: [Reader]
    private let writer: Mutex<SQLiteWriter>
    private let lock: StoreLock
    private let hash: TermHash
    private let tail: TermTail
    /// What must still be where it was for a commit to be on disk.
    private let files: [StoreFile]

    /// Opens the database at `path`, with `-wal`, `-shm` and `.lock` files beside it.
    ///
    /// `maximumPages` bounds the file to so many pages of 4096 bytes, past which a commit throws `.full`.
    ///
    /// Throws `.conflict` while another process or store holds it, `.newerSchema`, `.corrupt` for a file that is not
    /// Mayfly's, and `.cannotOpen`.
    package init(path: String, mode: Mode, maximumPages: Int? = nil) throws(StoreError) {
        if mode == .create { try SQLiteSchema.create(path: path) }
        let canonicalPath = try StoreFile.canonicalPath(path)
        let lockPath = canonicalPath + ".lock"
        lock = try StoreLock(path: lockPath)
        let writer = try SQLiteWriter(
            path: path, canonicalPath: canonicalPath, lockPath: lockPath, maximumPages: maximumPages)
        files = writer.files
        hash = writer.hash
        tail = writer.tail
        self.writer = Mutex(writer)
        var readers: [Reader] = []
        for _ in 0..<Self.readerCount { readers.append(try Reader(path: canonicalPath)) }
        self.readers = readers
    }

    package func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try read { (reader) throws(StoreError) in try reader.loadRecords(body) }
    }

    package func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        try read { (reader) throws(StoreError) in try reader.loadMarks(body) }
    }

    package func head() throws(StoreError) -> StoreHead {
        // A file that was deleted can still be read through an open descriptor, but is no store any more.
        for file in files { try file.check() }
        return try read { (reader) throws(StoreError) in try reader.head() }
    }

    package func commit(_ batch: Batch) throws(StoreError) {
        try writer.withLock { (writer) throws(StoreError) in try writer.write(batch) }
    }

    /// A commit that is under way has not failed yet, and is not waited for.
    package var mustBeReopened: Bool {
        writer.withLockIfAvailable { $0.failure != nil } ?? false
    }

    package func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        try writer.withLock { (writer) throws(StoreError) in try writer.removeExpired(at: moment, limit: limit) }
    }

    package func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        try read { (reader) throws(StoreError) in try reader.entries(in: range) }
    }

    package func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try read { (reader) throws(StoreError) in
            try reader.entries(matching: query, hash: hash, tail: tail)
        }
    }

    package func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        try read { (reader) throws(StoreError) in try reader.hashes(level: level, in: range) }
    }

    package func ledgerStart() throws(StoreError) -> UInt64 {
        try read { (reader) throws(StoreError) in try reader.ledgerStart() }
    }

    package func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        try writer.withLock { (writer) throws(StoreError) in try writer.trimLedger(below: end, limit: limit) }
    }

    /// Runs `body` on a reader that is free, or else waits for the first.
    private func read<Value: Sendable>(
        _ body: (SQLiteReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        for reader in readers {
            let value = try reader.state.withLockIfAvailable { (state) throws(StoreError) in try body(state) }
            if let value { return value }
        }
        return try readers[0].state.withLock { (state) throws(StoreError) in try body(state) }
    }

    /// A reader with its lock.
    private final class Reader: Sendable {
        let state: Mutex<SQLiteReader>

        init(path: String) throws(StoreError) {
            state = Mutex(try SQLiteReader(path: path))
        }
    }
}
