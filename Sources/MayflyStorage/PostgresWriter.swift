internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization

/// The one connection that writes, made anew when it broke.
///
/// Three things keep the ledger to one writer. A lock of the session says at a start whether another broker is at work.
/// Each connection that takes over puts a new number into the head's `writer`, and every transaction checks it there:
/// whoever was there before, a second broker or a connection of ours that the server has not noticed to be dead,
/// changes nothing any more. And a commit moves the head from the very point that it was prepared for, or fails.
///
/// A class, because what a structure owns alone cannot be given up when its initializer throws half-way.
final class PostgresWriter {
    /// How long one call works before it gives up.
    static let patience = Duration.seconds(5)

    static let begin = PostgresStatement("begin", "BEGIN ISOLATION LEVEL READ COMMITTED")
    static let commit = PostgresStatement("commit", "COMMIT")
    private static let look = PostgresStatement(
        "look", "SELECT revision, size, frontier, serial, term_key FROM mayfly_head WHERE id = 1")
    /// Takes the store over from whoever has it.
    private static let claim = PostgresStatement(
        "claim",
        """
        UPDATE mayfly_head SET writer = $1 WHERE id = 1 RETURNING revision, size, frontier, serial, term_key
        """, .integer)
    // Where a head is not what it must be, the new value is NULL, which the column refuses: so an error ends the
    // transaction, and the steps that were sent behind it are not run.
    /// Takes the store over from an earlier connection of this writer.
    private static let reclaim = PostgresStatement(
        "reclaim",
        """
        UPDATE mayfly_head SET writer = CASE WHEN writer = $1 OR writer = $2 THEN $2 END WHERE id = 1
        RETURNING revision, size, frontier, serial, term_key
        """, .integer, .integer)
    static let move = PostgresStatement(
        "move",
        """
        UPDATE mayfly_head SET serial = CASE WHEN writer = $1 AND serial = $2 THEN serial + 1 END,
            revision = $3, size = $4, frontier = $5
        WHERE id = 1
        """, .integer, .integer, .integer, .integer, .blob)

    private let place: PostgresPlace
    /// The session's own name, by which a connection that the server still holds for us is found again.
    private let name: String
    private var connection: PostgresConnection?
    private var head: StoreHead
    /// How many commits there were.
    private var serial: Int64
    /// The value of the head's `writer` that is ours.
    private var turn: Int64
    /// The one that it gets at the next takeover, the same until the answer to that has come: it may have been done.
    private var nextTurn = PostgresWriter.drawTurn()
    /// The terms of the commit after `serial`, which may have been kept.
    private var unsettled: TermSegment?
    /// How this store hashes terms.
    let hash: TermHash
    /// The terms of the newest entries, which the stored index does not have yet.
    let tail: TermTail
    let standing: PostgresStanding

    /// Connects to a store whose tables are there; one that is not to be taken over refuses every commit.
    init(_ place: PostgresPlace, standing: PostgresStanding, takesOver: Bool) throws(StoreError) {
        self.place = place
        self.standing = standing
        name = "mayfly-writer-" + String(UInt64.random(in: 0 ... .max), radix: 16)
        let deadline = ContinuousClock.now + Self.patience
        let connection = try Self.connect(place, name, by: deadline)
        try PostgresSchema.upgrade(connection, by: deadline)
        try PostgresSchema.verify(connection, by: deadline)
        // A process that was killed just now may live on for a moment in the server.
        guard try PostgresLock.take(connection, by: deadline, waiting: true) else { throw .conflict }
        if takesOver { try PostgresLease.end(connection) }
        try connection.prepare(Self.statements, by: .now + Self.patience)
        // No head has a negative number.
        turn = takesOver ? Self.drawTurn() : -1
        let found = try Claim(
            try connection.ask(takesOver ? Self.claim(.integer(turn)) : Self.look(), by: .now + Self.patience))
        (head, serial) = (found.head, found.serial)
        hash = TermHash(key: found.termKey)
        tail = TermTail(try PostgresLedgerRows(connection).unfinishedSegment(hash))
        self.connection = connection
    }

    private static func drawTurn() -> Int64 { Int64.random(in: 1 ... .max) }

    private static let statements =
        [begin, commit, look, claim, reclaim, move] + PostgresBatch.statements + PostgresCleaning.statements
        + PostgresLedgerRows.statements

    /// Connects and sets the session up.
    ///
    /// It has no limit for a statement: that would also cut off the wait for a standby that must have a commit too, and
    /// the server would then call the commit done. The limit is ours, and a connection that does not keep it is given
    /// up.
    private static func connect(
        _ place: PostgresPlace, _ name: String, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> PostgresConnection {
        guard deadline - .now >= .seconds(PostgresConnection.connectTimeout) else { throw .noAnswer }
        let connection = try PostgresConnection(place, name: name)
        try PostgresSchema.configure(
            connection,
            [
                ("statement_timeout", "0"), ("lock_timeout", "3000"),
                ("idle_in_transaction_session_timeout", "10000"),
                // The server notices by itself that this machine is gone, and lets another broker have the store.
                ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "3"), ("tcp_keepalives_count", "3"),
            ], by: deadline)
        return connection
    }

    /// What the head says to whoever takes the store over.
    private struct Claim {
        let head: StoreHead
        let serial: Int64
        let termKey: Int64

