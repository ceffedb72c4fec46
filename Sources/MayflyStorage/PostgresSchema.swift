internal import Glibc
internal import MayflyBroker

/// The tables, and how a database is known to hold them.
///
/// They are those of the SQLite file, row for row, under names that begin with `mayfly_`: in the first schema of the
/// connection's `search_path`, so one database can hold several stores.
enum PostgresSchema {
    /// The newest version that this build knows.
    static let version: Int64 = 2

    /// Held while tables are made or changed: "Mayfly" as a number.
    private static let lock = "SELECT pg_advisory_xact_lock(85081043922041)"

    private static let find = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('mayfly_schema')"

    /// `writer` is a number of whoever took the store over last, and `serial` counts commits: both stand in for what a
    /// file's lock says, since a database can be reached by many, and its answer to a commit can get lost.
    private static let tables =
        [
            """
            CREATE TABLE mayfly_head (
                id bigint PRIMARY KEY CHECK (id = 1), revision bigint NOT NULL, size bigint NOT NULL,
                frontier bytea NOT NULL, term_key bigint NOT NULL, serial bigint NOT NULL, writer bigint NOT NULL
            )
            """,
            """
            CREATE TABLE mayfly_record (
                kind bigint NOT NULL, key bytea NOT NULL, value bytea NOT NULL, expires bigint, PRIMARY KEY (kind, key)
            )
            """,
            "CREATE INDEX mayfly_record_expires ON mayfly_record (expires) WHERE expires IS NOT NULL",
            """
            CREATE TABLE mayfly_subtree (
                level bigint NOT NULL, idx bigint NOT NULL, hash bytea NOT NULL, PRIMARY KEY (level, idx)
            )
            """,
            "CREATE TABLE mayfly_mark (id bigint PRIMARY KEY, expires bigint NOT NULL, marks bytea NOT NULL)",
            "CREATE TABLE mayfly_ledger (last bigint PRIMARY KEY, entries bytea NOT NULL)",
            "CREATE TABLE mayfly_term (id bigint PRIMARY KEY, postings bytea NOT NULL)",
            "CREATE TABLE mayfly_segment (number bigint PRIMARY KEY, earliest bigint NOT NULL, latest bigint NOT NULL)",
            "CREATE TABLE mayfly_schema (version bigint NOT NULL)",
            "INSERT INTO mayfly_schema VALUES (\(version))",
        ] + sharing

    /// What brokers need who share the store: the latest commits as others take them in, and who is there.
    private static let sharing = [
        """
        CREATE TABLE mayfly_commit (
            serial bigint PRIMARY KEY, revision bigint NOT NULL, size bigint NOT NULL, frontier bytea NOT NULL,
            made bigint NOT NULL, changes bytea NOT NULL
        )
        """,
        """
        CREATE TABLE mayfly_node (
            session bigint PRIMARY KEY, name bytea NOT NULL, address bytea NOT NULL, renewals bigint NOT NULL,
            applied bigint NOT NULL, joined bigint NOT NULL
        )
        """,
        // Milliseconds of every node's lease; 0 before the first node.
        "ALTER TABLE mayfly_head ADD COLUMN lease bigint NOT NULL DEFAULT 0",
        // What is older than this may use the tables that it knows, and does no harm.
        "ALTER TABLE mayfly_schema ADD COLUMN compatible bigint NOT NULL DEFAULT 2",
    ]

    /// The steps from each version to the next; none takes away what the version before needs.
    private static let upgrades: [Int64: [String]] = [1: sharing]

    /// Makes the tables where there are none, one process at a time; leaves what is there as it is.
    static func create(_ connection: PostgresConnection, by deadline: ContinuousClock.Instant) throws(StoreError) {
        try connection.execute(["BEGIN", lock], by: deadline)
        do throws(StoreError) {
            if try !isThere(connection, by: deadline) {
                let key = Int64.random(in: .min ... .max)
                try connection.execute(
                    tables + ["INSERT INTO mayfly_head VALUES (1, 0, 0, '', \(key), 0, 0)"], by: deadline)
            }
            try connection.execute(["COMMIT"], by: deadline)
        } catch {
            // Where the statement itself failed, the connection has left the transaction already.
            if !connection.isLost { try connection.execute(["ROLLBACK"], by: deadline) }
            throw error
        }
    }

