internal import MayflyBroker
internal import MayflyModel

/// What takes the oldest things out of a shared store, on a connection of its own: between a turn and its commit
/// nothing else may be said on the writer's.
final class PostgresSharedCleaner {
    /// The newest of the old commits stays: whoever has everything up to it finds it there.
    private static let forget = PostgresStatement(
        "forget",
        """
        DELETE FROM mayfly_commit WHERE serial IN (SELECT serial FROM mayfly_commit
            WHERE serial < (SELECT max(serial) FROM mayfly_commit
                WHERE made < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1)
            ORDER BY serial LIMIT 1000)
        """, .integer)

    private let place: PostgresPlace
    private let standing: PostgresStanding
    private var connection: PostgresConnection?

    init(_ place: PostgresPlace, standing: PostgresStanding) {
        (self.place, self.standing) = (place, standing)
    }

    /// Runs `body` on the connection, which is made when it is needed; whatever breaks it gives it up.
    private func with<Value>(
        _ body: (PostgresConnection, ContinuousClock.Instant) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        if standing.isFenced { throw .conflict }
        let deadline = ContinuousClock.now + PostgresWriter.patience
        let connection: PostgresConnection
        if let known = self.connection {
            connection = known
        } else {
            connection = try PostgresSharedWriter.connect(
                place, "mayfly-shared-cleaner",
                [PostgresWriter.begin, PostgresWriter.commit, PostgresBatch.delete, Self.forget]
                    + PostgresCleaning.statements
                    + PostgresLedgerRows.statements, by: deadline)
        }
        self.connection = connection
        do throws(StoreError) {
            return try body(connection, deadline)
        } catch {
            if connection.isLost { self.connection = nil }
            throw error
        }
    }

    func isDue(at moment: Timestamp) throws(StoreError) -> Bool {
        try with { (connection, deadline) throws(StoreError) in
            try PostgresCleaning.isDue(at: moment, connection, by: deadline)
        }
    }

    /// Runs `body` in a transaction in which nobody commits; it gets the ledger's size.
    func clean<Value>(
        _ body: (PostgresCleaning, UInt64) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try with { (connection, deadline) throws(StoreError) in
            try PostgresCleaning.transaction(as: PostgresSharedWriter.everybody, connection, by: deadline, body)
        }
    }

    /// Forgets what was said of commits that are older than `milliseconds`, a bounded number of them.
    func forgetCommits(olderThan milliseconds: Int64) throws(StoreError) {
        try with { (connection, deadline) throws(StoreError) in
            _ = try connection.ask(Self.forget(.integer(milliseconds)), by: deadline)
        }
    }
}
