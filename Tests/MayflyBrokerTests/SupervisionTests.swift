@testable internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// What tier 2 lets through can be taken back by those who answer for it, once and in time.
struct SupervisionTests {
    /// Money from 50 dollars on is in tier 2; what it lets through can be taken back for 10 minutes.
    static let bundle = #"""
        {"policy": "test", "tiers": {"cost": {"USD": {"tier2": "50", "tier3": "500"}}, "missing": 1, "window": 600},
         "rules": [{"id": "all", "decision": "allow", "rationale": "a test"}]}
        """#

    static func world() throws -> World {
        let world = try World()
        let applied = try world.admin("POST", "/api/v1/policies", #"{"bundle": \#(bundle), "rationale": "test"}"#)
        try #require(applied.status == 201, "\(applied.text)")
        try world.enrolOwners("owner:ann", "owner:bob")
        return world
    }

    private static let costly: (String, String) = ("context", #"{"cost": {"amount": "60", "currency": "USD"}}"#)

    /// A token of `agent` that was minted in tier 2, and the name of its supervision.
    private static func supervised(_ world: World, _ agent: String = "agent:root") throws -> (token: String, id: String)
    {
        let answer = try world.token(agent, [("resource", "tickets"), costly])
        try #require(answer.status == 200, "\(answer.text)")
        let id = try #require(answer["supervision"]?.objectValue?["id"]?.stringValue, "\(answer.text)")
        return (answer.accessToken, id)
    }

    private static func call(
        _ world: World, _ method: String, _ path: String, as owner: String, _ body: String = ""
    ) throws -> Answer {
        let token = try world.minted(owner, [("scope", "mayfly.approve")])
        return try world.beginAdmin(method, "/api/v1/supervisions\(path)", body, token: token).wait()
    }

    private static func reverse(_ world: World, _ id: String, as owner: String) throws -> Answer {
        try call(world, "POST", "/\(id)/reverse", as: owner, #"{"reason": "wrong account"}"#)
    }

    /// What the tool is told, by the resource's own secret.
    private static func state(_ world: World, _ id: String, of resource: String = "tickets") throws -> Answer {
        let basic = (name: "Authorization", value: Wire.basic(resource, try world.secret(of: resource)))
        return try world.handler.send("GET", "/access/v1/supervisions/\(id)", headers: [basic], body: "")
    }

    private static func ask(_ world: World, _ token: String, _ context: String) throws -> Answer {
        let body =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"#
            + #""resource":{"type":"thing","id":"1"},"context":\#(context)}"#
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        return try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
    }

    @Test func takingBackATokenEndsItAndEverythingBelowAndTheToolIsTold() throws {
        let world = try Self.world()
        let (token, id) = try Self.supervised(world)
        let child = try world.delegated(from: "agent:root", parent: token, to: "agent:child", [Self.costly])
        #expect(try Self.state(world, id).string("state") == "open")
        let answer = try Self.reverse(world, id, as: "owner:ann")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.string("state") == "reversed")
        #expect(try !world.isActive(token))
        #expect(try !world.isActive(child))
        let told = try Self.state(world, id)
        #expect(told.string("state") == "reversed")
        #expect(told.string("reason") == "wrong account")
        let entry = try #require(try Self.entry(world, "supervision.reversed"))
        #expect(entry["actor"] == .string("owner:ann"))
        #expect(entry["supervision"] == .string(id))
        #expect(entry["reason"] == .string("wrong account"))
        #expect(try Self.reverse(world, id, as: "owner:ann").status == 409)
    }

    static func entry(_ world: World, _ event: String) throws -> JSONObject? {
        let page = try world.admin("GET", "/api/v1/ledger?event=\(event)&limit=1")
        return page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
    }

    @Test func onlyWhoAnswersForTheAgentOrForOneAboveSeesItAndTakesItBack() throws {
        let world = try Self.world()
        let (token, _) = try Self.supervised(world)
        // agent:other is bob's; the token above it is ann's agent's.
        let ticket = try world.ticket("agent:root", parent: token, for: "agent:other")
        let child = try world.redeem("agent:other", ticket: ticket.accessToken, [Self.costly])
        let id = try #require(child["supervision"]?.objectValue?["id"]?.stringValue, "\(child.text)")
        let own = try Self.supervised(world, "agent:other").id
        #expect(try Self.reverse(world, own, as: "owner:ann").status == 404)
        #expect(try Self.call(world, "GET", "/\(own)", as: "owner:ann").status == 404)
        let seen = try Self.call(world, "GET", "?state=open", as: "owner:ann")
        let ids = (seen["supervisions"]?.arrayValue ?? []).compactMap { $0.objectValue?["id"]?.stringValue }
        #expect(ids.contains(id) && !ids.contains(own))
        #expect(try Self.reverse(world, id, as: "owner:ann").status == 200)
        #expect(try Self.reverse(world, own, as: "owner:bob").status == 200)
        // The tool of another resource finds nothing, like a name that nobody gave out.
        #expect(try Self.state(world, id, of: "mail").status == 404)
        #expect(try Self.state(world, "nothing").status == 404)
    }

    @Test func anActionInTier2CanBeTakenBackUntilItsWindowEnds() throws {
        let world = try Self.world()
        let token = try world.minted("agent:root")
        let harmless = try Self.ask(world, token, "{}")
        #expect(harmless["context"]?.objectValue?["supervision"] == nil)
        let answer = try Self.ask(world, token, #"{"cost": {"amount": "50.00", "currency": "USD"}}"#)
        #expect(answer["decision"] == .bool(true))
        let brief = answer["context"]?.objectValue?["supervision"]?.objectValue
        let id = try #require(brief?["id"]?.stringValue, "\(answer.text)")
        let opened = try #require(try Self.entry(world, "supervision.opened"))
        #expect(opened["action"] == .string("view"))
        #expect(opened["seconds"] == .integer(600))
        #expect(opened["owner"] == .string("owner:ann"))
        world.clock.advance(599)
        #expect(try Self.state(world, id).string("state") == "open")
        world.clock.advance(1)
        #expect(try Self.state(world, id).string("state") == "final")
        #expect(try Self.reverse(world, id, as: "owner:ann").status == 409)
        // A clock that is set back gives no second chance.
        let owner = try world.minted("owner:ann", [("scope", "mayfly.approve")])
        world.clock.step(-3600)
        let late = try world.beginAdmin(
            "POST", "/api/v1/supervisions/\(id)/reverse", #"{"reason": "late"}"#, token: owner
        ).wait()
        #expect(late.status == 409)
    }

    @Test func whatIsSupervisedOutlivesARestartAndIsForgottenInTheEnd() throws {
        let world = try Self.world()
        let (token, id) = try Self.supervised(world)
        let second = try World(restarting: world)
        #expect(try Self.state(second, id).string("state") == "open")
        #expect(try Self.reverse(second, id, as: "owner:ann").status == 200)
        let third = try World(restarting: second)
        #expect(try Self.state(third, id).string("state") == "reversed")
        #expect(try !third.isActive(token))
        // What was taken back is remembered for longer than what stands.
        third.clock.advance(600 + Supervision.memory)
        while try third.broker.removeExpired() {}
        #expect(try Self.state(third, id).string("state") == "reversed")
        third.clock.advance(Supervision.reversalMemory)
        while try third.broker.removeExpired() {}
        #expect(try Self.state(third, id).status == 404)
        #expect(third.broker.state.read { $0.supervisionIndex.count } == 0)
    }

    @Test func anOwnerWhoHasLeftAndASignInThatWasEndedTakeNothingBack() throws {
        let world = try Self.world()
        let (_, id) = try Self.supervised(world)
        let token = try world.minted("owner:ann", [("scope", "mayfly.approve")])
        #expect(try world.revoke(#"{"owner": "owner:ann", "reason": "test"}"#).status == 200)
        let late = try world.beginAdmin(
            "POST", "/api/v1/supervisions/\(id)/reverse", #"{"reason": "late"}"#, token: token
        ).wait()
        #expect(late.status == 401)
        // The revocation ended the token of ann's agent; an administrator can still say that it was taken back.
        let admin = try world.admin("POST", "/api/v1/supervisions/\(id)/reverse", #"{"reason": "for the record"}"#)
        #expect(admin.status == 200, "\(admin.text)")
        #expect(try world.admin("POST", "/api/v1/supervisions/\(id)/reverse", #"{"reason": "  "}"#).status == 400)
    }

    @Test func ofManyWhoTakeItBackAtOnceOneDoes() throws {
        let world = try Self.world()
        let (_, id) = try Self.supervised(world)
        let token = try world.minted("owner:ann", [("scope", "mayfly.approve")])
        let statuses = concurrently(8) { _ in
            (try? world.beginAdmin(
                "POST", "/api/v1/supervisions/\(id)/reverse", #"{"reason": "race"}"#, token: token
            ).wait().status) ?? 0
        }
        #expect(statuses.count { $0 == 200 } == 1)
        #expect(statuses.count { $0 == 409 } == 7)
    }

    @Test func pastTheBoundNothingGoesByThatNobodyCouldTakeBack() throws {
        let index = {
            var index = SupervisionIndex()
            let agent = AgentID("agent:root")
            guard let agent else { return index }
            for number in 0..<Supervision.maximumByAgent {
                index.replace(nil, with: Self.record("\(number)", of: agent))
            }
            return index
        }()
        let (root, other) = (try #require(AgentID("agent:root")), try #require(AgentID("agent:other")))
        #expect(!index.hasRoom(for: root))
        #expect(index.hasRoom(for: other))
        var less = index
        less.replace(Self.record("0", of: root), with: nil)
        #expect(less.hasRoom(for: root))
    }

    private static func record(_ id: String, of agent: AgentID) -> Supervision {
        let now = Timestamp(seconds: 1)
        return Supervision(
            id: id, asker: "tickets", agent: agent, resource: "https://tickets.example", scope: nil, action: nil,
            task: "", trace: "", token: id, chain: [], cost: nil, records: nil, rule: "all", openedAt: now,
            lapsesAt: now)
    }
}
