@testable import MayflyBroker
import MayflyModel
import MayflyPolicy
import Testing

/// Behaviour seen from outside: the ledger, the metrics, the API, and conditions that ask about it.
struct BehaviourPolicyTests {
    private static let reading: Form = [("resource", "tickets"), ("scope", "tickets.read")]
    private static let writing: Form = [("resource", "tickets"), ("scope", "tickets.write")]

    private static func apply(_ world: World, _ rules: String, _ more: String = "") throws {
        let all = "{\"id\": \"all\", \"decision\": \"allow\", \"rationale\": \"r\"}"
        let bundle = "{\"policy\": \"t\", \"rules\": [\(all), \(rules)]}"
        let answer = try world.admin(
            "POST", "/api/v1/policies", "{\"bundle\": \(bundle), \"rationale\": \"r\"\(more)}")
        try #require(answer.status == 201, "\(answer.text)")
    }

    private static func rule(_ condition: String, _ decision: String = "require_approval", on: String = "mint")
        -> String
    {
        "{\"id\": \"unusual\", \"on\": [\"\(on)\"], \"decision\": \"\(decision)\", \"when\": \"\(condition)\", "
            + "\"rationale\": \"r\"}"
    }

    private static func entries(_ world: World, _ event: String) throws -> [JSONObject] {
        world.settle()
        let page = try world.admin("GET", "/api/v1/ledger?agent=agent:root&event=\(event)&limit=500")
        return (page["entries"]?.arrayValue ?? []).compactMap { $0.objectValue?["entry"]?.objectValue }
    }

    private static func learn(_ world: World, _ count: Int = 25) throws {
        for _ in 0..<count { _ = try world.minted("agent:root", reading) }
    }

