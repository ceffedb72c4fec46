internal import CSQLite
internal import MayflyBroker
internal import MayflyModel

/// The statements that read ledger and index; a class for the reason that `SQLiteWriter` is one.
final class LedgerRows: LedgerPages {
    private let selectChunk: SQLiteStatement
    private let selectChunks: SQLiteStatement
    private let selectNewestChunk: SQLiteStatement
    private let selectPostings: SQLiteStatement
    private let selectSegments: SQLiteStatement
    private let selectLastSegment: SQLiteStatement
    private let selectFirstChunk: SQLiteStatement

    /// Segments that one reading answers.
    private static let segmentStep = 64

    init(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        selectChunk = try SQLiteStatement(
            "SELECT last, entries FROM ledger WHERE last >= ? ORDER BY last LIMIT 1", on: connection)
        selectChunks = try SQLiteStatement(
            "SELECT last, entries FROM ledger WHERE last >= ? AND last < ? ORDER BY last", on: connection)
        selectNewestChunk = try SQLiteStatement(
            "SELECT last, entries FROM ledger WHERE last >= ? AND last < ? ORDER BY last DESC LIMIT 1", on: connection)
        selectPostings = try SQLiteStatement("SELECT postings FROM term WHERE id = ?", on: connection)
        selectSegments = try SQLiteStatement(
            """
            SELECT number FROM segment WHERE number < ? AND latest >= ? AND earliest <= ? ORDER BY number DESC LIMIT ?
            """, on: connection)
        selectLastSegment = try SQLiteStatement("SELECT max(number) FROM segment", on: connection)
        selectFirstChunk = try SQLiteStatement(
            "SELECT last, entries FROM ledger ORDER BY last LIMIT 1", on: connection)
    }

    /// Index of the first entry that is stored; nil when there is none.
    func start() throws(StoreError) -> UInt64? {
        let chunks = try selectFirstChunk.rows { (row) throws(StoreError) in try row.chunk() }
        return try chunks.first?.first()
    }

    /// The entries with indexes in `range`, ascending, as far as they are stored.
    func entries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        guard !range.isEmpty, let lower = Int64(exactly: range.lowerBound) else { return [] }
        // The last chunk may reach beyond the range.
        let bound = Int64(clamping: range.upperBound)
            .addingReportingOverflow(Int64(LedgerChunk.maximumEntries))
        var entries: [LedgerEntry] = []
        try selectChunks.forEachRow([.integer(lower), .integer(bound.overflow ? .max : bound.partialValue)]) {
            (row) throws(StoreError) in try row.chunk().unpack(range, into: &entries)
        }
        return entries
    }

    /// The chunk that holds the entry `index`, which is known to be there.
    func chunk(holding index: UInt64) throws(StoreError) -> LedgerChunk {
        let chunks = try selectChunk.rows(.integer(try Int64(counter: index))) { (row) throws(StoreError) in
            try row.chunk()
        }
        guard let chunk = chunks.first else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return chunk
    }

    /// The last chunk that ends in `range`.
    func newestChunk(_ range: Range<UInt64>) throws(StoreError) -> LedgerChunk? {
        try selectNewestChunk.rows(
            .integer(Int64(clamping: range.lowerBound)), .integer(Int64(clamping: range.upperBound))
        ) { (row) throws(StoreError) in try row.chunk() }.first
    }

    /// The row of a full segment that holds `hash`; empty when there is none.
    func postings(_ segment: UInt64, _ hash: UInt32) throws(StoreError) -> [UInt8] {
        try selectPostings.rows(.integer(TermSegment.key(segment, hash))) { (row) throws(StoreError) in
            try row.blob(0)
        }.first ?? []
    }

    /// Numbers of full segments with times in the range, newest first, some at a time.
    func segments(below limit: UInt64, since: Timestamp?, until: Timestamp?) throws(StoreError) -> [UInt64] {
        // One that begins at `until` itself is read for nothing.
        try selectSegments.rows(
            .integer(Int64(clamping: limit)), .integer(since?.milliseconds ?? .min),
            .integer(until?.milliseconds ?? .max), .integer(Int64(Self.segmentStep))
        ) { (row) throws(StoreError) in try Self.checked(try row.counter(0)) }
    }

    /// How many segments are full.
    func segmentCount() throws(StoreError) -> UInt64 {
        let last = try selectLastSegment.rows { (row) throws(StoreError) in
            row.isNull(0) ? nil : try Self.checked(try row.counter(0))
        }
        return last.first.flatMap { $0 }.map { $0 + 1 } ?? 0
    }

    /// A number whose segment can lie within a ledger, so that sums with it stay within 64 bits.
    private static func checked(_ number: UInt64) throws(StoreError) -> UInt64 {
        guard number < StoreLimits.counter / TermSegment.width else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return number
    }
}

extension SQLiteStatement {
    func chunk() throws(StoreError) -> LedgerChunk {
        LedgerChunk(last: try counter(0), bytes: try blob(1))
    }
}
