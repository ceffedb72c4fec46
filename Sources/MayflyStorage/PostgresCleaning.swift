internal import MayflyBroker
internal import MayflyModel

/// What takes the oldest things out, inside a transaction of the writer.
final class PostgresCleaning {
    static let statements = [
        deleteExpired, selectMarks, deleteMarks, selectLasts, deleteChunks, selectNewestSegment, deleteTerms,
        deleteSegments,
    ]

    private static let deleteExpired = PostgresStatement(
        "delete_expired",
        """
        DELETE FROM mayfly_record WHERE (kind, key) IN (
            SELECT kind, key FROM mayfly_record WHERE expires <= $1 ORDER BY expires LIMIT $2)
        """, .integer, .integer)
    private static let selectMarks = PostgresStatement(
        "select_marks", "SELECT id, expires FROM mayfly_mark ORDER BY id LIMIT $1", .integer)
    private static let deleteMarks = PostgresStatement(
        "delete_marks", "DELETE FROM mayfly_mark WHERE id <= $1", .integer)
    private static let selectLasts = PostgresStatement(
        "select_lasts", "SELECT last FROM mayfly_ledger WHERE last < $1 ORDER BY last LIMIT $2", .integer, .integer)
    private static let deleteChunks = PostgresStatement(
        "delete_chunks", "DELETE FROM mayfly_ledger WHERE last <= $1", .integer)
    private static let selectNewestSegment = PostgresStatement(
        "newest_segment", "SELECT coalesce(max(number), 0) FROM mayfly_segment")
    private static let deleteTerms = PostgresStatement(
        "delete_terms",
        "DELETE FROM mayfly_term WHERE id IN (SELECT id FROM mayfly_term WHERE id < $1 ORDER BY id LIMIT $2)",
        .integer, .integer)
    private static let deleteSegments = PostgresStatement(
        "delete_segments", "DELETE FROM mayfly_segment WHERE number < $1", .integer)

    /// Index rows that one run removes: as many as one segment has.
    private static let termStep = TermSegment.slots

    private let connection: PostgresConnection
    private let deadline: ContinuousClock.Instant

    init(_ connection: PostgresConnection, _ deadline: ContinuousClock.Instant) {
        (self.connection, self.deadline) = (connection, deadline)
    }

    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        let results = try connection.run(
            [
                Self.deleteExpired(.integer(moment.milliseconds), .integer(Int64(limit))),
                Self.selectMarks(.integer(Int64(limit))),
            ], by: deadline)
        guard results.count == 2 else { throw .damaged }
        let (removed, marks) = (results[0].changed, results[1])
        // Groups from the oldest on, up to the first that has not expired: those lie together.
        var groups = 0
        while groups < min(limit - removed, Int(marks.count)),
            try marks.integer(Int32(groups), 1) <= moment.milliseconds
        {
            groups += 1
        }
        if groups > 0 {
            try connection.run([Self.deleteMarks(.integer(try marks.integer(Int32(groups - 1), 0)))], by: deadline)
        }
        return removed + groups
    }

    /// Removes chunks that end below `end`, as many as make at most `limit` entries; answers how many entries went.
    ///
    /// Chunks go whole, so a few entries below the bound may stay. The index of a segment goes when none of its entries
    /// is left, except that of the newest full segment, which says where the next one begins.
    func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int {
        let chunks = limit / LedgerChunk.maximumEntries
        guard chunks > 0, let first = try PostgresLedgerRows(connection).start() else { return 0 }
        let found = try connection.run(
            [Self.selectLasts(.integer(Int64(clamping: end)), .integer(Int64(chunks))), Self.selectNewestSegment()],
            by: deadline)
        guard found.count == 2 else { throw .damaged }
        guard found[0].count > 0 else { return 0 }
        let last = try found[0].counter(found[0].count - 1, 0)
        let bound = min((last + 1) / TermSegment.width, try found[1].counter(0, 0))
        try connection.run(
            [
                Self.deleteChunks(.integer(Int64(clamping: last))),
                Self.deleteTerms(.integer(TermSegment.key(bound, 0)), .integer(Self.termStep)),
                Self.deleteSegments(.integer(Int64(clamping: bound))),
            ], by: deadline)
        return Int(clamping: last + 1 - min(first, last))
    }
}