    private static func ask(_ world: World, _ token: String, _ action: String) throws -> Answer {
        let body =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)"},"#
            + #""resource":{"type":"thing","id":"1"}}"#
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        return try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
    }

    @Test func aDeviationStandsInTheLedgerOnceAnHourAndInTheMetrics() throws {
        let world = try World()
        // Nothing is raised for an agent that is new itself.
        _ = try world.minted("agent:root", [("resource", "mail")])
        try Self.learn(world)
        #expect(try Self.entries(world, "behaviour.deviated").isEmpty)
        for _ in 0..<3 { _ = try world.minted("agent:root", Self.writing) }
        let token = try world.minted("agent:root", Self.writing)
        let raised = try Self.entries(world, "behaviour.deviated")
        #expect(raised.count == 1)
        let entry = try #require(raised.first)
        #expect(entry["rule"] == .string("behaviour.new_scope"))
        #expect(entry["agent"] == .string("agent:root"))
        #expect(entry["owner"] == .string("owner:ann"))
        #expect(entry["scope"] == .string("tickets.write"))
        #expect(entry["resource"] == .string(World.tickets))
        #expect(entry["retention"] == .string("security"))
        #expect(entry["token"] != nil && entry["trace"] != nil)
        #expect(world.broker.metrics.deviations[.newScope] == 1)
        // To whom rights go is behaviour too.
        let ticket = try world.ticket("agent:root", parent: token, for: "agent:other")
        #expect(ticket.status == 200)
        let partner = try Self.entries(world, "behaviour.deviated").first {
            $0["rule"] == .string("behaviour.new_partner")
        }
        #expect(partner?["target"] == .string("agent:other"))
        // An hour later the same kind may be said again, and the broker's own entries teach nothing.
        let seen = world.broker.behaviour.look(at: try #require(AgentID("agent:root")))?.seen
        #expect(seen == Int64(31))
    }

    @Test func strangersCannotMakeAnAgentLookUnusual() throws {
        let world = try World()
        try Self.learn(world)
        let other = try world.key("agent:other")
        for _ in 0..<20 {
            let forged = try world.assertion("agent:root", key: other)
            let answer = try world.handler.send(
                "POST", "/oauth2/token", headers: [Wire.formType],
                body: Wire.encode(
                    [
                        ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                        ("client_assertion", forged),
                    ]))
            #expect(answer.status == 401)
        }
        // A captured assertion that comes again is not the agent's either.
        let assertion = try world.assertion("agent:root")
        for turn in 0..<10 {
            let answer = try world.handler.send(
                "POST", "/oauth2/token", headers: [Wire.formType],
                body: Wire.encode(
                    [
                        ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                        ("client_assertion", assertion),
                    ] + Self.reading))
            #expect(answer.status == (turn == 0 ? 200 : 401), "\(answer.text)")
        }
        world.settle()
        #expect(world.broker.metrics.deviations[.refusals] == 0)
        let mints = world.broker.behaviour.look(at: try #require(AgentID("agent:root")))?.mints
        #expect(mints?.recentRefused == 0)
    }

    @Test func refusalsThatRiseAreRaised() throws {
        let world = try World()
        try Self.learn(world)
        for _ in 0..<30 {
            let answer = try world.token("agent:root", [("resource", "tickets"), ("scope", "tickets.admin")])
            #expect(answer.status == 400)
        }
        let raised = try Self.entries(world, "behaviour.deviated").compactMap { $0["rule"]?.stringValue }
        #expect(raised == ["behaviour.refusals"])
    }

    @Test func anUnusualRequestIsPutToPeopleAndAUsualOneIsNot() throws {
        let world = try World()
        try Self.learn(world)
        try Self.apply(world, Self.rule("behaviour.anomaly > 0.8"))
        #expect(try world.token("agent:root", Self.reading).status == 200)
        #expect(try world.token("agent:root", Self.writing).error == "authorization_pending")
        #expect(try world.token("agent:root", [("resource", "mail")]).error == "authorization_pending")
        // Each scope is judged by itself: who names none gets the usual one.
        let some = try world.token("agent:root", [("resource", "tickets"), ("authorization_details", "[]")])
        #expect(some.string("scope") == "tickets.read", "\(some.text)")
        // What was asked stands in the ledger, so that it can be asked again.
        let facts = try Self.entries(world, "token.issued").first?["facts"]?.objectValue?["behaviour"]?.objectValue
        #expect(facts?["known"] == .bool(true))
        #expect(facts?["new_scopes"]?.objectValue?["tickets.read"] != nil)
    }

    @Test func anAgentThatNobodyKnowsIsRestrictedUnlessTheRuleSaysOtherwise() throws {
        let world = try World()
        try Self.apply(world, Self.rule("behaviour.anomaly > 0.8"))
        #expect(try world.token("agent:leaf").error == "authorization_pending")
        try Self.apply(world, Self.rule("behaviour.known && behaviour.anomaly > 0.8"))
        #expect(try world.token("agent:leaf").status == 200)
        // What permits does not count without the fact.
        let bundle =
            "{\"policy\": \"t\", \"rules\": [{\"id\": \"calm\", \"decision\": \"allow\", \"rationale\": \"r\", "
            + "\"when\": \"behaviour.anomaly < 0.5\"}]}"
        let applied = try world.admin(
            "POST", "/api/v1/policies", "{\"bundle\": \(bundle), \"rationale\": \"r\"}")
        #expect(applied.status == 201)
        #expect(try world.token("agent:leaf").error == "access_denied")
    }

    @Test func anActionIsJudgedByTheBehaviourOfWhoeverHoldsTheToken() throws {
        let world = try World()
        try Self.apply(world, Self.rule("behaviour.known && behaviour.refusals > 0.5", "deny", on: "action"))
        let token = try world.minted("agent:root", Self.reading)
        for _ in 0..<20 { #expect(try Self.ask(world, token, "view")["decision"] == .bool(true)) }
        for _ in 0..<8 { #expect(try Self.ask(world, token, "close")["decision"] == .bool(false)) }
        let refused = try Self.ask(world, token, "view")
        #expect(refused["decision"] == .bool(false), "\(refused.text)")
        #expect(refused["context"]?.objectValue?["reason"] == .string("policy_denied"))
        let denied = try Self.entries(world, "action.decided").first { $0["rule"] == .string("unusual") }
        #expect(denied?["facts"]?.objectValue?["behaviour"]?.objectValue?["refusals"] != nil)
        // A refusal for that reason is no reason for the next: some quiet minutes, and it is over.
        let actions = world.broker.behaviour.look(at: try #require(AgentID("agent:root")))?.actions
        #expect(actions?.recentRefused == 8 * Decay.one)
        world.clock.advance(120)
        for _ in 0..<3 { _ = try Self.ask(world, token, "view") }
        world.clock.advance(60)
        for _ in 0..<30 { _ = try Self.ask(world, token, "view") }
        #expect(try Self.ask(world, token, "view")["decision"] == .bool(true))
    }

    @Test func whoTakesRightsFromAStrangerIsLookedAt() throws {
        let world = try World()
        for _ in 0..<20 { _ = try world.minted("agent:child", Self.reading) }
        try Self.apply(world, Self.rule("behaviour.known && behaviour.new_partner > 0.8"))
        let parent = try world.minted("agent:root", Self.reading)
        let ticket = try world.ticket("agent:root", parent: parent, for: "agent:child").accessToken
        #expect(try world.redeem("agent:child", ticket: ticket).error == "authorization_pending")
        // Nobody is above its own tokens, and what it does at the registry's word makes the other known.
        #expect(try world.token("agent:child", Self.reading).status == 200)
        #expect(
            try world.admin("POST", "/api/v1/policies/0/activate", #"{"rationale": "r"}"#).status == 200)
        #expect(try world.redeem("agent:child", ticket: ticket).status == 200)
        try Self.apply(world, Self.rule("behaviour.known && behaviour.new_partner > 0.8"))
        let second = try world.ticket("agent:root", parent: parent, for: "agent:child").accessToken
        #expect(try world.redeem("agent:child", ticket: second).status == 200)
    }

    @Test func aTokenThatIsOutIsAskedAboutUnderTheNewBundle() throws {
        let world = try World()
        try Self.learn(world)
        let known = try world.minted("agent:root", Self.reading)
        let unknown = try world.minted("agent:leaf")
        try Self.apply(world, Self.rule("behaviour.anomaly > 0.8"))
        #expect(try world.isActive(known))
        #expect(try !world.isActive(unknown))
        try Self.apply(world, Self.rule("behaviour.known && behaviour.anomaly > 0.8"))
        #expect(try world.isActive(unknown))
    }

    @Test func aBundleInTheShadowIsAskedWithTheSameFacts() throws {
        let world = try World()
        try Self.learn(world)
        try Self.apply(world, Self.rule("behaviour.new_scope > 0.8", "deny"), ", \"mode\": \"shadow\"")
        _ = try world.minted("agent:root", Self.reading)
        _ = try world.minted("agent:root", Self.writing)
        let entries = try Self.entries(world, "token.issued")
        #expect(entries.first?["shadow"]?.objectValue?["rule"] == .string("unusual"))
        #expect(entries.dropFirst().first?["shadow"] == nil)
        #expect(entries.first?["facts"]?.objectValue?["behaviour"] != nil)
    }

    @Test func aBundleThatDoesNotAskFindsNoFactsInTheLedger() throws {
        let world = try World()
        try Self.apply(world, Self.rule("tier == 4", "deny"))
        _ = try world.minted("agent:root", Self.reading)
        let facts = try Self.entries(world, "token.issued").first?["facts"]?.objectValue
        #expect(facts != nil && facts?["behaviour"] == nil)
    }

    @Test func whatIsUsualCanBeReadWithHowUsualARequestWouldBe() throws {
        let world = try World()
        let path = "/api/v1/agents/root/behaviour"
        let empty = try world.admin("GET", path)
        #expect(empty["known"] == .bool(false))
        #expect(empty["facts"]?.objectValue?["known"] == .bool(false))
        try Self.learn(world)
        let report = try world.admin("GET", path + "?resource=tickets&scope=tickets.read%20tickets.write")
        #expect(report["known"] == .bool(true))
        #expect(report["requests"] == .integer(25))
        let scopes = report["scopes"]?.arrayValue?.compactMap { $0.objectValue?["name"]?.stringValue }
        #expect(scopes == ["tickets.read"])
        let facts = try #require(report["facts"]?.objectValue)
        #expect(facts["new_scopes"]?.objectValue?["tickets.write"] == .integer(1))
        #expect(facts["new_resource"] == .number("0.038"))
        #expect(try world.admin("GET", "/api/v1/agents/nobody/behaviour").status == 404)
        for query in ["phase=none", "resource=a%20b", "scope=%20", "from=a%20b", "scope=a&scope=b"] {
            #expect(try world.admin("GET", path + "?" + query).status == 400, "\(query)")
        }
        #expect(try world.handler.send("GET", path).status == 401)
    }
}
