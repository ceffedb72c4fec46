import Glibc
import MayflyBroker
import MayflyModel
import PostgresHarness
import Synchronization
import Testing

@testable import MayflyStorage

@Suite("What the PostgreSQL store adds: one writer, lost answers and servers that fail")
struct PostgresStoreTests: Sendable {
    private let place: PostgresSchemaPlace

    init() throws {
        place = try PostgresServer.shared().place()
    }

    private func store(
        _ mode: PostgresStore.Mode = .open, report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> PostgresStore {
        try PostgresStore(PostgresPlace(url: place.url, report: report), mode: mode)
    }

    /// A store that reaches its database through `cutter`.
    private func store(behind cutter: AnswerCutter) throws -> PostgresStore {
        let url = "postgresql://broker@/postgres?host=\(cutter.folder)&options=-csearch_path%3D\(place.schema)"
        return try PostgresStore(PostgresPlace(url: url), mode: .create)
    }

    @Test("a store that was closed opens with all that it held")
    func reopen() throws {
        do {
            let store = try store(.create)
            for number in 0..<3 { try store.append(puts: [record("\(number)", "\(number)")], terms: [.plain]) }
        }
        let store = try store()
        #expect(try store.head().ledgerSize == 3)
        #expect(try store.values() == ["0", "1", "2"])
        #expect(try store.ledgerEntries(in: 0..<9) == (0..<3).map { entry($0, .plain) })
        try store.append(count: 1)
    }

    @Test("making the tables again changes nothing, and opening makes none")
    func modes() throws {
        let error = #expect(throws: StoreError.self) { _ = try store() }
        #expect(error == .cannotOpen(code: -Int(ENOENT)))
        #expect(try place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = '\(place.schema)'") == "0")
        do { try store(.create).append(count: 1) }
        #expect(try store(.create).head().ledgerSize == 1)
    }

    @Test("several brokers that make the tables at once make them once")
    func concurrentCreation() async throws {
        let place = place
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do throws(StoreError) {
                        _ = try PostgresStore(PostgresPlace(url: place.url), mode: .create)
                        return 1
                    } catch {
                        // One of them holds the store while another asks for it.
                        return error == .conflict ? 1 : 0
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(count == 4)
        #expect(try place.sql("SELECT count(*) FROM mayfly_schema") == "1")
        #expect(try place.sql("SELECT count(*) FROM mayfly_head") == "1")
    }

    @Test("a second opener is refused until the first has closed")
    func secondOpener() async throws {
        try await aside {
            do {
                let first = try store(.create)
                #expect(throws: StoreError.conflict) { _ = try store() }
                try first.append(count: 1)
            }
            #expect(try store().head().ledgerSize == 1)
        }
    }

    @Test("two stores in one database do not lock each other out")
    func neighbours() throws {
        let first = try store(.create)
        let other = try PostgresServer.shared().place()
        let second = try PostgresStore(PostgresPlace(url: other.url), mode: .create)
        try first.append(count: 1)
        try second.append(count: 2)
        #expect(try first.head().ledgerSize == 1 && second.head().ledgerSize == 2)
    }

    @Test("a writer whose session was lost is fenced off by the one that took over")
    func fenced() async throws {
        try await aside {
            let first = try store(.create)
            try first.append(puts: [record("a", "first")], terms: [.plain])
            let next = batch(after: try first.head(), puts: [record("a", "stale")], entries: [entry(1, .plain)])
            try place.endWriter()
            let second = try store()
            #expect(throws: StoreError.conflict) { try first.commit(next) }
            #expect(throws: StoreError.self) { try first.removeExpired(at: Timestamp(milliseconds: 0), limit: 9) }
            try second.append(puts: [record("a", "second")], terms: [.plain])
            #expect(throws: StoreError.conflict) { try first.commit(next) }
            #expect(try second.values() == ["second"])
            #expect(try second.head().ledgerSize == 2)
        }
    }

    @Test("whoever only looks fences nobody off, and cannot write")
    func inspection() async throws {
        try await aside {
            let store = try store(.create)
            try store.append(puts: [record("a", "1")], terms: [.plain])
            #expect(throws: StoreError.conflict) { _ = try self.store(.inspect) }
            try place.endWriter()
            do {
                let other = try self.store(.inspect)
                #expect(try other.values() == ["1"])
                #expect(try other.head().ledgerSize == 1)
                // The lock is another's for now.
                #expect(throws: StoreError.conflict) { try store.append(count: 1) }
                #expect(throws: StoreError.conflict) { try other.append(count: 1) }
            }
            try store.append(puts: [record("a", "2")], terms: [.plain])
            #expect(try store.values() == ["2"])
            #expect(!store.mustBeReopened)
        }
    }

    @Test("a connection that still lives is fenced off, too, before its next transaction")
    func fencedAlive() throws {
        let first = try store(.create)
        try first.append(puts: [record("a", "first", expiresAt: 5)], terms: [.plain])
        try place.sql("UPDATE mayfly_head SET writer = writer + 1")
        #expect(!first.mustBeReopened)
        #expect(throws: StoreError.conflict) {
            try first.removeExpired(at: Timestamp(milliseconds: 9), limit: 9)
        }
        #expect(first.mustBeReopened)
        #expect(throws: StoreError.conflict) { try first.append(puts: [record("a", "stale")], terms: [.plain]) }
        #expect(throws: StoreError.conflict) { try first.trimLedger(below: 0, limit: 9) }
        #expect(try first.values() == ["first"])
        #expect(try first.head().ledgerSize == 1)
    }

    @Test("a connection that died while nobody used it is made anew within the next commit")
    func idleLoss() async throws {
        try await aside {
            let server = try PostgresServer()
            let store = try PostgresStore(PostgresPlace(url: try server.place().url), mode: .create)
            try store.append(count: 5)
            for _ in 0..<3 {
                try server.sql(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'mayfly-%'"
                )
                try store.append(puts: [record("a", "kept")], terms: [.plain])
                #expect(try store.values() == ["kept"])
            }
            #expect(try store.head().ledgerSize == 8)
            #expect(try store.ledgerEntries(in: 0..<99).count == 8)
            #expect(!store.mustBeReopened)
        }
    }

    @Test("a commit whose answer is lost is done once", arguments: [AnswerCutter.Mode.cutAnswer, .cutQuestion])
    func lostAnswer(_ mode: AnswerCutter.Mode) async throws {
        try await aside {
            let cutter = try AnswerCutter(place.server)
            defer { cutter.stop() }
            let store = try store(behind: cutter)
            for number in 0..<12 {
                cutter.cutNext(mode)
                try store.append(
                    puts: [record("\(number)", "\(number)")],
                    terms: (0..<400).map { LedgerTerms(event: "e", outcome: "ok", task: "task \(number)/\($0)") })
                #expect(cutter.cutCount == number + 1)
            }
            #expect(try store.head().ledgerSize == 4800)
            #expect(try store.records().count == 12)
            // The index in memory took part in it: the segment that was filled meanwhile, and the one that is not full.
            for task in ["task 0/0", "task 10/95", "task 10/96", "task 11/399"] {
                var query = LedgerQuery()
                query.task = task
                #expect(try store.ledgerEntries(matching: query).count == 1, "\(task)")
            }
            #expect(try store.ledgerEntries(in: 0..<9000).count == 4800)
        }
    }

    @Test("connections that break one after another, at any point, lose nothing and do nothing twice")
    func manyLosses() async throws {
        try await aside {
            let cutter = try AnswerCutter(place.server)
            defer { cutter.stop() }
            let store = try store(behind: cutter)
            var expected = try store.head()
            for skipped in 0..<14 {
                for mode in [AnswerCutter.Mode.cutAnswer, .cutQuestion] {
                    cutter.cutNext(mode)
                    cutter.cutNext(mode, after: skipped)
                    let entries = [entry(expected.ledgerSize, .plain)]
                    let next = batch(after: expected, puts: [record("a", "\(skipped)")], entries: entries)
                    do {
                        try store.commit(next)
                        expected = next.head
                    } catch {
                        cutter.passAll()
                        let head = try store.head()
                        #expect(head == expected || head == next.head, "\(mode) after \(skipped)")
                        expected = head
                    }
                    cutter.passAll()
                    let last = batch(after: expected, entries: [entry(expected.ledgerSize, .plain)])
                    try store.commit(last)
                    expected = last.head
                    #expect(try store.head() == expected)
                    #expect(!store.mustBeReopened, "\(mode) after \(skipped)")
                }
            }
            #expect(try store.ledgerEntries(in: 0..<999).count == Int(expected.ledgerSize))
            var query = LedgerQuery(limit: 1000)
            query.agent = "agent:a"
            #expect(try store.ledgerEntries(matching: query).count == Int(expected.ledgerSize))
        }
    }

    @Test(
        "when no new connection can be made, head() tells later whether the commit was kept", arguments: [true, false])
    func settledLater(_ isKept: Bool) async throws {
        try await aside {
            let cutter = try AnswerCutter(place.server)
            defer { cutter.stop() }
            let store = try store(behind: cutter)
            try store.append(count: 3)
            let before = try store.head()
            var next = batch(after: before, puts: [record("a")], entries: [entry(3, .plain)])
            next.marks = [mark("m", expiresAt: 9)]
            cutter.refuse(true)
            cutter.cutNext(isKept ? .cutAnswer : .cutQuestion)
            #expect(throws: StoreError.self) { try store.commit(next) }
            #expect(throws: StoreError.self) { try store.head() }
            #expect(!store.mustBeReopened)
            cutter.refuse(false)
            #expect(try store.head() == (isKept ? next.head : before))
            #expect(try store.marks().count == (isKept ? 1 : 0))
            try store.append(terms: [.plain])
            #expect(try store.head().ledgerSize == before.ledgerSize + (isKept ? 2 : 1))
        }
    }

    @Test("a frozen server gives an error within the limit, and the store goes on when it thaws")
    func frozen() async throws {
        try await aside {
            let server = try PostgresServer()
            let place = try server.place()
            let reports = Mutex<[String]>([])
            let store = try PostgresStore(
                PostgresPlace(url: place.url) { text in reports.withLock { $0.append(text) } }, mode: .create)
            try store.append(puts: [record("a", "1")], terms: [.plain])
            let before = try store.head()
            let next = batch(after: before, puts: [record("a", "2")], entries: [entry(1, .plain)])
            try server.freeze()
            for call in [
                { try store.commit(next) }, { _ = try store.head() }, { _ = try store.ledgerEntries(in: 0..<9) },
            ] as [() throws -> Void] {
                let start = ContinuousClock.now
                #expect(throws: StoreError.self) { try call() }
                #expect(ContinuousClock.now - start < .seconds(7))
            }
            try server.thaw()
            // What the frozen connection had received may be done now, or is fenced off; head() says which, for good.
            let head = try store.head()
            #expect(head == before || head == next.head)
            try store.append(puts: [record("a", "3")], terms: [.plain])
            #expect(try store.head().ledgerSize == head.ledgerSize + 1)
            #expect(try store.ledgerEntries(in: 0..<9).count == Int(head.ledgerSize) + 1)
            #expect(try store.values() == ["3"])
            #expect(reports.withLock { $0 }.contains { $0.contains("cannot be reached") })
        }
    }

    @Test("a server that crashed and came back has every commit, and the store goes on by itself")
    func crashed() async throws {
        try await aside {
            let server = try PostgresServer()
            let store = try PostgresStore(PostgresPlace(url: try server.place().url), mode: .create)
            for round in 1...3 as ClosedRange<UInt64> {
                for number in 0..<20 { try store.append(puts: [record("\(round)/\(number)")], terms: [.plain]) }
                try server.crash()
                #expect(throws: StoreError.self) { try store.append(count: 1) }
                #expect(throws: StoreError.self) { try store.head() }
                try server.start()
                #expect(try store.head().ledgerSize == round * 20)
            }
            #expect(try store.records().count == 60)
        }
    }

    @Test("a transaction that somebody else holds open on the head gives an error within the limit")
    func lockedOut() async throws {
        try await aside {
            let store = try store(.create)
            try store.append(count: 1)
            let start = ContinuousClock.now
            let holder = try place.server.hold("UPDATE mayfly_head SET revision = revision", schema: place.schema)
            #expect(throws: StoreError.self) { try store.append(count: 1) }
            #expect(ContinuousClock.now - start < .seconds(7))
            try holder.release()
            #expect(try store.head().ledgerSize == 1)
            try store.append(count: 1)
        }
    }

    @Test("a store of a newer version is refused")
    func newerSchema() throws {
        _ = try store(.create)
        try place.sql("UPDATE mayfly_schema SET version = 9, compatible = 3")
        #expect(throws: StoreError.newerSchema(found: 9, known: 2)) { _ = try store() }
        #expect(throws: StoreError.newerSchema(found: 9, known: 2)) { _ = try store(.create) }
    }

    @Test("a store of a newer version that says that this one may use it is used")
    func compatibleSchema() throws {
        _ = try store(.create)
        try place.sql("UPDATE mayfly_schema SET version = 9, compatible = 2")
        #expect(try store().head() == StoreHead())
    }

    @Test("a store of the first version is brought to this one, and keeps what it has")
    func firstSchema() throws {
        try store(.create).append(count: 3)
        try place.sql(
            """
            DROP TABLE mayfly_commit; DROP TABLE mayfly_node; ALTER TABLE mayfly_schema DROP COLUMN compatible;
            ALTER TABLE mayfly_head DROP COLUMN lease;
            UPDATE mayfly_schema SET version = 1
            """)
        #expect(try store().head().ledgerSize == 3)
        #expect(try place.sql("SELECT version, compatible FROM mayfly_schema").hasPrefix("2|2"))
    }

    static let damage = [
        "DELETE FROM mayfly_schema", "INSERT INTO mayfly_schema VALUES (1)", "DELETE FROM mayfly_head",
        "UPDATE mayfly_head SET size = 5", "UPDATE mayfly_head SET frontier = '\\x00'", "DELETE FROM mayfly_ledger",
        "ALTER TABLE mayfly_record ALTER COLUMN value TYPE text USING 'x'", "DROP TABLE mayfly_mark",
        "ALTER TABLE mayfly_ledger ALTER COLUMN last TYPE integer", "UPDATE mayfly_ledger SET entries = '\\x0007'",
        "UPDATE mayfly_record SET kind = 99", "UPDATE mayfly_mark SET marks = '\\xab'",
        "ALTER TABLE mayfly_head RENAME COLUMN serial TO other", "UPDATE mayfly_head SET revision = -1",
    ]

    @Test("tables that are not as Mayfly made them are called corrupt", arguments: damage)
    func damagedTables(_ change: String) throws {
        do {
            let store = try store(.create)
            try store.append(puts: [record("a")], terms: [.plain])
            try store.append(marks: [mark("m", expiresAt: 9)])
        }
        try place.sql(change)
        let error = #expect(throws: StoreError.self) {
            let store = try store()
            _ = try store.records()
            _ = try store.marks()
            _ = try store.ledgerEntries(in: 0..<9)
        }
        guard case .corrupt? = error else {
            Issue.record("\(change): \(String(describing: error))")
            return
        }
    }

