import MayflyBroker
import MayflyModel
import Testing

/// What a request past its client's limit is answered.
@Suite struct RequestLimitTests {
    @Test func anAgentPastItsLimitHears429AndAnotherDoesNot() throws {
        let world = try World()
        world.allow(mint: RateLimit(rate: 1, burst: 3))
        for _ in 0..<3 { _ = try world.minted("agent:root") }
        let refused = try world.token("agent:root", [("resource", "tickets")])
        #expect(refused.status == 429)
        #expect(refused.error == "temporarily_unavailable")
        #expect(refused.header("Retry-After") == "1")
        #expect(try world.token("agent:other", [("resource", "tickets")]).status == 200)
        world.clock.advance(1)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 200)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429)
        #expect(world.broker.limits.refusedMintCount == 2)
    }

    @Test func aStrangerCannotUseUpAnAgentsShare() throws {
        let world = try World()
        world.allow(mint: RateLimit(rate: 1, burst: 2))
        let stranger = try world.key("agent:other")
        for _ in 0..<10 {
            let forged = try world.assertion("agent:root", key: stranger)
            #expect(try world.sendAssertion(forged).status == 401)
        }
        let captured = try world.assertion("agent:root")
        #expect(try world.sendAssertion(captured).status == 200)
        for _ in 0..<10 { #expect(try world.sendAssertion(captured).status == 401) }
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 200)
    }

    @Test func aRefusedAssertionCanBeSentAgain() throws {
        let world = try World()
        world.allow(mint: RateLimit(rate: 1, burst: 1))
        _ = try world.minted("agent:root")
        let assertion = try world.assertion("agent:root")
        #expect(try world.sendAssertion(assertion).status == 429)
        world.clock.advance(1)
        #expect(try world.sendAssertion(assertion).status == 200)
    }

    /// The bucket is another one: tokens can be ended when no more of them are to be had.
    @Test func revocationsByAnAgentHaveTheLimitOfItsTokenRequestsForThemselves() throws {
        let world = try World()
        let tokens = try (0..<3).map { _ in try world.minted("agent:root") }
        world.allow(mint: RateLimit(rate: 1, burst: 1))
        _ = try world.minted("agent:root")
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429)
        // The ledger names an agent once a second.
        world.clock.advance(1)
        func revoke(_ token: String, _ assertion: String) throws -> Answer {
            try world.post(
                "/oauth2/revoke", as: nil,
                [
                    ("token", token), ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
                ])
        }
        let used = try world.assertion("agent:root")
        #expect(try revoke(tokens[0], used).status == 200)
        let later = try world.assertion("agent:root")
        let refused = try revoke(tokens[1], later)
        #expect(refused.status == 429 && refused.header("Retry-After") == "1")
        #expect(try world.isActive(tokens[1]))
        world.clock.advance(1)
        // A replay costs nothing, and what was refused can be sent again.
        #expect(try revoke(tokens[1], used).status == 401)
        #expect(try revoke(tokens[1], later).status == 200)
        #expect(try tokens.map { try world.isActive($0) } == [false, false, true])
        #expect(world.broker.limits.refusedRevocationCount == 1)
        #expect(try limited(world).map { $0["rule"] }.contains(.string("limit.revoke")))
    }

    @Test func aResourcePastItsLimitHears429InEachSurfacesShape() throws {
        let world = try World()
        let secret = try world.secret(of: "tickets")
        let token = try world.minted("agent:root")
        let basic = (name: "Authorization", value: Wire.basic("tickets", secret))
        world.allow(verify: RateLimit(rate: 1, burst: 1))
        func introspect() throws -> Answer {
            try world.handler.send(
                "POST", "/oauth2/introspect", headers: [Wire.formType, basic], body: Wire.encode([("token", token)]))
        }
        #expect(try introspect().status == 200)
        let oauth = try introspect()
        #expect(oauth.status == 429 && oauth.error == "temporarily_unavailable" && oauth.header("Retry-After") == "1")
        let question = """
            {"subject":{"type":"access_token","id":"\(token)"},"action":{"name":"read"},\
            "resource":{"type":"ticket","id":"1"}}
            """
        let decision = try world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: question)
        #expect(decision.status == 429 && decision.header("Retry-After") == "1")
        #expect(decision.text.hasPrefix("\"too many requests"), "\(decision.text)")
        let forward = try world.handler.send(
            "GET", "/verify",
            headers: [
                (name: "X-Mayfly-Resource", value: basic.value), (name: "Authorization", value: "Bearer \(token)"),
            ])
        #expect(forward.status == 429 && forward.header("Retry-After") == "1")
        // Who administers is not limited.
        for _ in 0..<5 { #expect(try world.isActive(token)) }
        #expect(world.broker.limits.refusedVerificationCount == 3)
    }

    @Test func aListOfQuestionsCostsAsManyAsItHolds() throws {
        let world = try World()
        let secret = try world.secret(of: "tickets")
        world.allow(verify: RateLimit(rate: 1, burst: 5))
        let headers = [Wire.jsonType, (name: "Authorization", value: Wire.basic("tickets", secret))]
        let body = #"{"evaluations":[{},{},{}]}"#
        #expect(try world.handler.send("POST", "/access/v1/evaluations", headers: headers, body: body).status == 200)
        #expect(try world.handler.send("POST", "/access/v1/evaluations", headers: headers, body: body).status == 429)
    }

    @Test func refusalsByLimitAreInTheLedgerOnceASecond() throws {
        let world = try World()
        world.allow(mint: RateLimit(rate: 1, burst: 1))
        _ = try world.minted("agent:root")
        for _ in 0..<5 { #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429) }
        #expect(try limited(world).map { $0["rule"] } == [.string("limit.mint")])
        world.clock.advance(1)
        _ = try world.minted("agent:root")
        for _ in 0..<5 { #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429) }
        let entries = try limited(world)
        #expect(entries.count == 2)
        #expect(entries.last?["agent"] == .string("agent:root"))
        #expect(entries.last?["reason"] == .string("4 earlier refusals were not written one by one"))
    }

    @Test func agentsOfOneOwnerShareALimitAndOthersDoNot() throws {
        let world = try World()
        world.allow(owner: RateLimit(rate: 1, burst: 3))
        for agent in ["agent:root", "agent:child", "agent:root"] { _ = try world.minted(agent) }
        for agent in ["agent:child", "agent:root"] {
            let refused = try world.token(agent, [("resource", "tickets")])
            #expect(refused.status == 429 && refused.error == "temporarily_unavailable")
            #expect(refused.header("Retry-After") == "1")
        }
        for _ in 0..<3 { _ = try world.minted("agent:other") }
        world.clock.advance(1)
        _ = try world.minted("agent:child")
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429)
        #expect((world.broker.limits.refusedMintCount, world.broker.limits.refusedOwnerMintCount) == (0, 3))
        let entries = try limited(world)
        #expect(entries.map { $0["rule"] } == [.string("limit.mint.owner"), .string("limit.mint.owner")])
        #expect(entries.first?["owner"] == .string("owner:ann") && entries.first?["agent"] == .string("agent:child"))
    }

    @Test func aRequestThatOneOfTwoLimitsRefusesCostsTheOtherNothing() throws {
        let world = try World()
        // The agent's refuses: the owner's one is still there for another agent.
        world.allow(mint: RateLimit(rate: 1, burst: 1), owner: RateLimit(rate: 1, burst: 2))
        _ = try world.minted("agent:root")
        for _ in 0..<5 { #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429) }
        _ = try world.minted("agent:child")
        // The owner's refuses: the agent's one is still there when the owner's limit is taken away.
        world.clock.advance(60)
        world.allow(mint: RateLimit(rate: 1, burst: 1), owner: RateLimit(rate: 1, burst: 1))
        _ = try world.minted("agent:child")
        for _ in 0..<5 { #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429) }
        world.allow(mint: RateLimit(rate: 1, burst: 1))
        _ = try world.minted("agent:root")
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 429)
    }

    private func limited(_ world: World) throws -> [JSONObject] {
        // A command of its own, so that everything submitted before it is in the ledger.
        _ = try world.adminToken()
        let size = try world.store.head().ledgerSize
        return try world.store.ledgerEntries(in: 0..<size).map { try JSONParser.parseObject($0.bytes) }
            .filter { $0["event"] == .string("request.limited") }
    }
}

extension World {
    func allow(mint: RateLimit? = nil, owner: RateLimit? = nil, verify: RateLimit? = nil) {
        var settings = broker.settings
        (settings.mintLimit, settings.ownerMintLimit, settings.verifyLimit) = (mint, owner, verify)
        broker.live.replace(with: settings)
    }

    /// A token request with this assertion and no other.
    func sendAssertion(_ assertion: String) throws -> Answer {
        let form: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", Self.assertionType), ("client_assertion", assertion),
        ]
        return try handler.send("POST", "/oauth2/token", headers: [Wire.formType], body: Wire.encode(form))
    }
}
