internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization

/// The connection with which one of several brokers commits, made anew when it broke.
///
/// Whoever has the head's row locked has the turn: what is committed stands in the order of the turns, and each commit
/// leaves a row that tells the others what it changed.
final class PostgresSharedWriter {
    /// The head's `writer` while the store is shared; a broker that has it for itself puts its own number there.
    static let everybody: Int64 = 0
    /// Commits that one question answers.
    static let step = 1000

    private static let takeTurn = PostgresStatement(
        "turn",
        """
        SELECT serial, writer, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM mayfly_head
        WHERE id = 1 FOR UPDATE
        """)
    private static let since = PostgresStatement(
        "since",
        """
        SELECT serial, revision, size, frontier, changes FROM mayfly_commit
        WHERE serial >= $1 ORDER BY serial LIMIT \(step + 1)
        """, .integer)
    private static let open = PostgresStatement(
        "open", "UPDATE mayfly_head SET writer = 0 WHERE id = 1 RETURNING serial, term_key")
    private static let note = PostgresStatement(
        "note",
        """
        INSERT INTO mayfly_commit (serial, revision, size, frontier, made, changes) VALUES ($1, $2, $3, $4,
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint, $5)
        """, .integer, .integer, .integer, .blob, .blob)
    private static let tell = PostgresStatement(
        "tell", "SELECT pg_notify('mayfly_' || 'mayfly_head'::regclass::oid, 'r' || $1::text)", .integer)

    private let place: PostgresPlace
    private var connection: PostgresConnection?
    /// The head that is locked in the transaction that is open; nil when it is not our turn.
    private var turn: StoreHead?
    /// Whether the connection's server passes calls on.
    private var canTell = true
    /// How many commits there were when this broker came.
    private let opened: UInt64
    let hash: TermHash
    /// The terms of the newest entries, which the stored index does not have yet.
    let tail: TermTail
    let standing = PostgresStanding()

    /// Connects to a store whose tables are there; throws `.conflict` while a broker has it for itself, and
    /// `.otherLease`.
    init(_ place: PostgresPlace, terms: LeaseTerms) throws(StoreError) {
        self.place = place
        try PostgresLease.settle(terms, at: place)
        let deadline = ContinuousClock.now + PostgresWriter.patience
        let connection: PostgresConnection
        (connection, canTell) = try Self.connect(place, by: deadline)
        let opened = try connection.ask(Self.open(), by: deadline)
        guard opened.count == 1 else { throw .damaged }
        self.opened = try opened.counter(0, 0)
        hash = TermHash(key: try opened.integer(0, 1))
        // One state for the index and for the entries after it.
        try connection.execute(["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"], by: deadline)
        tail = TermTail(try PostgresLedgerRows(connection).unfinishedSegment(hash))
        try connection.execute(["COMMIT"], by: deadline)
        self.connection = connection
    }

    private static let statements =
        [
            PostgresWriter.begin, PostgresWriter.commit, PostgresWriter.move, PostgresLock.line, takeTurn, since, open,
            note,
        ]
        + PostgresBatch.statements + PostgresLedgerRows.statements