    @Test("a server that does not sync is refused")
    func notDurable() async throws {
        try await aside {
            let server = try PostgresServer()
            try server.sql("ALTER SYSTEM SET fsync = off")
            try server.crash()
            try server.start()
            let url = try server.place().url
            #expect(throws: StoreError.notDurable) { _ = try PostgresStore(PostgresPlace(url: url), mode: .create) }
        }
    }

    @Test("a session that would answer before the disk has it is set right")
    func synchronousCommit() throws {
        let url = place.url + "%20-csynchronous_commit%3Doff"
        let store = try PostgresStore(PostgresPlace(url: url), mode: .create)
        try store.append(count: 1)
    }

    @Test("the password is read from its file, which others must not be able to read, and is never repeated")
    func passwordFile() throws {
        let directory = try TemporaryDirectory()
        let schema = try place.server.place(user: "guarded")
        try place.server.sql("GRANT ALL ON SCHEMA \(schema.schema) TO guarded")
        let reports = Mutex<[String]>([])
        func open() throws -> PostgresStore {
            try PostgresStore(
                PostgresPlace(url: schema.url, passwordFile: directory.file("copy")) { text in
                    reports.withLock { $0.append(text) }
                }, mode: .create)
        }
        #expect(throws: StoreError.cannotOpen(code: -Int(ENOENT))) { _ = try open() }
        for (text, mode, isGood) in [
            ("correct horse\n", 0o600, true), ("correct horse", 0o400, true), ("correct horse\r\nmore", 0o600, true),
            ("wrong horse\n", 0o600, false), ("", 0o600, false), ("correct horse\n", 0o640, false),
            ("correct\0horse", 0o600, false), (String(repeating: "p", count: 1025), 0o600, false),
        ] as [(String, mode_t, Bool)] {
            unlink(directory.file("copy"))
            try Files.write(Array(text.utf8), to: directory.file("copy"))
            chmod(directory.file("copy"), mode)
            if isGood {
                #expect(try open().head() == StoreHead())
            } else {
                #expect(throws: StoreError.self, "\(text) \(mode)") { _ = try open() }
            }
        }
        let said = reports.withLock { $0 }.joined(separator: "\n")
        #expect(said.contains("password authentication failed"))
        #expect(!said.contains("horse"))
    }

    @Test("a commit that is larger than the buffers on its way gets through")
    func largeCommit() throws {
        let store = try store(.create)
        let value = String(repeating: "v", count: StoreLimits.valueBytes)
        try store.append(
            puts: (0..<24).map { record("\($0)", value) }, terms: Array(repeating: .plain, count: 3000))
        #expect(try store.records().count == 24)
        #expect(try store.head().ledgerSize == 3000)
    }
}

extension PostgresSchemaPlace {
    /// Ends the writer's session, as a broken network would.
    fileprivate func endWriter() throws {
        try sql(
            """
            SELECT pg_terminate_backend(a.pid, 5000) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
            WHERE l.locktype = 'advisory' AND l.objid = 'mayfly_head'::regclass::oid
            """)
    }
}

extension LedgerTerms {
    fileprivate static let plain = LedgerTerms(event: "token.issued", outcome: "ok", agent: "agent:a", token: "jti")
}