        init(_ row: PostgresResult) throws(StoreError) {
            head = try row.head()
            serial = try row.integer(0, 3)
            guard (0..<Int64.max / 2).contains(serial) else { throw .damaged }
            termKey = try row.integer(0, 4)
        }
    }

    /// The head, once it is certain: a commit whose answer was lost has been kept, or never will be.
    func settledHead(by deadline: ContinuousClock.Instant) throws(StoreError) -> StoreHead {
        _ = try settled(by: deadline)
        return head
    }

    /// The connection; a new one when the old one broke.
    private func settled(by deadline: ContinuousClock.Instant) throws(StoreError) -> PostgresConnection {
        if standing.isFenced { throw .conflict }
        if let connection { return connection }
        let connection = try Self.connect(place, name, by: deadline)
        try PostgresSchema.verify(connection, by: deadline)
        try connection.prepare(Self.statements, by: deadline)
        if try !PostgresLock.take(connection, by: deadline) {
            // The server may not know yet that our last connection is dead; anybody else who holds the lock takes the
            // store over.
            try PostgresLock.end(name, connection, by: deadline)
            guard try PostgresLock.take(connection, by: deadline, waiting: true) else { throw .conflict }
        }
        let found: Claim
        do throws(StoreError) {
            // This waits for a transaction of the old connection that has come to the head, and fails any that has not.
            found = try Claim(try connection.ask(Self.reclaim(.integer(turn), .integer(nextTurn)), by: deadline))
        } catch {
            if error == .conflict { standing.fence() }
            throw error
        }
        (turn, nextTurn) = (nextTurn, Self.drawTurn())
        switch found.serial - serial {
        case 0: break
        case 1:
            if let unsettled { tail.advance(unsettled) }
        default:
            // The turn is ours, and so is every commit: a database was put back to an earlier state.
            standing.fence()
            throw .conflict
        }
        (head, serial) = (found.head, found.serial)
        unsettled = nil
        self.connection = connection
        standing.settled()
        return connection
    }

    func write(_ batch: Batch, by deadline: ContinuousClock.Instant) throws(StoreError) {
        _ = try settled(by: deadline)
        try batch.check(following: head)
        let before = serial
        let plan = try PostgresBatch(batch, serial: serial + 1, hash, tail: tail)
        let move: [PostgresValue] = [
            .integer(try Int64(counter: batch.head.revision)), .integer(try Int64(counter: batch.head.ledgerSize)),
            .blob(batch.head.frontier.flatMap(\.bytes)),
        ]
        // A connection that stood idle may turn out to be dead, for example since the database was started again.
        for isLastTry in [false, true] {
            let connection = try settled(by: deadline)
            // The answer to the last try was lost, but not the commit.
            if serial != before { return }
            let moved = PostgresStep(statement: Self.move, values: [.integer(turn), .integer(serial)] + move)
            do throws(StoreError) {
                let results = try connection.run([Self.begin(), moved] + plan.steps + [Self.commit()], by: deadline)
                try checkMoved(results)
                (head, serial) = (batch.head, serial + 1)
                if let terms = plan.terms { tail.advance(terms) }
                return
            } catch {
                try failed(error, connection)
                unsettled = plan.terms
                if isLastTry || error == .noAnswer { throw error }
            }
        }
    }

    /// Throws what a failure means when nothing was kept; returns when that is not known.
    private func failed(_ error: StoreError, _ connection: PostgresConnection) throws(StoreError) {
        guard connection.isLost else {
            // Nothing but the head's own checks refuses what keeps the contract: it is not ours any more.
            if error == .conflict { standing.fence() }
            throw error
        }
        self.connection = nil
        standing.unsettle()
    }

    /// A head that is not there was taken away by someone.
    private func checkMoved(_ results: [PostgresResult]) throws(StoreError) {
        guard results.count > 1, results[1].changed == 1 else {
            standing.fence()
            throw .damaged
        }
    }

    /// Whether something has expired.
    func isDue(at moment: Timestamp, by deadline: ContinuousClock.Instant) throws(StoreError) -> Bool {
        let connection = try settled(by: deadline)
        do throws(StoreError) {
            return try PostgresCleaning.isDue(at: moment, connection, by: deadline)
        } catch {
            if connection.isLost { try failed(error, connection) }
            throw error
        }
    }

    /// Runs `body` in a transaction that only the store's writer may commit; it gets the ledger's size.
    func clean<Value>(
        by deadline: ContinuousClock.Instant, _ body: (PostgresCleaning, UInt64) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let connection = try settled(by: deadline)
        do throws(StoreError) {
            return try PostgresCleaning.transaction(as: turn, connection, by: deadline, body)
        } catch {
            if connection.isLost { try failed(error, connection) }
            if error == .conflict { standing.fence() }
            throw error
        }
    }
}

/// How a writer stands, for those who must not wait for it.
final class PostgresStanding: Sendable {
    private let isConnected = Atomic(true)
    private let wasFenced = Atomic(false)

    /// Whether the head that is stored is the one that the last answer spoke of.
    var isSettled: Bool { isConnected.load(ordering: .acquiring) }
    /// Whether another writer has taken the store over, for good.
    var isFenced: Bool { wasFenced.load(ordering: .acquiring) }

    func settled() { isConnected.store(true, ordering: .releasing) }
    func unsettle() { isConnected.store(false, ordering: .releasing) }
    func fence() { wasFenced.store(true, ordering: .releasing) }
}
