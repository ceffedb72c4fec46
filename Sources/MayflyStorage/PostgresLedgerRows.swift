internal import MayflyBroker
internal import MayflyModel

/// Ledger and index, as a connection that has prepared `statements` reads them.
final class PostgresLedgerRows: LedgerPages {
    static let statements = [
        selectChunk, selectChunks, selectNewestChunk, selectPostings, selectSegments, selectLastSegment,
        selectFirstChunk,
    ]

    private static let selectChunk = PostgresStatement(
        "chunk", "SELECT last, entries FROM mayfly_ledger WHERE last >= $1 ORDER BY last LIMIT 1", .integer)
    private static let selectChunks = PostgresStatement(
        "chunks", "SELECT last, entries FROM mayfly_ledger WHERE last >= $1 AND last < $2 ORDER BY last", .integer,
        .integer)
    private static let selectNewestChunk = PostgresStatement(
        "newest_chunk",
        "SELECT last, entries FROM mayfly_ledger WHERE last >= $1 AND last < $2 ORDER BY last DESC LIMIT 1", .integer,
        .integer)
    private static let selectPostings = PostgresStatement(
        "postings", "SELECT postings FROM mayfly_term WHERE id = $1", .integer)
    private static let selectSegments = PostgresStatement(
        "segments",
        """
        SELECT number FROM mayfly_segment WHERE number < $1 AND latest >= $2 AND earliest <= $3
        ORDER BY number DESC LIMIT $4
        """, .integer, .integer, .integer, .integer)
    private static let selectLastSegment = PostgresStatement(
        "last_segment", "SELECT number FROM mayfly_segment ORDER BY number DESC LIMIT 1")
    private static let selectFirstChunk = PostgresStatement(
        "first_chunk", "SELECT last, entries FROM mayfly_ledger ORDER BY last LIMIT 1")

    /// Segments that one reading answers.
    private static let segmentStep = 64

    private let connection: PostgresConnection
    private let patience: Duration

    init(_ connection: PostgresConnection, patience: Duration = PostgresConnection.patience) {
        (self.connection, self.patience) = (connection, patience)
    }

    private func ask(_ step: PostgresStep) throws(StoreError) -> PostgresResult {
        try connection.ask(step, by: .now + patience)
    }

    func start() throws(StoreError) -> UInt64? {
        try ask(Self.selectFirstChunk()).chunks().first?.first()
    }

    /// The entries with indexes in `range`, ascending, as far as they are stored.
    func entries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        guard !range.isEmpty, let lower = Int64(exactly: range.lowerBound) else { return [] }
        // The last chunk may reach beyond the range.
        let bound = Int64(clamping: range.upperBound).addingReportingOverflow(Int64(LedgerChunk.maximumEntries))
        let chunks = try ask(Self.selectChunks(.integer(lower), .integer(bound.overflow ? .max : bound.partialValue)))
            .chunks()
        var entries: [LedgerEntry] = []
        for chunk in chunks { try chunk.unpack(range, into: &entries) }
        return entries
    }

    func chunk(holding index: UInt64) throws(StoreError) -> LedgerChunk {
        guard let chunk = try ask(Self.selectChunk(.integer(try Int64(counter: index)))).chunks().first else {
            throw .damaged
        }
        return chunk
    }

    func newestChunk(_ range: Range<UInt64>) throws(StoreError) -> LedgerChunk? {
        try ask(
            Self.selectNewestChunk(
                .integer(Int64(clamping: range.lowerBound)), .integer(Int64(clamping: range.upperBound)))
        ).chunks().first
    }

    func postings(_ segment: UInt64, _ hash: UInt32) throws(StoreError) -> [UInt8] {
        let rows = try ask(Self.selectPostings(.integer(TermSegment.key(segment, hash))))
        return rows.count == 0 ? [] : try rows.blob(0, 0)
    }

    func segments(below limit: UInt64, since: Timestamp?, until: Timestamp?) throws(StoreError) -> [UInt64] {
        // One that begins at `until` itself is read for nothing.
        let rows = try ask(
            Self.selectSegments(
                .integer(Int64(clamping: limit)), .integer(since?.milliseconds ?? .min),
                .integer(until?.milliseconds ?? .max), .integer(Int64(Self.segmentStep))))
        var numbers: [UInt64] = []
        for row in 0..<rows.count { numbers.append(try Self.checked(try rows.counter(row, 0))) }
        return numbers
    }

    func segmentCount() throws(StoreError) -> UInt64 {
        let rows = try ask(Self.selectLastSegment())
        return rows.count == 0 ? 0 : try Self.checked(try rows.counter(0, 0)) + 1
    }

    /// The terms of the newest entries, which fill no segment yet.
    func unfinishedSegment(_ hash: TermHash) throws(StoreError) -> TermSegment {
        var segment = TermSegment(number: try segmentCount())
        let first = segment.number * TermSegment.width
        for entry in try entries(in: first..<first + TermSegment.width) { segment.add(entry, hash) }
        return segment
    }

    /// A number whose segment can lie within a ledger, so that sums with it stay within 64 bits.
    private static func checked(_ number: UInt64) throws(StoreError) -> UInt64 {
        guard number < StoreLimits.counter / TermSegment.width else { throw .damaged }
        return number
    }
}

extension PostgresResult {
    func chunks() throws(StoreError) -> [LedgerChunk] {
        var chunks: [LedgerChunk] = []
        for row in 0..<count { chunks.append(LedgerChunk(last: try counter(row, 0), bytes: try blob(row, 1))) }
        return chunks
    }

    /// Revision, size and frontier in the first three columns of the one row that `mayfly_head` has.
    func head() throws(StoreError) -> StoreHead {
        guard count == 1 else { throw .damaged }
        return StoreHead(
            revision: try counter(0, 0), ledgerSize: try counter(0, 1), frontier: try .init(joined: try blob(0, 2)))
    }

    func record(_ row: Int32) throws(StoreError) -> StoredRecord {
        guard let raw = Int(exactly: try integer(row, 0)), let kind = RecordKind(rawValue: raw) else { throw .damaged }
        let expiresAt = isNull(row, 3) ? nil : Timestamp(milliseconds: try integer(row, 3))
        return StoredRecord(
            key: RecordKey(kind: kind, key: try blob(row, 1)), value: try blob(row, 2), expiresAt: expiresAt)
    }
}

extension PostgresConnection {
    /// Runs one step.
    func ask(_ step: PostgresStep, by deadline: ContinuousClock.Instant) throws(StoreError) -> PostgresResult {
        guard let result = try run([step], by: deadline).first else { throw .damaged }
        return result
    }
}
