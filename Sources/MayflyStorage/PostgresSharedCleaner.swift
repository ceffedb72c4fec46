internal import MayflyBroker
internal import MayflyModel

/// What takes the oldest things out of a shared store, on a connection of its own: between a turn and its commit
/// nothing else may be said on the writer's.
final class PostgresSharedCleaner {
    /// The newest of the old commits stays: whoever has everything up to it finds it there.
    static let forget = PostgresStatement(
        "forget",
        """
        DELETE FROM mayfly_commit WHERE serial < (SELECT max(serial) FROM mayfly_commit
            WHERE made < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1)
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
            connection = try PostgresSharedWriter.connect(place, by: deadline).connection
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

    /// Runs `body` in a transaction in which nobody commits.
    func clean<Value>(
        _ body: (PostgresCleaning, StoreHead) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try with { (connection, deadline) throws(StoreError) in
            let begun = try connection.run(
                [PostgresWriter.begin(), PostgresWriter.stay(.integer(PostgresSharedWriter.everybody))], by: deadline)
            guard begun.count == 2, begun[1].changed == 1 else { throw .damaged }
            let value: Value
            do throws(StoreError) {
                let size = try connection.execute(["SELECT size FROM mayfly_head WHERE id = 1"], by: deadline)
                value = try body(
                    PostgresCleaning(connection, deadline),
                    StoreHead(ledgerSize: try size.first?.counter(0, 0) ?? 0))
            } catch {
                if !connection.isLost { try connection.execute(["ROLLBACK"], by: deadline) }
                throw error
            }
            try connection.run([PostgresWriter.commit()], by: deadline)
            return value
        }
    }

    /// Forgets what was said of commits that are older than `milliseconds`.
    func forgetCommits(olderThan milliseconds: Int64) throws(StoreError) {
        try with { (connection, deadline) throws(StoreError) in
            _ = try connection.ask(Self.forget(.integer(milliseconds)), by: deadline)
        }
    }
}
