internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto

/// A connection that only reads, made anew when it broke; each call sees one committed state.
final class PostgresReader {
    private static let selectHead = PostgresStatement(
        "head", "SELECT revision, size, frontier, serial FROM mayfly_head WHERE id = 1")
    private static let selectRecords = PostgresStatement(
        "records", "SELECT kind, key, value, expires FROM mayfly_record")
    private static let selectMarks = PostgresStatement("marks", "SELECT marks FROM mayfly_mark")
    private static let selectSubtrees = PostgresStatement(
        "subtrees",
        "SELECT idx, hash FROM mayfly_subtree WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx", .integer,
        .integer, .integer)

    private let place: PostgresPlace
    private var connection: PostgresConnection?

    init(_ place: PostgresPlace) throws(StoreError) {
        self.place = place
        connection = try Self.connect(place)
    }

    private static func connect(_ place: PostgresPlace) throws(StoreError) -> PostgresConnection {
        let connection = try PostgresConnection(place, name: "mayfly-reader")
        let deadline = ContinuousClock.now + PostgresConnection.patience
        try PostgresSchema.configure(
            connection,
            [
                ("default_transaction_read_only", "on"), ("lock_timeout", "3000"), ("statement_timeout", "120000"),
                ("idle_in_transaction_session_timeout", "60000"),
            ], by: deadline)
        try connection.prepare(
            [selectHead, selectRecords, selectMarks, selectSubtrees] + PostgresLedgerRows.statements, by: deadline)
        return connection
    }

    /// Runs `body` on the connection, and once more on a new one when the old one turns out to be broken.
    ///
    /// Whatever fails gives the connection up, in the middle of a transaction or not.
    private func read<Value>(
        _ body: (PostgresConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        if let connection {
            do throws(StoreError) {
                return try body(connection)
            } catch {
                self.connection = nil
                guard error == .lostConnection else { throw error }
            }
        }
        let connection = try Self.connect(place)
        let value = try body(connection)
        self.connection = connection
        return value
    }

    func head() throws(StoreError) -> StoreHead {
        try read { (connection) throws(StoreError) in try Self.head(connection) }
    }

    private static func head(_ connection: PostgresConnection) throws(StoreError) -> StoreHead {
        try connection.ask(selectHead(), by: .now + PostgresConnection.patience).head()
    }

    /// The head with the number of commits, as those need it who share the store.
    func sharedHead() throws(StoreError) -> StoreHead {
        try read { (connection) throws(StoreError) in
            let row = try connection.ask(Self.selectHead(), by: .now + PostgresConnection.patience)
            var head = try row.head()
            head.commits = try row.counter(0, 3)
            return head
        }
    }

    func ledgerStart() throws(StoreError) -> UInt64 {
        try read { (connection) throws(StoreError) in
            // The size first: what is appended in between is no start.
            let size = try Self.head(connection).ledgerSize
            return try PostgresLedgerRows(connection).start() ?? size
        }
    }

    /// What breaks half-way is not begun again: `body` has had some of it.
    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) {
        try forEachRow(Self.selectRecords()) { (row) throws(StoreError) in body(try row.record(0)) }
    }

    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) {
        try forEachRow(Self.selectMarks()) { (row) throws(StoreError) in
            try MarkGroup.forEach(in: try row.blob(0, 0), body)
        }
    }

    private func forEachRow(
        _ step: PostgresStep, _ body: (PostgresResult) throws(StoreError) -> Void
    ) throws(StoreError) {
        // An answer shows that the connection stands.
        _ = try head()
        do throws(StoreError) {
            try connection?.forEachRow(step, body)
        } catch {
            connection = nil
            throw error
        }
    }

    func entries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        let entries = try read { (connection) throws(StoreError) in
            try PostgresLedgerRows(connection).entries(in: range)
        }
        try Self.checkGapless(entries.lazy.map(\.index), from: range.lowerBound)
        return entries
    }

    func entries(matching query: LedgerQuery, hash: TermHash, tail: TermTail) throws(StoreError) -> [LedgerEntry] {
        try query.check()
        return try read { (connection) throws(StoreError) in
            var search = LedgerSearch(query, hash)
            let deadline = ContinuousClock.now + PostgresConnection.patience
            try connection.execute(["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"], by: deadline)
            try search.run(PostgresLedgerRows(connection), tail: tail)
            try connection.execute(["COMMIT"], by: .now + PostgresConnection.patience)
            return search.found
        }
    }

    func hashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        if level == 0 { return try entries(in: range).map(\.leafHash) }
        guard (1...StoreLimits.subtreeLevel).contains(level), !range.isEmpty,
            let lower = Int64(exactly: range.lowerBound)
        else { return [] }
        let step = Self.selectSubtrees(
            .integer(Int64(level)), .integer(lower), .integer(Int64(clamping: range.upperBound)))
        let nodes = try read { (connection) throws(StoreError) in
            let rows = try connection.ask(step, by: .now + PostgresConnection.patience)
            var nodes: [(index: UInt64, hash: SHA256Digest)] = []
            for row in 0..<rows.count { nodes.append((try rows.counter(row, 0), try rows.digest(row, 1))) }
            return nodes
        }
        try Self.checkGapless(nodes.lazy.map(\.index), from: range.lowerBound)
        return nodes.map(\.hash)
    }

    /// A row that is missing before or between others was taken away by someone.
    private static func checkGapless(_ indexes: some Sequence<UInt64>, from first: UInt64) throws(StoreError) {
        for (expected, index) in zip(first..., indexes) where index != expected { throw .damaged }
    }
}
