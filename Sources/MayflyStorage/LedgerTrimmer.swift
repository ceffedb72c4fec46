internal import CSQLite
internal import MayflyBroker

/// The statements that take the oldest entries out; a class for the reason that `SQLiteWriter` is one.
///
/// Chunks go whole, so a few entries below the bound may stay. The index of a segment goes when none of its entries is
/// left, except that of the newest full segment, which says where the next one begins.
final class LedgerTrimmer {
    private let rows: LedgerRows
    private let selectLasts: SQLiteStatement
    private let deleteChunks: SQLiteStatement
    private let selectNewestSegment: SQLiteStatement
    private let deleteTerms: SQLiteStatement
    private let deleteSegments: SQLiteStatement

    /// Index rows that one run removes: as many as one segment has.
    private static let termStep = TermSegment.slots

    init(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        rows = try LedgerRows(connection)
        selectLasts = try SQLiteStatement(
            "SELECT last FROM ledger WHERE last < ? ORDER BY last LIMIT ?", on: connection)
        deleteChunks = try SQLiteStatement("DELETE FROM ledger WHERE last <= ?", on: connection)
        selectNewestSegment = try SQLiteStatement("SELECT coalesce(max(number), 0) FROM segment", on: connection)
        deleteTerms = try SQLiteStatement(
            "DELETE FROM term WHERE id IN (SELECT id FROM term WHERE id < ? ORDER BY id LIMIT ?)", on: connection)
        deleteSegments = try SQLiteStatement("DELETE FROM segment WHERE number < ?", on: connection)
    }

    /// Removes chunks that end below `end`, as many as make at most `limit` entries; answers how many entries went.
    func run(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        let chunks = limit / LedgerChunk.maximumEntries
        guard chunks > 0, let first = try rows.start() else { return 0 }
        let lasts = try selectLasts.rows(.integer(Int64(clamping: end)), .integer(Int64(chunks))) {
            (row) throws(StoreError) in try row.counter(0)
        }
        guard let last = lasts.last else { return 0 }
        try deleteChunks.execute(.integer(Int64(clamping: last)))
        let newest = try selectNewestSegment.rows { (row) throws(StoreError) in try row.counter(0) }.first ?? 0
        let bound = min((last + 1) / TermSegment.width, newest)
        try deleteTerms.execute(.integer(TermSegment.key(bound, 0)), .integer(Self.termStep))
        try deleteSegments.execute(.integer(Int64(clamping: bound)))
        return Int(clamping: last + 1 - min(first, last))
    }
}
