internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto

/// A connection that only reads, with its statements; each call sees one committed state.
final class SQLiteReader {
    private let connection: SQLiteConnection
    private let selectHead: SQLiteStatement
    private let selectRecords: SQLiteStatement
    private let selectEntries: SQLiteStatement
    private let selectLeaves: SQLiteStatement
    private let selectSubtrees: SQLiteStatement

    /// Opens the database at `path`, absolute, which a writer holds open already.
    init(path: String) throws(StoreError) {
        let connection = try SQLiteConnection(path: path, writable: false)
        selectHead = try SQLiteStatement(SQLiteStatement.selectHead, on: connection)
        selectRecords = try SQLiteStatement(SQLiteStatement.selectRecord, on: connection)
        selectEntries = try SQLiteStatement(
            SQLiteStatement.selectEntry + " WHERE idx >= ? AND idx < ? ORDER BY idx", on: connection)
        selectLeaves = try SQLiteStatement(
            "SELECT idx, leaf FROM ledger WHERE idx >= ? AND idx < ? ORDER BY idx", on: connection)
        selectSubtrees = try SQLiteStatement(
            "SELECT idx, hash FROM subtree WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx", on: connection)
        self.connection = connection
    }

    func head() throws(StoreError) -> StoreHead {
        try selectHead.storedHead()
    }

    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try selectRecords.forEachRow([]) { (row) throws(StoreError) in body(try row.record()) }
    }

    func entries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        guard let bounds = Bounds(range) else { return [] }
        let entries = try selectEntries.rows(bounds.lower, bounds.upper) { (row) throws(StoreError) in
            try row.ledgerEntry()
        }
        try Self.checkGapless(entries.lazy.map(\.index), from: range.lowerBound)
        return entries
    }

    func entries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        let search = try SQLiteSearch(query)
        let statement = try SQLiteStatement(search.sql, on: connection, kept: false)
        var entries: [LedgerEntry] = []
        try statement.forEachRow(search.values) { (row) throws(StoreError) in entries.append(try row.ledgerEntry()) }
        return entries
    }

    func hashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        guard (0...StoreLimits.subtreeLevel).contains(level), let bounds = Bounds(range) else { return [] }
        let read = { (row: borrowing SQLiteStatement) throws(StoreError) in (try row.counter(0), try row.digest(1)) }
        let nodes =
            level == 0
            ? try selectLeaves.rows(bounds.lower, bounds.upper, read: read)
            : try selectSubtrees.rows(.integer(Int64(level)), bounds.lower, bounds.upper, read: read)
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
