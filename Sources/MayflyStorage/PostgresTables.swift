internal import MayflyBroker
internal import MayflyCrypto

/// The rows of a PostgreSQL store that nobody else writes.
final class PostgresTables: StoreRows {
    /// What a copy waits for one group of rows.
    private static let patience = Duration.seconds(60)

    /// Holds the store's lock; nothing is written through it.
    private let store: PostgresStore
    private let connection: PostgresConnection
    /// A transaction of its own reads, while the other one writes.
    private let reading: PostgresConnection

    private static let selectHead = PostgresStatement(
        "head", "SELECT revision, size, frontier, term_key FROM mayfly_head WHERE id = 1")
    private static let finishHead = PostgresStatement(
        "finish_head",
        """
        UPDATE mayfly_head SET revision = $1, size = $2, frontier = $3, term_key = $4,
            serial = coalesce((SELECT max(id) FROM mayfly_mark), 0)
        WHERE id = 1
        """, .integer, .integer, .blob, .integer)

    init(_ place: PostgresPlace, mode: PostgresStore.Mode) throws(StoreError) {
        store = try PostgresStore(place, mode: mode)
        var connections: [PostgresConnection] = []
        for _ in 0..<2 {
            let connection = try PostgresConnection(place, name: "mayfly-copy")
            let deadline = ContinuousClock.now + Self.patience
            try PostgresSchema.configure(
                connection,
                [
                    ("lock_timeout", "3000"),
                    // By the index: sorting a large table would take longer than the first row is waited for.
                    ("enable_seqscan", "off"), ("enable_sort", "off"),
                ], by: deadline)
            try connection.prepare(
                [Self.selectHead, Self.finishHead] + StoreTable.allCases.flatMap { [$0.select, $0.insert] },
                by: deadline)
            connections.append(connection)
        }
        (connection, reading) = (connections[0], connections[1])
    }

    func copiedHead() throws(StoreError) -> CopiedHead {
        let row = try reading.ask(Self.selectHead(), by: .now + Self.patience)
        return CopiedHead(head: try row.head(), termKey: try row.integer(0, 3))
    }

    func isEmpty() throws(StoreError) -> Bool {
        guard try copiedHead().head == StoreHead() else { return false }
        let counts = try reading.execute(
            StoreTable.allCases.map { "SELECT count(*) FROM mayfly_\($0.rawValue)" }, by: .now + Self.patience)
        for count in counts {
            guard try count.integer(0, 0) == 0 else { return false }
        }
        return true
    }

    func forEachRow(
        of table: StoreTable, _ body: ([StoreCell]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let columns = table.columns
        try reading.forEachRow(PostgresStep(statement: table.select, values: []), patience: Self.patience) {
            (row) throws(StoreError) in
            var cells: [StoreCell] = []
            for (index, column) in zip(Int32(0)..., columns) {
                if row.isNull(0, index) {
                    cells.append(.null)
                } else {
                    cells.append(
                        column.kind == .integer ? .integer(try row.integer(0, index)) : .blob(try row.blob(0, index)))
                }
            }
            try body(cells)
        }
    }

    func begin() throws(StoreError) { try connection.execute(["BEGIN"], by: .now + Self.patience) }

    func add(_ rows: [[StoreCell]], to table: StoreTable) throws(StoreError) {
        let steps = rows.map { row in
            PostgresStep(
                statement: table.insert,
                values: row.map { cell in
                    switch cell {
                    case .integer(let integer): .integer(integer)
                    case .blob(let blob): .blob(blob)
                    case .null: .null
                    }
                })
        }
        try connection.run(steps, by: .now + Self.patience)
    }

    func finish(_ head: CopiedHead) throws(StoreError) {
        let moved = try connection.ask(
            Self.finishHead(
                .integer(try Int64(counter: head.head.revision)), .integer(try Int64(counter: head.head.ledgerSize)),
                .blob(head.head.frontier.flatMap(\.bytes)), .integer(head.termKey)), by: .now + Self.patience)
        guard moved.changed == 1 else { throw .damaged }
        try connection.execute(["COMMIT"], by: .now + Self.patience)
    }

    /// Empties the tables, where the connection still stands; without it the server has rolled back by itself.
    func discard() {
        guard !connection.isLost else { return }
        _ = try? connection.execute(
            ["ROLLBACK", "BEGIN"] + StoreTable.allCases.map { "DELETE FROM mayfly_\($0.rawValue)" } + [
                "UPDATE mayfly_head SET revision = 0, size = 0, frontier = '', serial = 0", "COMMIT",
            ], by: .now + Self.patience)
    }
}

extension StoreTable {
    fileprivate var select: PostgresStatement {
        PostgresStatement(
            "select_" + rawValue, "SELECT \(columnList) FROM mayfly_\(rawValue) ORDER BY \(keyList)")
    }

    fileprivate var insert: PostgresStatement {
        let places = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        return PostgresStatement(
            "insert_" + rawValue, "INSERT INTO mayfly_\(rawValue) (\(columnList)) VALUES (\(places))",
            kinds: columns.map(\.kind))
    }
}
