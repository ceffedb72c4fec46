internal import Dispatch
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyServer
internal import MayflyStorage
internal import Synchronization
internal import Testing

/// What a broker says of those that share its store, and of the answers that waited for them.
struct ClusterStatusTests {
    @Test func aBrokerThatSharesNothingSaysSo() throws {
        let world = try World(enrol: [])
        #expect(try world.handler.send("GET", "/api/v1/cluster").status == 401)
        let token = try world.adminToken("mayfly.read")
        let answer = try world.beginAdmin("GET", "/api/v1/cluster", token: token).wait()
        let head = world.broker.clusterStatus.head
        #expect(head.revision > 0 && head.ledgerSize > 0)
        #expect(
            answer.text
                == #"{"shared":false,"revision":\#(head.revision),"ledger_size":\#(head.ledgerSize),"nodes":[]}"#)
        #expect(!(try Self.page(world.broker)).contains("mayfly_lease_held"))
    }

    @Test(arguments: [true, false])
    func theOthersAreListedAndWhyAnAnswerCouldGoIsCounted(_ isOtherAlive: Bool) throws {
        let meeting = FakeMeeting(isOtherAlive: isOtherAlive)
        let broker = try Self.broker(meeting)
        defer { broker.stop() }
        try #require(broker.waitForPermit())
        let done = DispatchSemaphore(value: 0)
        // What the broker wrote down when it started may have waited too.
        broker.administration.apply([], dryRun: true, by: "admin:ops") { _ in done.signal() }
        done.wait()
        let metrics = broker.metrics
        let before = (HeldEnd.allCases.map { metrics.heldEnds[$0] }, metrics.heldTime.reading.count)
        broker.administration.revoke(.everything, reason: "test", by: "admin:ops") { _ in done.signal() }
        done.wait()
        let counts = HeldEnd.allCases.map { metrics.heldEnds[$0] }
        #expect(counts == zip(before.0, isOtherAlive ? [1, 0] : [0, 1]).map { $0 + $1 })
        #expect(metrics.heldTime.reading.count == before.1 + 1)

        let end = ContinuousClock.now + .seconds(30)
        var status = broker.clusterStatus
        // The look that let the answer go is told of a moment later.
        while status.nodes.count != 2 || status.nodes.last?.standing.isAlive != isOtherAlive {
            try #require(ContinuousClock.now < end, "\(status)")
            status = broker.clusterStatus
        }
        #expect(status.node?.name == "b" && status.head.revision > 1 && status.head.commits > 0)
        let (own, other) = (try #require(status.nodes.first), try #require(status.nodes.last))
        #expect(own.standing.isSelf && own.standing.isAlive && own.standing.isLeader && own.lag == 0)
        #expect(own.applied == status.head.commits && !other.standing.isSelf && !other.standing.isLeader)
        // One that is ahead lacks nothing.
        #expect(other.lag == (isOtherAlive ? 0 : status.head.commits))
        let page = try Self.page(broker)
        let (alive, over) = isOtherAlive ? (2, 0) : (1, 1)
        for line in [
            #"mayfly_cluster_nodes{standing="alive"} \#(alive)"#, #"mayfly_cluster_nodes{standing="over"} \#(over)"#,
            "mayfly_lease_held 1", "mayfly_cluster_leads 1", "mayfly_commits_taken_in_total 0",
            "mayfly_revocation_wait_seconds_count \(counts.reduce(0, +))",
            #"mayfly_revocation_waits_total{end="lapsed"} \#(counts.last ?? 0)"#,
        ] {
            #expect(page.contains("\n\(line)\n"), "\(line) \(page)")
        }
    }

    private static func page(_ broker: Broker) throws -> String {
        String(decoding: try #require(Telemetry(broker: broker).page).text(), as: UTF8.self)
    }

    private static func broker(_ meeting: FakeMeeting) throws -> Broker {
        let (store, vault, clock) = (FakeSharedStore(meeting), MemoryVault(), TestClock())
        try Broker.create(
            in: store.inner, vault: vault, admin: try #require(AdminID("admin:ops")),
            adminKey: try PrivateKey.generate(.es256).publicKey, wall: clock)
        return try Broker(
            settings: BrokerSettings(issuer: World.issuer), store: store, vault: vault, wall: clock,
            signer: try Ed25519NoteSigner(name: "broker.example", privateKey: try PrivateKey.generate(.edDSA)),
            log: SilentLog(),
            node: ClusterNode(name: "b", address: "127.0.0.1:1", terms: LeaseTerms(milliseconds: 500)))
    }
}

/// A store in memory to which nobody else commits.
private final class FakeSharedStore: SharedStore {
    let inner = MemoryStore()
    private let place: FakeMeeting

    init(_ place: FakeMeeting) {
        self.place = place
        let inner = inner
        place.head.withLock { $0 = { () throws(StoreError) in try inner.head() } }
    }

    func takeTurn(after head: StoreHead) throws(StoreError) -> StoreTurn {
        StoreTurn(commits: [], isComplete: true, storeTime: Timestamp(seconds: 1_800_000_000))
    }
    func endTurn() {}
    func commits(after head: StoreHead) throws(StoreError) -> [CommittedBatch] { [] }
    func meeting() throws(StoreError) -> any ClusterMeeting { place }

    func loadRecords(_ body: (StoredRecord) -> Void) throws(StoreError) { try inner.loadRecords(body) }
    func loadMarks(_ body: (UsedMark) -> Void) throws(StoreError) { try inner.loadMarks(body) }
    func head() throws(StoreError) -> StoreHead { try inner.head() }
    func commit(_ batch: Batch) throws(StoreError) { try inner.commit(batch) }
    func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int { 0 }
    func ledgerEntries(in range: Range<UInt64>) throws(StoreError) -> [LedgerEntry] {
        try inner.ledgerEntries(in: range)
    }
    func ledgerEntries(matching query: LedgerQuery) throws(StoreError) -> [LedgerEntry] {
        try inner.ledgerEntries(matching: query)
    }
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(StoreError) -> [SHA256Digest] {
        try inner.subtreeHashes(level: level, in: range)
    }
    func ledgerStart() throws(StoreError) -> UInt64 { try inner.ledgerStart() }
    func trimLedger(below end: UInt64, limit: Int) throws(StoreError) -> Int { 0 }
}

/// Where the broker meets one other: it has everything in memory and renews its lease, or does neither.
private final class FakeMeeting: ClusterMeeting {
    let session: Int64 = 7
    /// Where the store stands.
    let head = Mutex<@Sendable () throws(StoreError) -> StoreHead>({ StoreHead() })
    private let isOtherAlive: Bool
    private let own = Mutex<(renewals: Int64, applied: UInt64)?>(nil)
    private let looks = Atomic<Int64>(0)
    private let bell = DispatchSemaphore(value: 0)

    init(isOtherAlive: Bool) { self.isOtherAlive = isOtherAlive }

    func join(_ node: ClusterNode, holding commits: UInt64) throws(StoreError) {
        own.withLock { $0 = (($0?.renewals ?? 0) + 1, commits) }
    }

    func renew(holding commits: UInt64) throws(StoreError) -> StoreHead? {
        let head = try head.withLock { $0 }()
        return own.withLock { own in
            guard let known = own else { return nil }
            own = (known.renewals + 1, max(known.applied, commits))
            return head
        }
    }

    func acknowledge(_ head: StoreHead) throws(StoreError) {
        own.withLock { own in own = own.map { ($0.renewals, max($0.applied, head.commits)) } }
    }

    func members() throws(StoreError) -> [ClusterMemberRow] {
        let look = looks.add(1, ordering: .relaxed).newValue
        let other = ClusterMemberRow(
            session: 9, name: "c", address: "127.0.0.1:2", renewals: isOtherAlive ? look : 1,
            applied: isOtherAlive ? 1_000_000 : 0)
        guard let own = own.withLock({ $0 }) else { return [other] }
        let mine = ClusterMemberRow(
            session: session, name: "b", address: "127.0.0.1:1", renewals: own.renewals, applied: own.applied)
        return [mine, other]
    }

    func leave() throws(StoreError) {}
    func remove(_ members: [ClusterMemberRow]) throws(StoreError) {}

    func listen(milliseconds: Int64) throws(StoreError) -> ClusterNews {
        _ = bell.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        return ClusterNews()
    }

    func interrupt() { bell.signal() }
}
