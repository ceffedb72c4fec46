internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto

/// A connection that only reads, with its statements; each call sees one committed state.
final class SQLiteReader {
    private let connection: SQLiteConnection
    private let selectHead: SQLiteStatement
    private let selectRecords: SQLiteStatement
    private let selectMarks: SQLiteStatement
    private let begin: SQLiteStatement
    private let end: SQLiteStatement
    private let ledger: LedgerRows
    private let selectSubtrees: SQLiteStatement

    /// Opens the database at `path`, absolute, which a writer holds open already.
    init(path: String) throws(StoreError) {
        let connection = try SQLiteConnection(path: path, writable: false)
        selectHead = try SQLiteStatement(SQLiteStatement.selectHead, on: connection)
        selectRecords = try SQLiteStatement(SQLiteStatement.selectRecord, on: connection)
        selectMarks = try SQLiteStatement("SELECT marks FROM mark", on: connection)
        begin = try SQLiteStatement("BEGIN", on: connection)
        end = try SQLiteStatement("ROLLBACK", on: connection)
        ledger = try LedgerRows(connection)
        selectSubtrees = try SQLiteStatement(
            "SELECT idx, hash FROM subtree WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx", on: connection)
        self.connection = connection
    }

    func ledgerStart() throws(StoreError) -> UInt64 {
        // The size first: what is appended in between is no start.
        let size = try selectHead.storedHead().ledgerSize
        return try ledger.start() ?? size
    }

    func head() throws(StoreError) -> StoreHead {
        try selectHead.storedHead()
    }

    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try selectRecords.forEachRow([]) { (row) throws(StoreError) in body(try row.record()) }
    }

    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        try selectMarks.forEachRow([]) { (row) throws(StoreError) in try MarkGroup.forEach(in: try row.blob(0), body) }
    }

    func entries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        let entries = try ledger.entries(in: range)
        try Self.checkGapless(entries.lazy.map(\.index), from: range.lowerBound)
        return entries
    }

    func entries(
        matching query: LedgerQuery, hash: TermHash, tail: TermTail
    ) throws(StoreError) -> [LedgerEntry] {
        try query.check()
        var search = LedgerSearch(query, hash)
        try begin.execute()
        do throws(StoreError) {
            try search.run(ledger, tail: tail)
        } catch {
            try end.execute()
            throw error
        }
        try end.execute()
        return search.found
    }

    func hashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        if level == 0 { return try entries(in: range).map(\.leafHash) }
        guard (1...StoreLimits.subtreeLevel).contains(level), let bounds = Bounds(range) else { return [] }
        let nodes = try selectSubtrees.rows(.integer(Int64(level)), bounds.lower, bounds.upper) {
            (row) throws(StoreError) in (try row.counter(0), try row.digest(1))
        }
        try Self.checkGapless(nodes.lazy.map(\.0), from: range.lowerBound)
        return nodes.map(\.1)
    }

    /// A row that is missing before or between others was taken away by someone.
    private static func checkGapless(_ indexes: some Sequence<UInt64>, from first: UInt64) throws(StoreError) {
        for (expected, index) in zip(first..., indexes) where index != expected {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
    }

    /// A range as SQLite's signed integers can say it; nil when nothing stored lies in it.
    private struct Bounds {
        let lower: SQLiteValue
        let upper: SQLiteValue

        init?(_ range: Range<UInt64>) {
            guard !range.isEmpty, let lower = Int64(exactly: range.lowerBound) else { return nil }
            self.lower = .integer(lower)
            upper = .integer(Int64(clamping: range.upperBound))
        }
    }
}