    /// Brings the tables to this build's version, one process at a time; leaves them as they are when they have it.
    ///
    /// Throws unless the tables are there, and of a version that this build can use.
    static func upgrade(_ connection: PostgresConnection, by deadline: ContinuousClock.Instant) throws(StoreError) {
        guard try isThere(connection, by: deadline) else { throw .cannotOpen(code: -Int(ENOENT)) }
        guard try storedVersion(connection, by: deadline) < version else { return }
        try connection.execute(["BEGIN", lock], by: deadline)
        do throws(StoreError) {
            // Another process may have done it meanwhile.
            for step in try storedVersion(connection, by: deadline)..<version {
                guard let statements = upgrades[step] else { throw .damaged }
                try connection.execute(
                    statements + ["UPDATE mayfly_schema SET version = \(step + 1)"], by: deadline)
            }
            try connection.execute(["COMMIT"], by: deadline)
        } catch {
            if !connection.isLost { try connection.execute(["ROLLBACK"], by: deadline) }
            throw error
        }
    }

    /// At most this build's version: a newer one that says that this build may use it counts as that.
    private static func storedVersion(
        _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Int64 {
        let answer = try only(connection.execute(["SELECT * FROM mayfly_schema"], by: deadline))
        guard answer.count == 1 else { throw .damaged }
        let found = try answer.integer(0, 0)
        guard found > 0 else { throw .damaged }
        guard found > version else { return found }
        // Later versions have the column, in this place.
        guard try answer.integer(0, 1) <= version else { throw .newerSchema(found: Int(found), known: Int(version)) }
        return version
    }

    /// Throws unless the tables are there, of this build's version or one that it can use.
    static func verify(_ connection: PostgresConnection, by deadline: ContinuousClock.Instant) throws(StoreError) {
        guard try isThere(connection, by: deadline) else { throw .cannotOpen(code: -Int(ENOENT)) }
        guard try storedVersion(connection, by: deadline) == version else { throw .damaged }
        // The head says how long the ledger is, so a tail that was cut off shows at once.
        let check = "SELECT size - 1 - (SELECT coalesce(max(last), -1) FROM mayfly_ledger) FROM mayfly_head"
        let difference = try only(connection.execute([check], by: deadline))
        guard difference.count == 1, try difference.integer(0, 0) == 0 else { throw .damaged }
    }

    private static func isThere(
        _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Bool {
        try only(connection.execute([find], by: deadline)).integer(0, 0) == 1
    }

    private static func only(_ results: [PostgresResult]) throws(StoreError) -> PostgresResult {
        guard let result = results.first, results.count == 1 else { throw .damaged }
        return result
    }

    /// What every connection is set to: an answer to a commit means that it is on the disk.
    ///
    /// `limits` are further settings by name; milliseconds where they are times. Throws `.notDurable` when the server
    /// runs without `fsync`, or does not take the setting.
    static func configure(
        _ connection: PostgresConnection, _ limits: [(name: String, value: String)],
        by deadline: ContinuousClock.Instant
    ) throws(StoreError) {
        let settings = [("synchronous_commit", "on")] + limits.map { ($0.name, $0.value) }
        let answers = try connection.execute(
            settings.map { "SELECT set_config('\($0.0)', '\($0.1)', false)" } + [
                """
                SELECT count(*) FROM pg_settings
                WHERE name = 'synchronous_commit' AND setting = 'on' OR name = 'fsync' AND setting = 'on'
                """
            ], by: deadline)
        guard let durable = answers.last, try durable.integer(0, 0) == 2 else { throw .notDurable }
    }
}
