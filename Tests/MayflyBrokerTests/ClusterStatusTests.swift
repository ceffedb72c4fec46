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
        let broker = try FakeSharedStore(meeting).broker()
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
}
