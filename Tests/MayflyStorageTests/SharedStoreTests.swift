import Dispatch
import MayflyBroker
import MayflyModel
import MayflyStorage
import PostgresHarness
import Synchronization
import Testing

@Suite("What a shared store adds: turns, what others committed, and who is there")
struct SharedStoreTests {
    private let place: PostgresSchemaPlace
    private let first: PostgresSharedStore
    private let second: PostgresSharedStore

    init() throws {
        place = try PostgresServer.shared().place()
        first = try StoreFactory.shared(at: PostgresPlace(url: place.url))
        second = try PostgresSharedStore(PostgresPlace(url: place.url))
    }

    /// Takes the turn after `head` and commits what continues it; the new head.
    @discardableResult
    private func commit(
        _ store: any SharedStore, after head: StoreHead, puts: [StoredRecord] = [], marks: [UsedMark] = [],
        entries count: Int = 1, movesRevision: Bool = true
    ) throws -> StoreHead {
        let last = try store.takeTurn(after: head).commits.last?.head ?? head
        let entries = (0..<UInt64(count)).map { entry(last.ledgerSize + $0) }
        var next = batch(after: last, puts: puts, entries: entries)
        next.marks = marks
        next.head.commits = last.commits + 1
        next.movesRevision = movesRevision
        try store.commit(next)
        return next.head
    }

    @Test("each takes in what the other committed, whole and in order")
    func everyCommitIsTakenIn() throws {
        let start = try first.head()
        let expiring = record("a", "one", kind: .budget, expiresAt: 99_000)
        let one = try commit(first, after: start, puts: [expiring], marks: [mark("m", expiresAt: 50_000)], entries: 3)
        var removal = batch(after: one)
        removal.deletes = [expiring.key]
        removal.head.commits = one.commits + 1
        _ = try first.takeTurn(after: one)
        try first.commit(removal)
        let turn = try second.takeTurn(after: start)
        defer { second.endTurn() }
        #expect(turn.isComplete)
        #expect(turn.commits.map(\.head) == [one, removal.head])
        #expect(turn.commits.first?.puts == [expiring])
        #expect(turn.commits.first?.marks == [mark("m", expiresAt: 50_000)])
        #expect(turn.commits.first?.time == Timestamp(seconds: 2))
        #expect(turn.commits.last?.deletes == [expiring.key])
        #expect(turn.commits.last?.time == nil)
        #expect(try first.commits(after: one).map(\.head) == [removal.head])
    }

    @Test("eight writers lose and repeat nothing")
    func turnsDoNotOverlap() throws {
        let start = try first.head()
        let stores = [first, second]
        let failures = Mutex(0)
        DispatchQueueTurns.run(8) { lane in
            var head = start
            for _ in 0..<20 {
                do {
                    head = try commit(stores[lane % 2], after: head)
                } catch {
                    failures.withLock { $0 += 1 }
                }
            }
        }
        // Two stores have one connection each: lanes of one store take turns by its lock only between calls.
        let done = try first.head()
        #expect(Int(done.commits - start.commits) + failures.withLock { $0 } == 160)
        #expect(done.ledgerSize == start.ledgerSize + (done.commits - start.commits))
        #expect(try first.ledgerEntries(in: 0..<done.ledgerSize).count == Int(done.ledgerSize))
    }

    @Test("what one appends the other finds, over the end of an index segment too")
    func searchesSeeEverything() throws {
        var head = try first.head()
        for round in 0..<6 {
            head = try commit(round % 2 == 0 ? first : second, after: head, entries: 900)
        }
        _ = try first.commits(after: StoreHead(commits: 0))
        var query = LedgerQuery(limit: 1000)
        query.event = "token.issued"
        for store in [first, second] {
            var known = head
            known.commits -= 1
            _ = try store.takeTurn(after: head)
            store.endTurn()
            #expect(try store.ledgerEntries(matching: query).map(\.index).first == head.ledgerSize - 1)
            query.before = 4000
            #expect(try store.ledgerEntries(matching: query).count == 1000)
            query.before = nil
        }
    }

    @Test("a commit without a turn, or that does not continue the store, is refused and keeps nothing")
    func onlyTheTurnCommits() throws {
        let head = try first.head()
        var next = batch(after: head, entries: [entry(head.ledgerSize)])
        next.head.commits = head.commits + 1
        #expect(throws: StoreError.conflict) { try first.commit(next) }
        _ = try first.takeTurn(after: head)
        next.head.commits = head.commits + 2
        #expect(throws: StoreError.conflict) { try first.commit(next) }
        #expect(try second.head() == head)
        try commit(second, after: head)
    }

