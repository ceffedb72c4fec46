import Glibc
import MayflyModel
import PostgresHarness
import Testing

/// What is ended stays ended at every node, whatever breaks.
@Suite struct ClusterFaultTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]
    /// The lease of the tests' nodes, as long as others take it to last, and what an answer may take beside it.
    private static let bound = Duration.milliseconds(1100 + 500)

    @Test func aNodeThatIsKilledLosesNothingAndHoldsNobodyUp() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let checker = try RevocationChecker(cluster)
            try checker.waitForEndings(4)
            for _ in 0..<2 {
                checker.locate(2, at: nil)
                try cluster.nodes[2].kill()
                checker.use([0, 1])
                try checker.waitForEndings(4)
                try checker.wait(for: 0, toSay: true)
                try checker.wait(for: 1, toSay: true)
                try cluster.nodes[2].start()
                checker.locate(2, at: cluster.nodes[2].port)
                checker.use([0, 1, 2])
                try checker.wait(for: 2, toSay: true)
                try checker.waitForEndings(4)
            }
            checker.stop()
            try expectSound(checker, cluster)
        }
    }

    @Test func aNodeThatStandsStillIsWaitedForNoLongerThanItsLease() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let token = try cluster.desks[2].mint("orchestrator", Self.scope + [("task", "t")])
            cluster.nodes[1].signal(SIGSTOP)
            let start = ContinuousClock.now
            try cluster.desks[0].revoke(task: "t")
            let took = ContinuousClock.now - start
            #expect(took < Self.bound, "\(took)")
            #expect(try !cluster.desks[0].isActive(token) && !cluster.desks[2].isActive(token))
            // Its lease is known to be over: the next one waits for nobody.
            let other = try cluster.desks[2].mint("orchestrator", Self.scope + [("task", "u")])
            let again = ContinuousClock.now
            try cluster.desks[2].revoke(task: "u")
            #expect(ContinuousClock.now - again < Self.bound)
            #expect(try !cluster.desks[0].isActive(other))
            cluster.nodes[1].signal(SIGCONT)
            // The first question finds no lease, or one that begins with all that happened meanwhile.
            for _ in 0..<20 {
                let answer = try cluster.desks[1].introspect(token)
                #expect(answer.status == 503 || answer.object["active"]?.boolValue == false, "\(answer)")
            }
            try waitUntil("b answers") { try cluster.answers(1) }
            #expect(try !cluster.desks[1].isActive(token) && !cluster.desks[1].isActive(other))
        }
    }

    @Test func nodesThatStandStillUnderLoadSayNothingOfThePast() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let checker = try RevocationChecker(cluster)
            try checker.waitForEndings(4)
            for node in [1, 2, 1] {
                checker.use([0, 1, 2].filter { $0 != node })
                cluster.nodes[node].signal(SIGSTOP)
                // The first of them is answered when the lease is over.
                try checker.waitForEndings(8)
                cluster.nodes[node].signal(SIGCONT)
                try checker.wait(for: node, toSay: true)
                checker.use([0, 1, 2])
                try checker.waitForEndings(4)
            }
            checker.stop()
            try expectSound(checker, cluster)
        }
    }

    @Test func aDatabaseThatStandsStillEndsAllAnswersWithTheLease() async throws {
        try await aside {
            let server = try PostgresServer()
            let cluster = try RunningCluster.started(lease: 2, on: server)
            let desk = cluster.desks[0]
            let token = try desk.mint("orchestrator", Self.scope)
            let checker = try RevocationChecker(cluster)
            try checker.waitForEndings(4)
            for _ in 0..<2 {
                try server.freeze()
                let frozen = ContinuousClock.now
                for node in 0..<3 { try checker.wait(for: node, toSay: nil) }
                // From memory for what was left of the lease, and no longer.
                let spans = (0..<3).map { (checker.lastAnswered(by: $0) ?? frozen) - frozen }
                #expect(spans.allSatisfy { $0 < .seconds(2) }, "they went on for \(spans)")
                // On a busy machine one of them may have lost its lease just then.
                #expect(spans.contains { $0 > .zero }, "they went on for \(spans)")
                let minted = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
                #expect(minted.status == 503 && minted.header("Retry-After") != nil, "\(minted)")
                #expect(try HTTP.get("/readyz", from: desk.broker.port).status == 503)
                #expect(try HTTP.get("/healthz", from: desk.broker.port).status == 200)
                #expect(try HTTP.get("/.well-known/jwks.json", from: desk.broker.port).status == 200)
                try server.thaw()
                for node in 0..<3 { try checker.wait(for: node, toSay: true) }
                try checker.waitForEndings(4)
            }
            for desk in cluster.desks { #expect(try desk.isActive(token)) }
            checker.stop()
            try expectSound(checker, cluster)
        }
    }

    @Test(arguments: [DatabaseLink.Mode.cut, .holdAnswers, .holdAll])
    func aNodeWithoutItsDatabaseSaysNothingOfThePast(_ mode: DatabaseLink.Mode) async throws {
        try await aside {
            let server = try PostgresServer.shared()
            let link = try DatabaseLink(server)
            defer { link.stop() }
            let cluster = try RunningCluster.started(on: server, link: link)
            let checker = try RevocationChecker(cluster)
            try checker.waitForEndings(4)
            for _ in 0..<2 {
                checker.use([0, 1])
                link.set(mode)
                try checker.waitForEndings(4)
                try checker.wait(for: 2, toSay: nil)
                try checker.waitForEndings(4)
                link.set(.open)
                try checker.wait(for: 2, toSay: true)
                checker.use([0, 1, 2])
                try checker.waitForEndings(4)
            }
            checker.stop()
            try expectSound(checker, cluster)
        }
    }

    /// The server forgets what it had not written to the disk yet: not who may answer.
    @Test func aDatabaseThatCrashesForgetsNoNodeThatMayAnswer() async throws {
        try await aside {
            let server = try PostgresServer()
            // Nothing reaches the disk but what somebody waits for.
            try server.sql("ALTER SYSTEM SET wal_writer_delay = '10s'")
            try server.sql("SELECT pg_reload_conf()")
            let link = try DatabaseLink(server)
            defer { link.stop() }
            let cluster = try RunningCluster.started(lease: 2, on: server, link: link)
            let token = try cluster.desks[2].mint("orchestrator", Self.scope + [("task", "t")])
            link.set(.cut)
            try waitUntil("c has no lease") { try !cluster.answers(2) }
            // Its lease is over for the others, too.
            try cluster.desks[0].revoke(task: "t")
            let other = try cluster.desks[0].mint("orchestrator", Self.scope + [("task", "u")])
            link.set(.open)
            try waitUntil("c has a lease") { try cluster.answers(2) }
            link.set(.cut)
            try server.crash()
            try server.start()
            try waitUntil("a can commit") { (try? cluster.desks[0].revoke(task: "u")) != nil }
            let answer = try cluster.desks[2].introspect(other)
            #expect(answer.object["active"]?.boolValue != true, "\(answer)")
            #expect(try !cluster.desks[0].isActive(token))
        }
    }

    @Test func aNodeOnABadLineSaysNothingOfThePast() async throws {
        try await aside {
            let server = try PostgresServer.shared()
            let link = try DatabaseLink(server)
            defer { link.stop() }
            let cluster = try RunningCluster.started(on: server, link: link)
            let checker = try RevocationChecker(cluster)
            try checker.waitForEndings(4)
            for mode in [DatabaseLink.Mode.slow(60), .breakEvery(40), .slow(300), .breakEvery(7)] {
                link.set(mode)
                checker.use([0, 1])
                try checker.waitForEndings(4)
            }
            link.set(.open)
            checker.use([0, 1, 2])
            try checker.wait(for: 2, toSay: true)
            try checker.waitForEndings(4)
            checker.stop()
            try expectSound(checker, cluster)
        }
    }

    /// Nothing that was ended was said to be good afterwards; and after all nodes have been killed and started again
    /// what was answered still holds, and is in the ledger.
    private func expectSound(
        _ checker: RevocationChecker, _ cluster: RunningCluster, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(checker.broken.isEmpty, "\(checker.summary) \(checker.broken)", sourceLocation: sourceLocation)
        try cluster.killAll()
        try cluster.start()
        let (ended, tokens) = (checker.ended, checker.tokens)
        for (number, token) in tokens.enumerated() {
            let desk = cluster.desks[number % cluster.desks.count]
            let connection = try HTTPConnection(port: desk.broker.port)
            connection.send(token.requests[0])
            let isActive = try connection.answer()?.object["active"]?.boolValue
            if ended.contains(number) { #expect(isActive == false, sourceLocation: sourceLocation) }
            if token.isKept { #expect(isActive == true, sourceLocation: sourceLocation) }
        }
        let issued = try cluster.desks[2].issuedTokens()
        #expect(Set(tokens.map(\.id)).isSubset(of: issued), sourceLocation: sourceLocation)
        let verified = try cluster.mayfly(["ledger", "verify"], at: 1)
        #expect(verified.status == 0, "\(verified)", sourceLocation: sourceLocation)
    }
}
