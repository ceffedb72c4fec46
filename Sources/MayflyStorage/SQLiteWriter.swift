internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// The one connection that writes, with its statements.
///
/// Between calls it is never inside a transaction. A class, because what a structure owns alone cannot be given up
/// when its initializer throws half-way.
final class SQLiteWriter {
    /// How long the write-ahead log grows before it is folded into the file: pages of 4096 bytes.
    ///
    /// A page that many commits changed is folded in once: the longer the log, the less is written twice. This is four
    /// times SQLite's own; the next start after a crash reads about so much again.
    private static let checkpointPages = 4000
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
    private let append: SQLiteStatement
    private let addSubtree: SQLiteStatement
    private let selectExpired: SQLiteStatement
    /// What must still be where it was for a commit to be on disk.
    let files: [StoreFile]
    /// Set once what is on disk is no longer known; every later write fails with it.
    private var failure: StoreError?

    /// Opens and verifies the database at `canonicalPath`, which `path` names.
    init(path: String, canonicalPath: String, lockPath: String, maximumPages: Int?) throws(StoreError) {
        let connection = try SQLiteConnection(path: canonicalPath, writable: true)
        try SQLiteSchema.verify(connection)
        try Self.configure(connection, maximumPages: maximumPages)
        // Reading has opened the write-ahead log, which now stays the same file until the last connection closes.
        files = [
            try StoreFile(path: path), try StoreFile(path: canonicalPath + "-wal"), try StoreFile(path: lockPath),
        ]
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
        append = try SQLiteStatement(
            """
            INSERT INTO ledger
                (idx, time, leaf, bytes, event, outcome, agent, owner, resource, task, trace, token)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, on: connection)
        addSubtree = try SQLiteStatement("INSERT INTO subtree (level, idx, hash) VALUES (?, ?, ?)", on: connection)
        selectExpired = try SQLiteStatement(
            """
            SELECT kind, key FROM record INDEXED BY record_expires WHERE expires <= ? ORDER BY expires LIMIT ?
            """, on: connection)
        self.connection = connection
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
        try connection.execute("PRAGMA wal_autocheckpoint = \(checkpointPages)")
        if let maximumPages { try connection.execute("PRAGMA max_page_count = \(maximumPages)") }
    }

    func write(_ batch: Batch) throws(StoreError) {
        try start()
        do throws(StoreError) {
            try batch.check(following: try selectHead.storedHead())
            try writeRecords(batch)
            try writeLedger(batch)
        } catch {
            abandon()
            throw error
        }
        try finish()
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
            count = keys.count
        } catch {
            abandon()
            throw error
        }
        try finish()
        return count
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
    }

    private func writeLedger(_ batch: Batch) throws(StoreError) {
        for entry in batch.entries {
            let terms = entry.terms
            try append.execute(
                .integer(try Int64(counter: entry.index)), .integer(entry.time.milliseconds),
                .blob(entry.leafHash.bytes), .blob(entry.bytes), .text(terms.event), .text(terms.outcome),
                .text(orNull: terms.agent), .text(orNull: terms.owner), .text(orNull: terms.resource),
                .text(orNull: terms.task), .text(orNull: terms.trace), .text(orNull: terms.token))
        }
        for subtree in batch.subtrees {
            try addSubtree.execute(
                .integer(Int64(subtree.level)), .integer(try Int64(counter: subtree.index)),
                .blob(subtree.hash.bytes))
        }
        let head = batch.head
        try updateHead.execute(
            .integer(try Int64(counter: head.revision)), .integer(try Int64(counter: head.ledgerSize)),
            .blob(head.frontier.flatMap(\.bytes)))
    }

    private func start() throws(StoreError) {
        if let failure { throw failure }
        try checkFiles()
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
    }

    private func checkFiles() throws(StoreError) {
        do throws(StoreError) {
            for file in files { try file.check() }
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