    private static func connect(
        _ place: PostgresPlace, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> (connection: PostgresConnection, canTell: Bool) {
        let connection = try connect(place, "mayfly-shared-writer", statements, by: deadline)
        guard try PostgresNotice.isThere(connection, by: deadline) else { return (connection, false) }
        try connection.prepare([tell], by: deadline)
        return (connection, true)
    }

    /// Connects as `name` to what brokers share, and has `statements` prepared.
    static func connect(
        _ place: PostgresPlace, _ name: String, _ statements: [PostgresStatement],
        by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> PostgresConnection {
        guard deadline - .now >= .seconds(PostgresConnection.connectTimeout) else { throw .noAnswer }
        let connection = try PostgresConnection(place, name: name)
        try PostgresSchema.configure(
            connection,
            [
                ("statement_timeout", "0"), ("lock_timeout", "3000"),
                // A node that stands still in its turn holds up all others.
                ("idle_in_transaction_session_timeout", "1000"),
                ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "2"), ("tcp_keepalives_count", "2"),
            ], by: deadline)
        try PostgresSchema.upgrade(connection, by: deadline)
        try PostgresSchema.verify(connection, by: deadline)
        guard try PostgresLock.share(connection, by: deadline) else { throw .conflict }
        try connection.prepare(statements, by: deadline)
        return connection
    }

    private func settled(by deadline: ContinuousClock.Instant) throws(StoreError) -> PostgresConnection {
        if standing.isFenced { throw .conflict }
        if let connection { return connection }
        let connection: PostgresConnection
        (connection, canTell) = try Self.connect(place, by: deadline)
        self.connection = connection
        turn = nil
        return connection
    }

    /// Runs `body` on the connection, and once more on a new one when the old one turns out to be dead.
    ///
    /// Only for what may be done twice.
    private func trying<Value>(
        by deadline: ContinuousClock.Instant, _ body: (PostgresConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let known = try settled(by: deadline)
        do throws(StoreError) {
            return try body(known)
        } catch {
            guard known.isLost else { throw error }
            connection = nil
            turn = nil
            guard error == .lostConnection else { throw error }
        }
        let fresh = try settled(by: deadline)
        do throws(StoreError) {
            return try body(fresh)
        } catch {
            if fresh.isLost { connection = nil }
            throw error
        }
    }

    // MARK: Turns

    func takeTurn(after head: StoreHead, by deadline: ContinuousClock.Instant) throws(StoreError) -> StoreTurn {
        let since = Self.since(.integer(try Int64(counter: head.commits)))
        let results = try trying(by: deadline) { (connection) throws(StoreError) in
            try connection.run([PostgresWriter.begin(), PostgresLock.line(), Self.takeTurn(), since], by: deadline)
        }
        turn = head
        do throws(StoreError) {
            guard results.count == 4, results[2].count == 1 else { throw .damaged }
            guard try results[2].integer(0, 1) == Self.everybody else { throw fenced(.conflict) }
            let stored = try results[2].counter(0, 0)
            // A database that was put back to an earlier state, or fell back to a standby that lacked some.
            guard stored >= head.commits else { throw fenced(.conflict) }
            let commits = try self.commits(results[3], after: head)
            let last = commits.last?.head ?? head
            guard last.commits == stored || commits.count >= Self.step else { throw fenced(.leftBehind) }
            turn = last
            return StoreTurn(
                commits: commits, isComplete: last.commits == stored,
                storeTime: Timestamp(milliseconds: try results[2].integer(0, 2)))
        } catch {
            endTurn()
            throw error
        }
    }

    func commits(after head: StoreHead, by deadline: ContinuousClock.Instant) throws(StoreError) -> [CommittedBatch] {
        let since = Self.since(.integer(try Int64(counter: head.commits)))
        let result = try trying(by: deadline) { (connection) throws(StoreError) in
            try connection.ask(since, by: deadline)
        }
        return try commits(result, after: head)
    }

    private func commits(_ rows: PostgresResult, after head: StoreHead) throws(StoreError) -> [CommittedBatch] {
        var commits: [CommittedBatch] = []
        // At the start the tail may be behind what was read of the store since.
        try advanceTail(to: head.ledgerSize)
        var last = head
        var isKnown = head.commits <= opened
        for row in 0..<rows.count {
            let found = StoreHead(
                revision: try rows.counter(row, 1), ledgerSize: try rows.counter(row, 2),
                frontier: try .init(joined: try rows.blob(row, 3)), commits: try rows.counter(row, 0))
            if row == 0, found.commits == head.commits {
                // The same commit as we know it, or the database was put back and has gone another way since.
                guard found == head else { throw fenced(.conflict) }
                isKnown = true
                continue
            }
            guard isKnown, found.commits == last.commits + 1 else { throw fenced(.leftBehind) }
            let (batch, terms) = try PostgresChanges.decode(try rows.blob(row, 4), head: found)
            if let terms, found.ledgerSize > tail.end { tail.advance(terms) }
            commits.append(batch)
            last = found
        }
        guard isKnown else { throw fenced(rows.count == 0 ? .conflict : .leftBehind) }
        return commits
    }

    /// Learns the terms of what others have appended from the ledger itself.
    private func advanceTail(to size: UInt64) throws(StoreError) {
        var start = tail.end
        guard size > start, let connection else { return }
        let rows = PostgresLedgerRows(connection)
        while start < size {
            let number = start / TermSegment.width
            let end = min(size, (number + 1) * TermSegment.width)
            var segment = TermSegment(number: number)
            let entries = try rows.entries(in: start..<end)
            guard entries.count == Int(clamping: end - start) else { throw .damaged }
            for entry in entries { segment.add(entry, hash) }
            tail.advance(segment)
            start = end
        }
    }

    func endTurn() {
        guard turn != nil, let connection else { return }
        turn = nil
        do throws(StoreError) {
            try connection.execute(["ROLLBACK"], by: .now + .seconds(1))
        } catch {
            self.connection = nil
        }
    }

    /// Commits in the turn that was taken; the turn ends, whatever comes of it.
    func write(_ batch: Batch, by deadline: ContinuousClock.Instant) throws(StoreError) {
        guard let stored = turn, let connection else { throw .conflict }
        do throws(StoreError) {
            let head = batch.head
            let serial = try Int64(counter: head.commits)
            guard head.commits == stored.commits + 1 else { throw .conflict }
            try batch.check(following: stored)
            let plan = try PostgresBatch(batch, serial: serial, hash, tail: tail)
            let numbers: [PostgresValue] = [
                .integer(try Int64(counter: head.revision)), .integer(try Int64(counter: head.ledgerSize)),
                .blob(head.frontier.flatMap(\.bytes)),
            ]
            let moved = PostgresStep(
                statement: PostgresWriter.move, values: [.integer(Self.everybody), .integer(serial - 1)] + numbers)
            let noted = PostgresStep(
                statement: Self.note,
                values: [.integer(serial)] + numbers + [.blob(try PostgresChanges.encode(batch, terms: plan.terms))])
            var steps = [moved] + plan.steps + [noted]
            if canTell, batch.movesRevision { steps.append(Self.tell(.integer(serial))) }
            turn = nil
            let results = try connection.run(steps + [PostgresWriter.commit()], by: deadline)
            guard results.first?.changed == 1 else { throw fenced(.damaged) }
            if let terms = plan.terms { tail.advance(terms) }
        } catch {
            if connection.isLost { self.connection = nil }
            endTurn()
            throw error
        }
    }

    private func fenced(_ error: StoreError) -> StoreError {
        standing.fence()
        return error
    }
}
