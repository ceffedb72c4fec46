internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// The one connection that writes, with its statements.
///
/// Between calls it is never inside a transaction. A class, because what a structure owns alone cannot be given up
/// when its initializer throws half-way.
final class SQLiteWriter {
    /// What the write-ahead log is cut back to when a long reading made it grow past that: bytes.
    private static let keptJournalBytes = 64 << 20

    private let connection: SQLiteConnection
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement
    private let rollback: SQLiteStatement
    private let selectHead: SQLiteStatement
    private let updateHead: SQLiteStatement
    private let put: SQLiteStatement
    private let delete: SQLiteStatement
    private let ledger: LedgerAppender
    private let addMarks: SQLiteStatement
    private let selectMarks: SQLiteStatement
    private let deleteMarks: SQLiteStatement
    private let addSubtree: SQLiteStatement
    private let selectExpired: SQLiteStatement
    private let trim: LedgerTrimmer
    /// What must still be where it was for a commit to be on disk.
    let files: [StoreFile]
    /// The write-ahead log, which SQLite alone may cut, and only in a commit.
    private let logFile: StoreFile
    /// How this file hashes terms.
    let hash: TermHash
    /// The terms of the newest entries, which the file's index does not have yet.
    let tail: TermTail
    private let checkpointer: SQLiteCheckpointer
    private var log: LogLength
    /// Set once what is on disk is no longer known; every later write fails with it.
    private(set) var failure: StoreError? {
        // The log may be all that is left of the store: closing must not fold it into what lies there now.
        didSet { connection.keepLog() }
    }

    /// Opens and verifies the database at `canonicalPath`, which `path` names.
    init(path: String, canonicalPath: String, lockPath: String, maximumPages: Int?) throws(StoreError) {
        let connection = try SQLiteConnection(path: canonicalPath, writable: true)
        try SQLiteSchema.upgrade(connection)
        try SQLiteSchema.verify(connection)
        try Self.configure(connection, maximumPages: maximumPages)
        // Reading has opened the write-ahead log, which now stays the same file until the last connection closes.
        logFile = try StoreFile(path: canonicalPath + "-wal")
        files = [try StoreFile(path: path, onlyGrows: true), logFile, try StoreFile(path: lockPath)]
        begin = try SQLiteStatement("BEGIN IMMEDIATE", on: connection)
        commit = try SQLiteStatement("COMMIT", on: connection)
        rollback = try SQLiteStatement("ROLLBACK", on: connection)
        selectHead = try SQLiteStatement(SQLiteStatement.selectHead, on: connection)
        updateHead = try SQLiteStatement("UPDATE head SET revision = ?, size = ?, frontier = ?", on: connection)
        put = try SQLiteStatement(
            """
            INSERT INTO record (kind, key, value, expires) VALUES (?, ?, ?, ?)
            ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires
            """, on: connection)
        delete = try SQLiteStatement("DELETE FROM record WHERE kind = ? AND key = ?", on: connection)
        ledger = try LedgerAppender(connection)
        addMarks = try SQLiteStatement(SQLiteStatement.insertMarks, on: connection)
        selectMarks = try SQLiteStatement("SELECT id, expires FROM mark ORDER BY id LIMIT ?", on: connection)
        deleteMarks = try SQLiteStatement("DELETE FROM mark WHERE id <= ?", on: connection)
        addSubtree = try SQLiteStatement("INSERT INTO subtree (level, idx, hash) VALUES (?, ?, ?)", on: connection)
        selectExpired = try SQLiteStatement(
            """
            SELECT kind, key FROM record INDEXED BY record_expires WHERE expires <= ? ORDER BY expires LIMIT ?
            """, on: connection)
        trim = try LedgerTrimmer(connection)
        hash = TermHash(key: try connection.integer("SELECT term_key FROM head"))
        tail = TermTail(try Self.unsealed(LedgerRows(connection), hash))
        checkpointer = try SQLiteCheckpointer(path: canonicalPath)
        log = LogLength(of: connection)
        self.connection = connection
    }

    deinit {
        checkpointer.stop()
        if (try? checkFiles()) == nil { connection.keepLog() }
    }

    /// The terms of the entries past the last full segment, read from their bytes.
    private static func unsealed(
        _ ledger: LedgerRows, _ hash: TermHash
    ) throws(StoreError) -> TermSegment {
        var segment = TermSegment(number: try ledger.segmentCount())
        let first = segment.number * TermSegment.width
        for entry in try ledger.entries(in: first..<first + TermSegment.width) { segment.add(entry, hash) }
        return segment
    }

    private static func configure(
        _ connection: borrowing SQLiteConnection, maximumPages: Int?
    ) throws(StoreError) {
        let mode = try SQLiteStatement("PRAGMA journal_mode = WAL", on: connection, kept: false)
            .rows { (row) throws(StoreError) in try row.text(0) }
        guard mode == ["wal"] else { throw .cannotOpen(code: Int(SQLITE_CANTOPEN)) }
        // Every commit waits for fsync of the write-ahead log.
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA journal_size_limit = \(keptJournalBytes)")
        if let maximumPages { try connection.execute("PRAGMA max_page_count = \(maximumPages)") }
        try foldLog(of: connection)
    }

