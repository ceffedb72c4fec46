import MayflyConfig
import MayflyCrypto
import MayflyModel
import PostgresHarness
import Testing

/// Several brokers on one database are one broker to everybody.
@Suite struct ClusterTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    @Test func anyNodeAnswersAnything() async throws {
        try await aside {
            let cluster = try RunningCluster(on: try PostgresServer.shared())
            try cluster.start()
            let first = try Desk(cluster.nodes[0])
            try first.change("POST", "/api/v1/apply", try YAMLDocument.load(Desk.registryFile).value)
            let second = Desk(first, at: cluster.nodes[1])
            try second.enrol("agent:orchestrator")
            try second.enrol("agent:support")
            let third = Desk(second, at: cluster.nodes[2])
            try third.makeSecret("tickets")
            cluster.share(third)
            let parent = try cluster.desks[2].mint("orchestrator", Self.scope)
            let handed = try cluster.desks[0].delegate(
                parent, from: "orchestrator", to: "support", [("scope", "tickets:read")])
            let redeemed = try cluster.desks[1].redeem(try #require(handed["access_token"], "\(handed)"), as: "support")
            let child = try #require(redeemed["access_token"], "\(redeemed)")
            let other = try cluster.desks[1].mint("orchestrator", Self.scope)
            for token in [parent, child, other] { try expect(token, isGood: true, cluster) }
            let id = try #require(try JWS.parse(Array(parent.utf8)).claims()["jti"]?.stringValue)
            try cluster.desks[1].change(
                "POST", "/api/v1/revocations", .object(["token": .string(id), "reason": .string("test")]))
            for token in [parent, child] { try expect(token, isGood: false, cluster) }
            try expect(other, isGood: true, cluster)

            // What one node writes, all nodes prove: each checkpoint goes on from the one before, of another node.
            let checkpoint = cluster.founder.folder.path + "/checkpoint"
            for node in [0, 1, 2, 0] {
                let entries = try cluster.desks[node].call("GET", "/api/v1/ledger?token=\(id)&limit=50")
                #expect((entries.object["entries"]?.arrayValue?.count ?? 0) >= 2, "\(entries)")
                let old = node == 0 && !Files.exists(checkpoint) ? [] : ["--checkpoint", checkpoint]
                let verified = try cluster.mayfly(["ledger", "verify", "--save", checkpoint] + old, at: node)
                #expect(verified.status == 0, "\(verified)")
                _ = try cluster.desks[(node + 1) % 3].mint("orchestrator", Self.scope)
            }
            #expect(try cluster.stop() == [0, 0, 0], "\(cluster.errors)")
            let doctor = try cluster.founder.run(["doctor", "--dir", cluster.founder.directory])
            #expect(doctor.status == 0, "\(doctor)")
        }
    }

    private func expect(
        _ token: String, isGood: Bool, _ cluster: RunningCluster, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for desk in cluster.desks {
            let node = desk.broker.node ?? ""
            #expect(try desk.isActive(token) == isGood, "at \(node)", sourceLocation: sourceLocation)
            let decision = try desk.evaluate(token, "read", "note", "1").object["decision"]?.boolValue
            #expect(decision == isGood, "at \(node)", sourceLocation: sourceLocation)
            let verified = try HTTP.get(
                "/verify",
                [
                    ("X-Mayfly-Resource", try desk.basic("tickets")), ("X-Original-Method", "GET"),
                    ("X-Original-URI", "/tickets/7"), ("Authorization", "Bearer " + token),
                ], from: desk.broker.port)
            #expect((verified.status == 200) == isGood, "at \(node): \(verified)", sourceLocation: sourceLocation)
        }
    }

