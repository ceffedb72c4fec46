internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto

/// The rows of an SQLite file that nobody else writes.
final class SQLiteTables: StoreRows {
    private let path: String
    private let lock: StoreLock
    private let connection: SQLiteConnection

    /// Opens a file that is there, of any version this build knows, or makes a new one.
    init(path: String, mode: SQLiteStore.Mode) throws(StoreError) {
        if mode == .create { try SQLiteSchema.create(path: path) }
        let canonicalPath = try StoreFile.canonicalPath(path)
        lock = try StoreLock(path: canonicalPath + ".lock")
        let connection = try SQLiteConnection(path: canonicalPath, writable: true)
        try SQLiteSchema.upgrade(connection)
        try SQLiteSchema.verify(connection)
        try connection.execute("PRAGMA synchronous = FULL")
        self.path = canonicalPath
        self.connection = connection
    }

    func copiedHead() throws(StoreError) -> CopiedHead {
        CopiedHead(
            head: try SQLiteStatement(SQLiteStatement.selectHead, on: connection, kept: false).storedHead(),
            termKey: try connection.integer("SELECT term_key FROM head"))
    }

    func isEmpty() throws(StoreError) -> Bool {
        guard try copiedHead().head == StoreHead() else { return false }
        for table in StoreTable.allCases {
            guard try connection.integer("SELECT count(*) FROM \(table.rawValue)") == 0 else { return false }
        }
        return true
    }

    func forEachRow(
        of table: StoreTable, _ body: ([StoreCell]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let columns = table.columns
        let select = try SQLiteStatement(
            "SELECT \(table.columnList) FROM \(table.rawValue) ORDER BY \(table.keyList)", on: connection, kept: false)
        try select.forEachRow([]) { (row) throws(StoreError) in
            var cells: [StoreCell] = []
            for (index, column) in zip(Int32(0)..., columns) {
                if row.isNull(index) {
                    cells.append(.null)
                } else {
                    cells.append(
                        column.kind == .integer ? .integer(try row.integer(index)) : .blob(try row.blob(index)))
                }
            }
            try body(cells)
        }
    }

    func begin() throws(StoreError) { try connection.execute("BEGIN IMMEDIATE") }

    func add(_ rows: [[StoreCell]], to table: StoreTable) throws(StoreError) {
        let places = table.columns.map { _ in "?" }.joined(separator: ", ")
        let insert = try SQLiteStatement(
            "INSERT INTO \(table.rawValue) (\(table.columnList)) VALUES (\(places))", on: connection, kept: false)
        for row in rows {
            try insert.forEachRow(
                row.map { cell in
                    switch cell {
                    case .integer(let integer): .integer(integer)
                    case .blob(let blob): .blob(blob)
                    case .null: .null
                    }
                }
            ) { (_) throws(StoreError) in }
        }
    }

    func finish(_ head: CopiedHead) throws(StoreError) {
        try SQLiteStatement(
            "UPDATE head SET revision = ?, size = ?, frontier = ?, term_key = ?", on: connection, kept: false
        ).execute(
            .integer(try Int64(counter: head.head.revision)), .integer(try Int64(counter: head.head.ledgerSize)),
            .blob(head.head.frontier.flatMap(\.bytes)), .integer(head.termKey))
        try connection.execute("COMMIT")
    }

    func discard() {
        for suffix in ["", "-wal", "-shm", ".lock"] { unsafe unlink(path + suffix) }
    }
}
