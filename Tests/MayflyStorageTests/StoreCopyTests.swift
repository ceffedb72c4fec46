import Glibc
import MayflyBroker
import MayflyCrypto
import MayflyLedger
import MayflyModel
import PostgresHarness
import Testing

@testable import MayflyStorage

@Suite("What a copy of a store into another kind promises")
struct StoreCopyTests {
    private let directory: TemporaryDirectory
    private let schema: PostgresSchemaPlace
    private var database: PostgresPlace { PostgresPlace(url: schema.url) }
    private var file: String { directory.file("store") }
    private var copy: String { directory.file("copy") }

    init() throws {
        directory = try TemporaryDirectory()
        schema = try PostgresServer.shared().place()
    }

    /// A store of all kinds of rows: a true tree, full segments of the index, and a beginning that was trimmed away.
    private func fill(_ store: any Store) throws {
        var frontier = MerkleFrontier()
        var size: UInt64 = 0
        for (commit, count) in [1, 300, 4000, 5000, 77].enumerated() {
            var batch = Batch(head: StoreHead())
            for index in size..<size + UInt64(count) {
                let made = entry(
                    index, LedgerTerms(event: "e", outcome: "ok", agent: "agent:\(index % 7)", task: "task \(index)"))
                for subtree in frontier.append(made.leafHash) {
                    batch.subtrees.append(LedgerSubtree(level: subtree.level, index: subtree.index, hash: subtree.hash))
                }
                batch.entries.append(made)
            }
            size += UInt64(count)
            batch.puts = [
                record("r\(commit)", "value", expiresAt: commit == 2 ? 7 : nil), record("same", "\(commit)"),
                StoredRecord(key: RecordKey(kind: .setting, key: [0xFF, 0, UInt8(commit)]), value: [0, 0xFF]),
                StoredRecord(key: RecordKey(kind: .setting, key: []), value: []),
            ]
            batch.marks = [mark("m\(commit)", expiresAt: Int64(commit)), mark("n\(commit)", expiresAt: .max)]
            batch.head = StoreHead(revision: UInt64(commit + 1), ledgerSize: size, frontier: frontier.hashes)
            try store.commit(batch)
        }
        while try store.trimLedger(below: 4500, limit: 2000) > 0 {}
    }

    /// What the store answers to whoever asks.
    private struct Everything: Equatable {
        let head: StoreHead
        let start: UInt64
        let records: [RecordKey: StoredRecord]
        let marks: Set<UsedMark>
        let entries: [LedgerEntry]
        let subtrees: [[UInt8]]
        let found: [UInt64]

        init(_ store: any Store) throws {
            head = try store.head()
            start = try store.ledgerStart()
            records = try store.records()
            marks = Set(try store.marks())
            entries = try store.ledgerEntries(in: start..<head.ledgerSize)
            subtrees = try (1...2).flatMap { try store.subtreeHashes(level: $0, in: 0..<999).map(\.bytes) }
            var query = LedgerQuery(limit: 1000)
            query.agent = "agent:3"
            found = try store.ledgerEntries(matching: query).map(\.index)
        }
    }

