internal import MayflyBroker
internal import MayflyModel

/// What takes the oldest things out, inside a transaction of the writer.
final class PostgresCleaning {
    static let statements = [
        selectDue, selectExpired, selectMarks, deleteMarks, selectLasts, deleteChunks, selectNewestSegment, selectTerms,
        deleteTerms, deleteSegments, stay,
    ]

    private static let selectDue = PostgresStatement(
        "select_due",
        """
        SELECT CASE WHEN EXISTS (SELECT 1 FROM mayfly_record WHERE expires <= $1)
            OR (SELECT expires FROM mayfly_mark ORDER BY id LIMIT 1) <= $1 THEN 1 ELSE 0 END::bigint
        """, .integer)
    private static let selectExpired = PostgresStatement(
        "select_expired",
        "SELECT kind, key FROM mayfly_record WHERE expires <= $1 ORDER BY expires LIMIT $2", .integer, .integer)
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
    private static let selectTerms = PostgresStatement(
        "select_terms", "SELECT id FROM mayfly_term WHERE id < $1 ORDER BY id LIMIT $2", .integer, .integer)
    private static let deleteTerms = PostgresStatement(
        "delete_terms", "DELETE FROM mayfly_term WHERE id <= $1", .integer)
    private static let deleteSegments = PostgresStatement(
        "delete_segments", "DELETE FROM mayfly_segment WHERE number < $1", .integer)

    /// Index rows that one run removes: as many as one segment has.
    private static let termStep = TermSegment.slots

    private static let stay = PostgresStatement(
        "stay", "UPDATE mayfly_head SET writer = CASE WHEN writer = $1 THEN writer END WHERE id = 1 RETURNING size",
        .integer)

    /// Runs `body` in a transaction that only `writer`, by its number in the head, may commit.
    ///
    /// `body` gets the ledger's size.
    /// Throws `.conflict` when the head has another writer, or was taken away by someone. When the outcome is not known
    /// nothing is lost: what it removed means nothing, or stays for the next time.
    static func transaction<Value>(
        as writer: Int64, _ connection: PostgresConnection, by deadline: ContinuousClock.Instant,
        _ body: (PostgresCleaning, UInt64) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let begun = try connection.run([PostgresWriter.begin(), stay(.integer(writer))], by: deadline)
        let value: Value
        do throws(StoreError) {
            guard begun.count == 2, begun[1].count == 1 else { throw .conflict }
            value = try body(PostgresCleaning(connection, deadline), try begun[1].counter(0, 0))
        } catch {
            if !connection.isLost { try connection.execute(["ROLLBACK"], by: deadline) }
            throw error
        }
        try connection.run([PostgresWriter.commit()], by: deadline)
        return value
    }

    private let connection: PostgresConnection
    private let deadline: ContinuousClock.Instant

    init(_ connection: PostgresConnection, _ deadline: ContinuousClock.Instant) {
        (self.connection, self.deadline) = (connection, deadline)
    }

    /// Whether there is anything to remove, without a transaction: nearly every second there is nothing.
    static func isDue(
        at moment: Timestamp, _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Bool {
        try connection.ask(selectDue(.integer(moment.milliseconds)), by: deadline).integer(0, 0) == 1
    }

    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
        let results = try connection.run(
            [
                Self.selectExpired(.integer(moment.milliseconds), .integer(Int64(limit))),
                Self.selectMarks(.integer(Int64(limit))),
            ], by: deadline)
        guard results.count == 2 else { throw .damaged }
        let (records, marks) = (results[0], results[1])
        // By their keys: how a subquery is joined depends on what the server believes of the table's size.
        var steps: [PostgresStep] = []
        for row in 0..<records.count {
            steps.append(PostgresBatch.delete(.integer(try records.integer(row, 0)), .blob(try records.blob(row, 1))))
        }
        // Groups from the oldest on, up to the first that has not expired: those lie together.
        var groups: Int32 = 0
        while groups < min(Int32(clamping: limit) - records.count, marks.count),
            try marks.integer(groups, 1) <= moment.milliseconds
        {
            groups += 1
        }
        if groups > 0 { steps.append(Self.deleteMarks(.integer(try marks.integer(groups - 1, 0)))) }
        try connection.run(steps, by: deadline)
        return Int(records.count + groups)
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
        let terms = try connection.ask(
            Self.selectTerms(.integer(TermSegment.key(bound, 0)), .integer(Self.termStep)), by: deadline)
        var steps = [
            Self.deleteChunks(.integer(Int64(clamping: last))), Self.deleteSegments(.integer(Int64(clamping: bound))),
        ]
        if terms.count > 0 { steps.append(Self.deleteTerms(.integer(try terms.integer(terms.count - 1, 0)))) }
        try connection.run(steps, by: deadline)
        return Int(clamping: last + 1 - min(first, last))
    }
}
