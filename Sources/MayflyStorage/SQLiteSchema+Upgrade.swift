internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

extension SQLiteSchema {
    /// Rows that are held in memory at a time.
    private static let step = 1024
    /// `RecordKind` of a used mark in the first version.
    private static let usedKind = 9

    /// Brings a file of the first version to the present one, whole or not at all; leaves any other as it is.
    ///
    /// The first version kept a row for each entry, with its terms in columns, and each mark as a record.
    static func upgrade(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        guard try isFirstVersion(connection) else { return }
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            try connection.execute("ALTER TABLE ledger RENAME TO ledger_1")
            for statement in secondVersion { try connection.execute(statement) }
            try moveEntries(connection)
            try connection.execute("DROP TABLE ledger_1")
            try moveMarks(connection)
            try connection.execute("COMMIT")
        } catch {
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            throw error
        }
    }

    private static func moveEntries(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        let select = try SQLiteStatement(
            "SELECT idx, time, leaf, bytes FROM ledger_1 WHERE idx >= ? ORDER BY idx LIMIT ?", on: connection)
        let appender = try LedgerAppender(connection)
        let hash = TermHash(key: try connection.integer("SELECT term_key FROM head"))
        let tail = TermTail(TermSegment(number: 0))
        var next: UInt64 = 0
        while true {
            let entries = try select.rows(.integer(try Int64(counter: next)), .integer(Int64(step))) {
                (row) throws(StoreError) in
                LedgerEntry(
                    index: try row.counter(0), time: Timestamp(milliseconds: try row.integer(1)),
                    leafHash: try row.digest(2), bytes: try row.blob(3))
            }
            guard let last = entries.last else { return }
            if let rest = try appender.append(entries, hash, join: tail.joined) { tail.advance(rest) }
            next = last.index + 1
        }
    }

    private static func moveMarks(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        let select = try SQLiteStatement(
            "SELECT key, expires FROM record WHERE kind = \(usedKind) ORDER BY expires", on: connection, kept: false)
        let marks = try select.rows { (row) throws(StoreError) in
            UsedMark(id: try row.digest(0), expires: Timestamp(milliseconds: try row.integer(1)))
        }
        let insert = try SQLiteStatement(SQLiteStatement.insertMarks, on: connection)
        for start in stride(from: 0, to: marks.count, by: step) {
            guard let group = MarkGroup(Array(marks[start...].prefix(step))) else { continue }
            try insert.execute(.integer(group.expiresAt.milliseconds), .blob(group.bytes))
        }
        try connection.execute("DELETE FROM record WHERE kind = \(usedKind)")
    }
}
