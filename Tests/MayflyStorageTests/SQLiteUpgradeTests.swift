import MayflyBroker
import MayflyCrypto
import MayflyModel
import Testing

@testable import MayflyStorage

@Suite("What a file of the first version becomes")
struct SQLiteUpgradeTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let terms = LedgerTerms(event: "token.issued", outcome: "ok", agent: "agent:a", task: "a task")

    /// The first version's tables and stamps.
    private static let first = [
        "PRAGMA journal_mode = WAL",
        """
        CREATE TABLE head (
            id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, size INTEGER NOT NULL,
            frontier BLOB NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE record (
            kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires INTEGER, PRIMARY KEY (kind, key)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX record_expires ON record (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE ledger (
            idx INTEGER PRIMARY KEY, time INTEGER NOT NULL, leaf BLOB NOT NULL, bytes BLOB NOT NULL,
            event TEXT NOT NULL, outcome TEXT NOT NULL, agent TEXT, owner TEXT, resource TEXT, task TEXT, trace TEXT,
            token TEXT
        ) STRICT
        """,
        "CREATE INDEX ledger_task ON ledger (task) WHERE task IS NOT NULL",
        """
        CREATE TABLE subtree (
            level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
        ) STRICT, WITHOUT ROWID
        """,
        "PRAGMA application_id = 1298233702",
        "PRAGMA user_version = 1",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("store")
    }

    private func all(_ count: Int) -> [LedgerEntry] {
        (0..<UInt64(count)).map { entry($0, $0 % 1000 == 1 ? terms : LedgerTerms(event: "e", outcome: "ok")) }
    }

    private func makeFirst(entries count: Int) throws {
        try Files.write([], to: path)
        let connection = try SQLiteConnection(path: path, writable: true)
        for statement in Self.first { try connection.execute(statement) }
        try connection.execute("BEGIN")
        try SQLiteStatement("INSERT INTO head VALUES (1, 4, ?, ?)", on: connection)
            .execute(.integer(Int64(count)), .blob(digest("edge").bytes))
        let append = try SQLiteStatement(
            "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, 'ok', NULL, NULL, NULL, ?, NULL, NULL)", on: connection)
        for entry in all(count) {
            try append.execute(
                .integer(Int64(entry.index)), .integer(entry.time.milliseconds), .blob(entry.leafHash.bytes),
                .blob(entry.bytes), .text(entry.terms.event), .text(orNull: entry.terms.task))
        }
        try connection.execute("INSERT INTO record VALUES (6, x'61', x'62', NULL)")
        let put = try SQLiteStatement("INSERT INTO record VALUES (9, ?, x'7B7D', ?)", on: connection)
        for number in 0..<1500 { try put.execute(.blob(digest("\(number)").bytes), .integer(Int64(number))) }
        try connection.execute("COMMIT")
    }

    @Test("it holds what it held, and goes on", arguments: [0, 3, 4096, 5000])
    func upgrade(_ count: Int) throws {
        try makeFirst(entries: count)
        for _ in 0..<2 {
            let store = try SQLiteStore(path: path, mode: .open)
            let expected = StoreHead(revision: 4, ledgerSize: UInt64(count), frontier: [digest("edge")])
            #expect(try store.head() == expected)
            #expect(try store.values() == ["b"])
            #expect(Set(try store.marks()) == Set((0..<1500).map { mark("\($0)", expiresAt: $0) }))
            #expect(try store.ledgerEntries(in: 0..<9999) == all(count))
            var query = LedgerQuery()
            query.task = "a task"
            let found = try store.ledgerEntries(matching: query).map(\.index)
            #expect(found == (0..<UInt64(count)).filter { $0 % 1000 == 1 }.reversed())
        }
        let store = try SQLiteStore(path: path, mode: .open)
        try store.append(count: 5000)
        #expect(try store.ledgerEntries(in: 0..<99_999).count == count + 5000)
        #expect(try store.removeExpired(at: Timestamp(milliseconds: 1499), limit: 10) == 2)
        #expect(try store.marks().isEmpty)
    }

    @Test("one that misses entries is refused and left as it was")
    func damaged() throws {
        try makeFirst(entries: 10)
        do {
            let connection = try SQLiteConnection(path: path, writable: true)
            try connection.execute("DROP TABLE ledger")
        }
        for _ in 0..<2 {
            let error = #expect(throws: StoreError.self) { _ = try SQLiteStore(path: path, mode: .open) }
            guard case .corrupt? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        let connection = try SQLiteConnection(path: path, writable: false)
        #expect(try connection.integer("PRAGMA user_version") == 1)
        #expect(try connection.integer("SELECT count(*) FROM record") == 1501)
    }
}