    @Test func policyAndKeysOfOneNodeHoldAtAll() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let desks = cluster.desks
            let old = try desks[0].mint("orchestrator", Self.scope)
            let file = cluster.founder.folder.path + "/policy.yaml"
            let deny =
                "policy: p\nrules:\n- {id: reading, match: {scopes: [\"tickets:read\"]}, decision: deny, rationale: no}\n"
                + "- {id: all, decision: allow, rationale: the rest}\n"
            try Files.write(deny, to: file)
            for node in 0..<3 {
                let applied = try cluster.mayfly(["policy", "apply", file, "--rationale", "test"], at: node)
                #expect(applied.status == 0, "\(applied)")
                for desk in desks {
                    #expect(try !desk.isActive(old))
                    #expect(try desk.token(as: try desk.agent("orchestrator"), Self.scope).status == 400)
                }
                let back = try cluster.mayfly(["policy", "rollback", "0", "--rationale", "test"], at: (node + 1) % 3)
                #expect(back.status == 0, "\(back)")
                for desk in desks { #expect(try desk.isActive(old)) }
            }

            // Two steps bring a key that is made now into use.
            var tokens = [old]
            for node in [0, 1] {
                try desks[node].change("POST", "/api/v1/keys/rotate")
                let keys = try desks.map { try HTTP.get("/.well-known/jwks.json", from: $0.broker.port).text }
                #expect(Set(keys).count == 1, "\(keys)")
                tokens += try desks.map { try $0.mint("orchestrator", Self.scope) }
                for token in tokens { for desk in desks { #expect(try desk.isActive(token)) } }
            }
            let signers = try tokens.map { try JWS.parse(Array($0.utf8)).header["kid"]?.stringValue }
            #expect(Set(signers).count == 3, "\(signers)")
            // What one node ends is dead at all, and no node signs with it or publishes it.
            let active = try #require(try JWS.parse(Array(try desks[2].mint("orchestrator", Self.scope).utf8)).keyID)
            let doomed = try desks.map { try $0.mint("orchestrator", Self.scope) }
            try desks[1].change(
                "POST", "/api/v1/keys/\(active)/compromise", .object(["reason": .string("drill")]))
            for desk in desks {
                for token in doomed { #expect(try !desk.isActive(token)) }
                #expect(try !HTTP.get("/.well-known/jwks.json", from: desk.broker.port).text.contains(active))
            }
            tokens = try tokens.filter { try JWS.parse(Array($0.utf8)).keyID != active }
            tokens += try desks.map { try $0.mint("orchestrator", Self.scope) }
            for token in tokens { for desk in desks { #expect(try desk.isActive(token)) } }
            // A node that starts now finds the keys that others made.
            try cluster.nodes[2].kill()
            try cluster.nodes[2].start()
            for token in tokens { #expect(try desks[2].isActive(token)) }
            for token in doomed { #expect(try !desks[2].isActive(token)) }
        }
    }

    // MARK: Used once

    @Test func whatIsUsedOnceIsUsedOnceAtAllNodesTogether() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let agent = try cluster.desks[0].agent("orchestrator")
            for _ in 0..<4 {
                let assertion = try cluster.desks[0].proof(agent)
                #expect(
                    try race(cluster, "/oauth2/token") { _ in
                        [("grant_type", "client_credentials")] + Self.scope + assertion
                    }.successes == 1)
                let parent = try cluster.desks[0].mint("orchestrator", Self.scope)
                let ticket = try #require(
                    try cluster.desks[0].delegate(parent, from: "orchestrator", to: "support")["access_token"])
                let redeemed = try race(cluster, "/oauth2/token") { desk in
                    [
                        ("grant_type", Desk.tokenExchange), ("subject_token", ticket),
                        ("subject_token_type", Desk.ticket),
                    ] + (try desk.proof(try desk.agent("support")))
                }
                #expect(redeemed.successes == 1, "\(redeemed)")
            }
            let codes = try cluster.desks[1].change("POST", "/api/v1/agents/agent:research/enrolment-codes")
            let code = try #require(codes["code"])
            let requests = try (0..<9).map { number in
                try cluster.desks[number % 3].enrolment(
                    Principal(id: "agent:research", key: try PrivateKey.generate(.es256)), code: code)
            }
            let enrolled = send(requests, to: cluster)
            #expect(enrolled.count { $0 == 201 } == 1, "\(enrolled)")
        }
    }

    @Test func whatPeopleApprovedIsGivenOnceByAllNodesTogether() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let file = cluster.founder.folder.path + "/policy.yaml"
            try Files.write(
                """
                policy: desk
                rules:
                  - {id: work, decision: allow, rationale: "it is what the agent is for"}
                  - id: refunds
                    match: {scopes: ["refunds:issue"]}
                    decision: require_approval
                    approval: {groups: [finance], quorum: 1}
                    rationale: money leaves by agreement only
                """, to: file)
            let applied = try cluster.mayfly(["policy", "apply", file, "--rationale", "test"], at: 1)
            #expect(applied.status == 0, "\(applied)")
            let desks = cluster.desks
            let owner = try desks[2].enrolOwner("owner:knowledge-lead")
            let fields = [("resource", "tickets"), ("scope", "refunds:issue")]
            let asked = try desks[0].token(as: try desks[0].agent("orchestrator"), fields)
            #expect(asked["error"] == "authorization_pending", "\(asked)")
            let list = try desks[1].call("GET", "/api/v1/approvals?state=pending")
            let id = try #require(
                list.object["approvals"]?.arrayValue?.first?.objectValue?["id"]?.stringValue, "\(list)")
            let approval = try #require(
                try desks[1].token(as: owner, [("scope", "mayfly.approve")])["access_token"])
            let approved = try HTTP.send(
                "POST", "/api/v1/approvals/\(id)/approve",
                [("Authorization", "Bearer " + approval), ("Content-Type", "application/json")],
                Array(#"{"reason":"checked"}"#.utf8), to: desks[1].broker.port)
            #expect(approved.status == 200, "\(approved)")
            let redeemed = try race(cluster, "/oauth2/token") { desk in
                [("grant_type", "client_credentials")] + fields + (try desk.proof(try desk.agent("orchestrator")))
            }
            #expect(redeemed.successes == 1, "\(redeemed)")
        }
    }