    @Test("a database that was put back is another one: nothing is written to it")
    func aRestoredDatabaseIsFound() throws {
        let start = try first.head()
        let one = try commit(first, after: start)
        let two = try commit(first, after: one)
        try place.sql(
            "UPDATE mayfly_head SET serial = \(one.commits); DELETE FROM mayfly_commit WHERE serial > \(one.commits)")
        #expect(throws: StoreError.conflict) { _ = try first.takeTurn(after: two) }
        #expect(first.mustBeReopened)
        // And one that has gone another way since, however far.
        try place.sql("UPDATE mayfly_head SET serial = \(two.commits)")
        try place.sql(
            "INSERT INTO mayfly_commit SELECT \(two.commits), revision, size, '\\x', made, changes FROM mayfly_commit LIMIT 1"
        )
        #expect(throws: StoreError.conflict) { _ = try second.commits(after: two) }
        #expect(second.mustBeReopened)
    }

    @Test("who was away for longer than the store remembers must start again")
    func whoIsLeftBehindIsTold() throws {
        var head = try first.head()
        let away = try commit(second, after: head)
        head = away
        for _ in 0..<3 { head = try commit(first, after: head) }
        try place.sql("DELETE FROM mayfly_commit WHERE serial < \(head.commits)")
        #expect(throws: StoreError.leftBehind) { _ = try second.takeTurn(after: away) }
        #expect(second.mustBeReopened)
        #expect(try first.takeTurn(after: head).commits.isEmpty)
        first.endTurn()
    }

    @Test("old commits are forgotten, and never the last")
    func oldCommitsGo() throws {
        var head = try first.head()
        for _ in 0..<3 { head = try commit(first, after: head) }
        try place.sql("UPDATE mayfly_commit SET made = 0")
        // One that has everything up to here finds it there, also when others have gone on.
        let next = try commit(second, after: head)
        _ = try first.removeExpired(at: Timestamp(seconds: 1), limit: 10)
        #expect(try place.sql("SELECT min(serial) FROM mayfly_commit").hasPrefix("\(head.commits)"))
        #expect(try first.takeTurn(after: head).commits.map(\.head) == [next])
        first.endTurn()
    }

    @Test("while brokers share it none has it alone, and the other way round")
    func oneOrMany() throws {
        #expect(throws: StoreError.conflict) { _ = try PostgresStore(PostgresPlace(url: place.url), mode: .open) }
        let other = try PostgresServer.shared().place()
        let alone = try PostgresStore(PostgresPlace(url: other.url), mode: .create)
        #expect(throws: StoreError.conflict) { _ = try PostgresSharedStore(PostgresPlace(url: other.url)) }
        withExtendedLifetime(alone) {}
    }

    @Test("a broker that takes the store for itself waits for the leases of nodes that are cut off")
    func leasesEndBeforeOneIsAlone() async throws {
        try await aside {
            let other = try PostgresServer.shared().place()
            _ = try PostgresStore(PostgresPlace(url: other.url), mode: .create)
            var cutOff: (any ClusterMeeting)?
            do {
                let terms = LeaseTerms(milliseconds: 500)
                let node = try PostgresSharedStore(PostgresPlace(url: other.url), terms: terms).meeting()
                try node.join(ClusterNode(name: "a", address: "", terms: terms), holding: 0)
                cutOff = node
            }
            let start = ContinuousClock.now
            let alone = try PostgresStore(PostgresPlace(url: other.url), mode: .open)
            #expect(ContinuousClock.now - start >= .milliseconds(550))
            #expect(try cutOff?.renew(holding: 0) == nil)
            withExtendedLifetime(alone) {}
        }
    }