    /// Writes what the log holds into the file and syncs it, before anything is built on it.
    ///
    /// After a failed sync the kernel may go on to show pages that it never writes. Whoever commits behind them loses
    /// the new commit too when the power goes: the log is read up to its first hole. On a full disk the log stays, and
    /// so it does while another process reads.
    private static func foldLog(of connection: borrowing SQLiteConnection) throws(StoreError) {
        do throws(StoreError) {
            _ = try SQLiteStatement("PRAGMA wal_checkpoint(TRUNCATE)", on: connection, kept: false)
                .rows { (row) throws(StoreError) in try row.integer(0) }
        } catch {
            guard error == .full else { throw error }
        }
    }

    func write(_ batch: Batch) throws(StoreError) {
        try start()
        let terms: TermSegment?
        do throws(StoreError) {
            try batch.check(following: try selectHead.storedHead())
            try writeRecords(batch)
            terms = try writeLedger(batch)
        } catch {
            abandon()
            throw error
        }
        try finish()
        if let terms { tail.advance(terms) }
    }

    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        try start()
        let count: Int
        do throws(StoreError) {
            // One by one: SQLite looks for the pairs of a subquery by their first column only, in every such row.
            let keys = try selectExpired.rows(.integer(moment.milliseconds), .integer(Int64(limit))) {
                (row) throws(StoreError) in (kind: try row.integer(0), key: try row.blob(1))
            }
            for key in keys { try delete.execute(.integer(key.kind), .blob(key.key)) }
            count = keys.count + (try removeMarks(at: moment, limit: limit - keys.count))
        } catch {
            abandon()
            throw error
        }
        try finish()
        return count
    }

    func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        try start()
        let count: Int
        do throws(StoreError) {
            guard end < max(try selectHead.storedHead().ledgerSize, 1) else { throw .invalid }
            count = try trim.run(below: end, limit: limit)
        } catch {
            abandon()
            throw error
        }
        try finish()
        return count
    }

    /// Removes groups from the oldest on, up to the first that has not expired: those lie together.
    private func removeMarks(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        guard limit > 0 else { return 0 }
        let expired = try selectMarks.rows(.integer(Int64(limit))) { (row) throws(StoreError) in
            (id: try row.integer(0), expires: try row.integer(1))
        }.prefix { $0.expires <= moment.milliseconds }
        if let last = expired.last { try deleteMarks.execute(.integer(last.id)) }
        return expired.count
    }

    private func writeRecords(_ batch: Batch) throws(StoreError) {
        for record in batch.puts {
            try put.execute(
                .integer(Int64(record.key.kind.rawValue)), .blob(record.key.key), .blob(record.value),
                .integer(orNull: record.expiresAt?.milliseconds))
        }
        for key in batch.deletes {
            try delete.execute(.integer(Int64(key.kind.rawValue)), .blob(key.key))
        }
        if let group = MarkGroup(batch.marks) {
            try addMarks.execute(.integer(group.expiresAt.milliseconds), .blob(group.bytes))
        }
    }

    /// Answers the terms that the unfinished segment gets.
    private func writeLedger(_ batch: Batch) throws(StoreError) -> TermSegment? {
        let terms = try ledger.append(batch.entries, hash, join: tail.joined)
        for subtree in batch.subtrees {
            try addSubtree.execute(
                .integer(Int64(subtree.level)), .integer(try Int64(counter: subtree.index)),
                .blob(subtree.hash.bytes))
        }
        let head = batch.head
        try updateHead.execute(
            .integer(try Int64(counter: head.revision)), .integer(try Int64(counter: head.ledgerSize)),
            .blob(head.frontier.flatMap(\.bytes)))
        return terms
    }

    private func start() throws(StoreError) {
        if let failure { throw failure }
        try checkFiles()
        try remembering { () throws(StoreError) in try logFile.checkLength() }
        try begin.execute()
    }

    /// Commits, then makes sure that what was committed is where the next start will look for it.
    private func finish() throws(StoreError) {
        do throws(StoreError) {
            try commit.execute()
        } catch {
            // A full disk refuses before the commit's own frame is written; after anything else, who knows.
            if error != .full && error != .conflict { failure = error }
            abandon()
            throw error
        }
        try checkFiles()
        try remembering { () throws(StoreError) in try logFile.noteLength() }
        log.settle(connection, checkpointer)
    }

    private func checkFiles() throws(StoreError) {
        try remembering { () throws(StoreError) in
            for file in files { try file.check() }
        }
    }

    /// Does `look`, after whose failure nothing more is written.
    private func remembering(_ look: () throws(StoreError) -> Void) throws(StoreError) {
        do throws(StoreError) {
            try look()
        } catch {
            failure = error
            throw error
        }
    }

    /// Leaves the transaction, which SQLite has left by itself after some errors.
    private func abandon() {
        guard connection.isInTransaction else { return }
        do throws(StoreError) {
            try rollback.execute()
        } catch {
            failure = error
        }
    }
}