    @Test func aBudgetIsSpentExactlyByAllNodesTogether() async throws {
        try await aside {
            let cluster = try RunningCluster.started()
            let token = try cluster.desks[0].mint(
                "orchestrator",
                Self.scope + [("authorization_details", #"[{"type":"mayfly_limits","max_calls":40}]"#)])
            let ports = cluster.nodes.map(\.port)
            let headers = [
                ("Content-Type", "application/json"), ("Authorization", try cluster.desks[0].basic("tickets")),
            ]
            let request = HTTP.bytes(
                "POST", "/access/v1/evaluation", headers,
                Array(
                    (#"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"read"},"#
                        + #""resource":{"type":"note","id":"1"}}"#).utf8))
            let spent = atOnce(9) { number in
                var allowed = 0
                while let connection = try? HTTPConnection(port: ports[number % 3]), connection.send(request),
                    let answer = try connection.answer(), answer.object["decision"]?.boolValue == true
                { allowed += 1 }
                return allowed
            }
            #expect(try spent.reduce(0) { $0 + (try $1.get()) } == 40, "\(spent)")
            let id = try #require(try JWS.parse(Array(token.utf8)).claims()["jti"]?.stringValue)
            let listed = try cluster.desks[2].call(
                "GET", "/api/v1/ledger?token=\(id)&event=action.decided&outcome=allowed&limit=100")
            #expect(listed.object["entries"]?.arrayValue?.count == 40)
        }
    }

    @Test func whatOneNodeHasDoneAnotherGoesOnWithAtOnce() async throws {
        try await aside {
            let desks = try RunningCluster.started().desks
            let admin = try desks[0].adminToken()
            for round in 0..<6 {
                let (first, second, third) = (desks[round % 3], desks[(round + 1) % 3], desks[(round + 2) % 3])
                let token = try first.mint(
                    "orchestrator",
                    Self.scope + [("authorization_details", #"[{"type":"mayfly_limits","max_calls":3}]"#)])
                #expect(try second.isActive(token) && third.isActive(token))
                let allowed = try second.evaluate(token, "read", "note", "1")
                let context = allowed.object["context"]?.objectValue
                let reservation = try #require(context?["reservation"]?.stringValue, "\(allowed)")
                let json = [("Content-Type", "application/json")]
                let settled = try HTTP.send(
                    "POST", "/access/v1/settle", json + [("Authorization", try third.basic("tickets"))],
                    Array(#"{"reservation":"\#(reservation)","used":{"calls":0}}"#.utf8), to: third.broker.port)
                #expect(settled.status == 200, "\(settled)")
                // By a node that has seen nothing of it yet.
                let other = try third.mint("orchestrator", Self.scope)
                let id = try #require(try JWS.parse(Array(other.utf8)).claims()["jti"]?.stringValue)
                let revoked = try HTTP.send(
                    "POST", "/api/v1/revocations", json + [("Authorization", "Bearer " + admin)],
                    Array(#"{"token":"\#(id)","reason":"test"}"#.utf8), to: first.broker.port)
                #expect(revoked.status == 200, "\(revoked)")
                for desk in desks { #expect(try !desk.isActive(other)) }
            }
        }
    }

    private struct Outcome: CustomStringConvertible {
        let statuses: [Int]
        var successes: Int { statuses.count { $0 == 200 } }
        var description: String { "\(statuses)" }
    }

    /// Sends nine forms to three nodes at the same time.
    private func race(
        _ cluster: RunningCluster, _ path: String, _ fields: (Desk) throws -> [(String, String)]
    ) throws -> Outcome {
        let requests = try (0..<9).map { number in
            HTTP.bytes(
                "POST", path, [("Content-Type", "application/x-www-form-urlencoded")],
                Array(Desk.encoded(try fields(cluster.desks[number % 3])).utf8))
        }
        let outcome = Outcome(statuses: send(requests, to: cluster))
        #expect(outcome.statuses.allSatisfy { (200..<500).contains($0) }, "\(outcome)")
        return outcome
    }

    /// The statuses of the answers to `requests`, sent at the same time to the nodes in turn.
    private func send(_ requests: [[UInt8]], to cluster: RunningCluster) -> [Int] {
        let ports = cluster.nodes.map(\.port)
        return atOnce(requests.count) { number in
            let connection = try HTTPConnection(port: ports[number % ports.count])
            connection.send(requests[number])
            return try connection.answer()?.status ?? 0
        }.map { (try? $0.get()) ?? 0 }
    }

    // MARK: Alone or shared

    @Test func aBrokerThatWantsTheStoreForItselfAndNodesKeepEachOtherOut() async throws {
        try await aside {
            let cluster = try RunningCluster(["a", "b"], on: try PostgresServer.shared())
            try cluster.start()
            try cluster.open()
            let token = try cluster.desks[0].mint("orchestrator", Self.scope)
            let refused = try cluster.founder.refusedStart()
            #expect(refused.status == 3 && refused.errors.contains("another broker is using"), "\(refused)")
            try cluster.nodes[0].kill()
            #expect(try cluster.founder.refusedStart().status == 3)
            #expect(try cluster.desks[1].isActive(token))
            #expect(try cluster.nodes[1].stop() == 0)
            try cluster.founder.start()
            let alone = Desk(cluster.desks[0], at: cluster.founder)
            #expect(try alone.isActive(token))
            let kept = try cluster.nodes[0].refusedStart()
            #expect(kept.status == 3 && kept.errors.contains("another broker is using"), "\(kept)")
            let later = try alone.mint("orchestrator", Self.scope)
            try cluster.founder.kill()
            try cluster.start()
            for desk in cluster.desks { #expect(try desk.isActive(token) && desk.isActive(later)) }
            let verified = try cluster.mayfly(["ledger", "verify"], at: 1)
            #expect(verified.status == 0, "\(verified)")
        }
    }

    @Test func nodesThatWereKilledKeepNobodyFromAnotherLease() async throws {
        try await aside {
            let cluster = try RunningCluster(["a", "b"], on: try PostgresServer.shared())
            try cluster.start()
            try cluster.open()
            let token = try cluster.desks[0].mint("orchestrator", Self.scope)
            try cluster.killAll()
            for node in cluster.nodes {
                try Files.replace("lease: 1s", with: "lease: 2s", in: node.configFile)
            }
            try cluster.start()
            for desk in cluster.desks { #expect(try desk.isActive(token)) }
        }
    }
}
