internal import MayflyBroker

/// The right to write a store, alone or as one of those who share it, as long as the session lives that took it.
///
/// It lies on the table of the head, so that two stores in one database have a lock each.
enum PostgresLock {
    /// "Mayf" in the upper half, the table in the lower.
    private static let key = "(1298233702::bigint << 32) | 'mayfly_head'::regclass::oid::bigint"

    /// Waits in line for the turn to commit; it ends with the transaction.
    ///
    /// The head's row alone would keep two turns apart as well, but whoever waits for a row that is changed has to
    /// begin again at its new version, and a busy broker would be there first every time.
    static let line = PostgresStatement(
        "line", "SELECT pg_advisory_xact_lock((1298233703::bigint << 32) | 'mayfly_head'::regclass::oid::bigint)")

    /// Milliseconds for which a session that is about to end may keep the lock from the next one.
    private static let grace = "1000"

    /// Answers whether this session has the lock now; with `waiting`, after `grace` at most.
    static func take(
        _ connection: PostgresConnection, by deadline: ContinuousClock.Instant, waiting: Bool = false
    ) throws(StoreError) -> Bool {
        if waiting {
            do throws(StoreError) {
                // One transaction: the limit is back where it was also when the lock was not to be had.
                try connection.execute(
                    [
                        "BEGIN", "SET LOCAL lock_timeout = \(grace)", "SELECT pg_advisory_lock(\(key))", "COMMIT",
                    ], by: deadline)
                return true
            } catch {
                guard error == .inputOutput(code: StoreError.sqlState("55P03")) else { throw error }
                return false
            }
        }
        let answers = try connection.execute(
            ["SELECT CASE WHEN pg_try_advisory_lock(\(key)) THEN 1 ELSE 0 END::bigint"], by: deadline)
        return try answers.first?.integer(0, 0) == 1
    }

    /// Takes it together with others who share it, while nobody has it alone; answers whether this session has it.
    static func share(
        _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try connection.execute(
                [
                    "BEGIN", "SET LOCAL lock_timeout = \(grace)", "SELECT pg_advisory_lock_shared(\(key))", "COMMIT",
                ], by: deadline)
            return true
        } catch {
            guard error == .inputOutput(code: StoreError.sqlState("55P03")) else { throw error }
            return false
        }
    }

    /// Ends the other sessions with this name, which nobody but this process has.
    static func end(
        _ name: String, _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) {
        try connection.execute(
            [
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = '\(name)' AND pid <> pg_backend_pid()
                """
            ], by: deadline)
    }
}