    @Test("one whose connection broke goes on by another one")
    func aBrokenConnectionIsReplaced() throws {
        let head = try commit(first, after: try first.head())
        try place.sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND objid = 'mayfly_head'::regclass::oid
            """)
        #expect(try commit(second, after: head).commits == head.commits + 1)
    }

    // MARK: Nodes

    private static func node(_ name: String) -> ClusterNode {
        ClusterNode(name: name, address: "127.0.0.1:1", terms: LeaseTerms())
    }

    @Test("nodes see each other's renewals and what each has in memory")
    func nodesSeeEachOther() throws {
        let (a, b) = (try first.meeting(), try second.meeting())
        let head = try commit(first, after: try first.head())
        #expect(try a.renew(holding: 0) == nil)
        try a.join(Self.node("a"), holding: 0)
        try b.join(Self.node("b"), holding: 0)
        #expect(try b.renew(holding: head.commits) == head)
        try a.acknowledge(head)
        let seen = try a.members()
        #expect(seen.map(\.name) == ["a", "b"])
        #expect(seen.map(\.applied) == [head.commits, head.commits])
        // One that has said something since it was looked at stays.
        _ = try a.renew(holding: 0)
        try b.remove(seen)
        #expect(try b.members().map(\.name) == ["a"])
        try b.remove(try b.members())
        #expect(try b.members().isEmpty)
        #expect(try a.renew(holding: 0) == nil)
    }

    @Test("a node that has other commits than the store gets no lease and acknowledges nothing")
    func whoHasAnotherHistoryIsNotCounted() throws {
        let node = try first.meeting()
        let head = try commit(first, after: try first.head())
        try node.join(Self.node("a"), holding: head.commits)
        var other = head
        other.frontier = [digest("another")]
        #expect(throws: StoreError.conflict) { try node.acknowledge(other) }
        #expect(try node.renew(holding: head.commits + 1) == nil)
        #expect(throws: StoreError.conflict) { try node.join(Self.node("a"), holding: head.commits + 1) }
        #expect(try node.members().map(\.applied) == [head.commits])
    }

    @Test("cleaning up goes on beside a turn and does not end it")
    func cleaningLeavesTurnsAlone() async throws {
        let (first, second) = (first, second)
        let head = try first.head()
        try await aside {
            _ = try first.takeTurn(after: head)
            // It waits for the turn to end, or for too long; either way the turn is still ours.
            _ = try? first.removeExpired(at: Timestamp(seconds: 1), limit: 10)
            var next = batch(after: head, entries: [entry(head.ledgerSize)])
            next.head.commits = head.commits + 1
            try first.commit(next)
            #expect(try second.head() == next.head)
        }
    }

    @Test("all nodes have leases of one length, which changes while there is none")
    func leasesAreOfOneLength() async throws {
        let other = LeaseTerms(milliseconds: 500)
        let place = place
        #expect(throws: StoreError.otherLease(milliseconds: 2000)) {
            _ = try PostgresSharedStore(PostgresPlace(url: place.url), terms: other)
        }
        try await aside {
            let empty = try PostgresServer.shared().place()
            _ = try PostgresStore(PostgresPlace(url: empty.url), mode: .create)
            var cutOff: (any ClusterMeeting)?
            do {
                let store = try PostgresSharedStore(
                    PostgresPlace(url: empty.url), terms: LeaseTerms(milliseconds: 1000))
                cutOff = try store.meeting()
            }
            let node = try #require(cutOff)
            try node.join(Self.node("a"), holding: 0)
            #expect(try node.renew(holding: 0) != nil)
            // One may be left that is cut off, and it is waited for.
            let start = ContinuousClock.now
            let store = try PostgresSharedStore(PostgresPlace(url: empty.url), terms: other)
            #expect(ContinuousClock.now - start >= .milliseconds(1100))
            #expect(try empty.sql("SELECT lease FROM mayfly_head").hasPrefix("500"))
            withExtendedLifetime(store) {}
            #expect(try node.renew(holding: 0) == nil)
            #expect(throws: StoreError.conflict) { try node.join(Self.node("a"), holding: 0) }
        }
    }

    @Test("where nobody can call, nodes find out by looking")
    func nodesLook() async throws {
        try await aside {
            let server = try PostgresServer(schemas: 1)
            try server.sql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC")
            let store = try StoreFactory.shared(at: PostgresPlace(url: try server.place().url))
            let listener = try store.meeting()
            _ = try listener.listen(milliseconds: 1000)
            let head = try commit(store, after: try store.head())
            var news = ClusterNews()
            while news.commits == nil { news = try listener.listen(milliseconds: 1000) }
            #expect(news.commits == head.commits)
            try listener.join(Self.node("a"), holding: 0)
            try listener.acknowledge(head)
            #expect(try listener.members().map(\.applied) == [head.commits])
        }
    }

    @Test("a commit that concerns all is heard of at once, others are not; an interruption ends the listening")
    func nodesHear() throws {
        let listener = try second.meeting()
        let head = try commit(first, after: try first.head(), movesRevision: false)
        #expect(try listener.listen(milliseconds: 30) == ClusterNews())
        try commit(first, after: head)
        var expected = ClusterNews()
        expected.commits = head.commits + 1
        #expect(try listener.listen(milliseconds: 5000) == expected)
        let other = try first.meeting()
        try other.join(Self.node("a"), holding: 1)
        try other.acknowledge(try first.head())
        #expect(try listener.listen(milliseconds: 5000).hasAcknowledgement)
        listener.interrupt()
        #expect(try listener.listen(milliseconds: 60_000) == ClusterNews())
    }
}

/// Lanes that run side by side.
private enum DispatchQueueTurns {
    static func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count) { body($0) }
    }
}