    @Test("a store goes into a database and back, and every answer and the next commit are the same")
    func roundTrip() throws {
        let original: Everything
        do {
            let store = try SQLiteStore(path: file, mode: .create)
            try fill(store)
            original = try Everything(store)
        }
        #expect(original.start > 4000 && original.found.count > 600, "\(original.start) \(original.found.count)")
        let there = try StoreCopy.run(from: .file(file), to: .postgres(database))
        #expect(there.head == original.head)
        #expect(there.rows.allSatisfy { $0.count > 0 })
        do {
            let store = try PostgresStore(database, mode: .open)
            #expect(try Everything(store) == original)
        }
        let back = try StoreCopy.run(from: .postgres(database), to: .file(copy))
        #expect(back.head == original.head)
        #expect(back.rows.map(\.count) == there.rows.map(\.count))
        let first = try SQLiteStore(path: file, mode: .open)
        let second = try PostgresStore(database, mode: .open)
        let third = try SQLiteStore(path: copy, mode: .open)
        #expect(try Everything(third) == original)
        var ends: [Everything] = []
        for store in [first, second, third] as [any Store] {
            try store.append(marks: [mark("late", expiresAt: 5)])
            try store.append(
                puts: [record("late")],
                terms: (0..<4100).map {
                    LedgerTerms(event: "e", outcome: "ok", agent: "agent:3", task: "late \($0)")
                })
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 100), limit: 99) == 1)
            ends.append(try Everything(store))
        }
        #expect(ends[0] == ends[1] && ends[0] == ends[2])
    }

    @Test("an empty store is copied, too")
    func empty() throws {
        do { _ = try SQLiteStore(path: file, mode: .create) }
        #expect(try StoreCopy.run(from: .file(file), to: .postgres(database)).head == StoreHead())
        try PostgresStore(database, mode: .open).append(count: 1)
    }

    @Test("a target that holds anything is refused and stays as it was")
    func taken() throws {
        do { try fill(try SQLiteStore(path: file, mode: .create)) }
        do { try PostgresStore(database, mode: .create).append(marks: [mark("only", expiresAt: 1)]) }
        #expect(throws: StoreCopy.Failure.targetTaken) {
            _ = try StoreCopy.run(from: .file(file), to: .postgres(database))
        }
        #expect(try PostgresStore(database, mode: .open).marks() == [mark("only", expiresAt: 1)])
        try Files.write(Array("mine".utf8), to: copy)
        #expect(throws: StoreCopy.Failure.targetTaken) {
            _ = try StoreCopy.run(from: .postgres(database), to: .file(copy))
        }
        #expect(try Files.read(copy) == Array("mine".utf8))
    }

    @Test("a store that a broker holds is neither copied nor copied to")
    func running() throws {
        let store = try SQLiteStore(path: file, mode: .create)
        #expect(throws: StoreCopy.Failure.source(.conflict)) {
            _ = try StoreCopy.run(from: .file(file), to: .postgres(database))
        }
        try store.append(count: 1)
        let other = try PostgresStore(database, mode: .create)
        #expect(throws: StoreCopy.Failure.source(.conflict)) {
            _ = try StoreCopy.run(from: .postgres(database), to: .file(copy))
        }
        #expect(access(copy, F_OK) != 0)
        do { _ = try SQLiteStore(path: copy, mode: .create) }
        #expect(throws: StoreCopy.Failure.targetTaken) {
            _ = try StoreCopy.run(from: .file(copy), to: .postgres(database))
        }
        try other.append(count: 1)
    }

    @Test("a copy that fails half-way leaves nothing behind")
    func halfWay() throws {
        do { try fill(try PostgresStore(database, mode: .create)) }
        try schema.sql("ALTER TABLE mayfly_term ALTER COLUMN postings TYPE text USING 'x'")
        let failure = #expect(throws: StoreCopy.Failure.self) {
            _ = try StoreCopy.run(from: .postgres(database), to: .file(copy))
        }
        guard case .source(.corrupt)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(access(copy + suffix, F_OK) != 0) }

        do { try fill(try SQLiteStore(path: file, mode: .create)) }
        let target = try PostgresServer.shared().place()
        let place = PostgresPlace(url: target.url)
        do { _ = try PostgresStore(place, mode: .create) }
        try target.sql("ALTER TABLE mayfly_term ADD CHECK (length(postings) = 0)")
        let other = #expect(throws: StoreCopy.Failure.self) {
            _ = try StoreCopy.run(from: .file(file), to: .postgres(place))
        }
        guard case .target? = other else {
            Issue.record("\(String(describing: other))")
            return
        }
        #expect(try target.sql("SELECT count(*) FROM mayfly_record") == "0")
        #expect(try target.sql("SELECT size FROM mayfly_head") == "0")
    }

    @Test("a row that the target changes is noticed, and everything is taken back")
    func differing() throws {
        do { try fill(try SQLiteStore(path: file, mode: .create)) }
        do { _ = try PostgresStore(database, mode: .create) }
        try schema.sql(
            """
            CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.hash := decode(repeat('00', 32), 'hex'); RETURN NEW; END $$
            """)
        try schema.sql(
            "CREATE TRIGGER bend BEFORE INSERT ON mayfly_subtree FOR EACH ROW WHEN (NEW.idx = 7) EXECUTE FUNCTION bend()"
        )
        #expect(throws: StoreCopy.Failure.differs(table: "subtree")) {
            _ = try StoreCopy.run(from: .file(file), to: .postgres(database))
        }
        #expect(try schema.sql("SELECT count(*) FROM mayfly_ledger") == "0")
        #expect(try schema.sql("SELECT size FROM mayfly_head") == "0")
    }
}
