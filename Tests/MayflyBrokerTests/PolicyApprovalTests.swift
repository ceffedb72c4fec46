internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// A bundle asks people, and their word lets exactly one request through, under that bundle only.
struct PolicyApprovalTests {
    private static let tiers = """
        {"missing": 1, "records": {"tier3": 100, "tier4": 1000}, "approval": {"groups": ["security"]}}
        """
    private static let rules = """
        {"id": "all", "decision": "allow", "rationale": "r"},
        {"id": "few", "decision": "allow_with_constraints", "constraints": {"max_calls": 3}, "rationale": "r",
         "match": {"scopes": ["tickets.write"]}},
        {"id": "writing", "decision": "require_approval", "rationale": "writing is looked at",
         "match": {"scopes": ["tickets.write"]}, "approval": {"groups": ["finance"]}}
        """

    private static func bench(rules: String = rules) throws -> ApprovalBench {
        let bench = try ApprovalBench(governance: PolicyGovernance())
        try apply(bench, rules)
        return bench
    }

    private static func apply(_ bench: ApprovalBench, _ rules: String) throws {
        let bundle = "{\"policy\": \"t\", \"tiers\": \(tiers), \"rules\": [\(rules)]}"
        let answer = try bench.world.admin("POST", "/api/v1/policies", "{\"bundle\": \(bundle), \"rationale\": \"r\"}")
        try #require(answer.status == 201, "\(answer.text)")
    }

    @Test func whatTheBundleWantsApprovedIsMintedOnceAndWithinItsConstraints() throws {
        let bench = try Self.bench()
        #expect(try bench.ask([("resource", "tickets"), ("scope", "tickets.read")]).status == 200)
        let id = try bench.approved()
        let granted = try bench.ask()
        #expect(granted.status == 200, "\(granted.text)")
        let details = try bench.world.introspect(granted.accessToken)["authorization_details"]?.arrayValue ?? []
        #expect(details.contains { $0.objectValue?["max_calls"] == .integer(3) })
        #expect(try bench.show(id).string("state") == "used")
        #expect(try bench.ask().error == "authorization_pending")
        let issued = try bench.entries("token.issued").first { $0["approval"] == .string(id) }
        #expect(issued?["decision"] == .string("require_approval"))
        #expect(issued?["rule"] == .string("writing"))
        #expect(issued?["bundle"] == (try bench.world.admin("GET", "/api/v1/policies/active"))["digest"])
    }

    @Test func aTierAsksItsOwnPeopleBesideTheRules() throws {
        let bench = try Self.bench()
        let form = ApprovalBench.risky + [("context", #"{"records":200}"#)]
        let id = try bench.raise(form)
        #expect(try bench.vote(id, as: "owner:finance-lead").string("state") == "pending")
        #expect(try bench.ask(form).status == 400)
        #expect(try bench.vote(id, as: "owner:security-lead").string("state") == "approved")
        #expect(try bench.ask(form).status == 200)
        // Nobody is asked about what is halted.
        let halted = try bench.ask(ApprovalBench.risky + [("context", #"{"records":1000}"#)])
        #expect(halted.error == "access_denied")
        #expect(halted["policy"]?.objectValue?["rule"] == .string("tier.4"))
    }

    @Test func agreementUnderOneBundleIsNothingUnderTheNext() throws {
        let bench = try Self.bench()
        let id = try bench.approved()
        try Self.apply(bench, Self.rules.replacing("looked at", with: "looked at twice"))
        #expect(try bench.raise() != id)
        #expect(try bench.show(id).string("state") == "superseded")
        // And what was minted by agreement is not what the new bundle would mint by itself.
        let other = try Self.bench()
        _ = try other.approved()
        let token = try other.ask().accessToken
        #expect(try other.world.isActive(token))
        try Self.apply(other, Self.rules.replacing("looked at", with: "looked at twice"))
        #expect(try !other.world.isActive(token))
    }

    @Test func aBundleThatDeniesInTheMeantimeWins() throws {
        let bench = try Self.bench()
        _ = try bench.approved()
        try Self.apply(bench, Self.rules + #", {"id": "none", "decision": "deny", "rationale": "closed"}"#)
        #expect(try bench.ask().error == "access_denied")
    }

    @Test func thePollOfABackchannelRequestGoesThroughThePolicyAgain() throws {
        let bench = try Self.bench()
        let asked = try bench.authorize()
        let id = try #require(asked.string("auth_req_id"), "\(asked.text)")
        #expect(try bench.vote(id, as: "owner:finance-lead").string("state") == "approved")
        #expect(try bench.poll(id).status == 200)
        #expect(try bench.poll(id).error == "invalid_grant")
        // What needs nobody is not put to people.
        #expect(try bench.authorize([("resource", "tickets"), ("scope", "tickets.read")]).error == "invalid_request")
    }

    @Test func agreementToATokenCoversActionsThatAreNoWorseThanItsCase() throws {
        let rules = #"{"id": "all", "decision": "allow", "rationale": "r"}"#
        let bench = try Self.bench(rules: rules)
        let form: Form = [
            ("resource", "tickets"), ("scope", "tickets.read"), ("context", #"{"records":200,"env":"staging"}"#),
        ]
        let id = try bench.raise(form)
        #expect(try bench.vote(id, as: "owner:security-lead").string("state") == "approved")
        let token = try bench.ask(form).accessToken
        let basic = (name: "Authorization", value: Wire.basic("tickets", try bench.world.secret(of: "tickets")))
        func ask(_ token: String, _ context: String) throws -> String? {
            let body =
                #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"#
                + #""resource":{"type":"thing","id":"1"},"context":\#(context)}"#
            let answer = try bench.world.handler.send(
                "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
            return answer["decision"] == .bool(true) ? "yes" : answer["context"]?.objectValue?["reason"]?.stringValue
        }
        #expect(try ask(token, #"{"records":200,"env":"staging"}"#) == "yes")
        #expect(try ask(token, #"{"records":150,"env":"staging"}"#) == "yes")
        let decided = try bench.entries("action.decided").first
        #expect(decided?["approval"] == .string(id))
        #expect(decided?["decision"] == .string("require_approval"))
        for worse in [
            #"{"records":201,"env":"staging"}"#, #"{"records":200,"env":"production"}"#, #"{"records":200}"#,
            #"{"records":200,"env":"staging","data":["health"]}"#,
        ] { #expect(try ask(token, worse) == "approval_required", "\(worse)") }
        #expect(try ask(token, #"{"records":1000,"env":"staging"}"#) == "policy_denied")
        // A token that nobody agreed to has no such word behind it, and neither has one below an agreed one.
        let plain = try bench.ask([("resource", "tickets"), ("scope", "tickets.read")]).accessToken
        #expect(try ask(plain, #"{"records":200,"env":"staging"}"#) == "approval_required")
        let child = try bench.world.delegated(from: "agent:root", parent: token, to: "agent:child")
        #expect(try ask(child, #"{"records":200,"env":"staging"}"#) == "approval_required")
    }

    @Test(arguments: [10, 29, 31])
    func howeverDeepACaseIsTheBrokerStartsAgainAndItsPagesCanBeRead(_ depth: Int) throws {
        let bench = try Self.bench()
        let nested = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
        let answer = try bench.ask(ApprovalBench.risky + [("context", #"{"x":\#(nested)}"#)])
        #expect(answer.error == (depth <= PolicyContext.maximumDepth ? "authorization_pending" : "invalid_request"))
        let page = try bench.world.admin("GET", "/api/v1/approvals")
        #expect(throws: Never.self) { try JSONParser.parseObject(Array(page.text.utf8)) }
        #expect(throws: Never.self) { try ApprovalBench(restarting: bench, governance: PolicyGovernance()) }
    }

    private static func decide(
        _ bench: ApprovalBench, _ token: String, _ context: String, secret: String
    ) throws -> String? {
        let body =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"#
            + #""resource":{"type":"thing","id":"1"},"context":\#(context)}"#
        let basic = (name: "Authorization", value: Wire.basic("tickets", secret))
        let answer = try bench.world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
        return answer["decision"] == .bool(true) ? "yes" : answer["context"]?.objectValue?["reason"]?.stringValue
    }

    @Test func whatPeopleSawOfACaseIsNotAnotherAtTheTool() throws {
        let bench = try Self.bench(rules: #"{"id": "all", "decision": "allow", "rationale": "r"}"#)
        let form: Form = [
            ("resource", "tickets"), ("scope", "tickets.read"),
            ("context", #"{"records":200,"account":"A-17"}"#),
        ]
        let id = try bench.raise(form)
        #expect(try bench.vote(id, as: "owner:security-lead").string("state") == "approved")
        let token = try bench.ask(form).accessToken
        let secret = try bench.world.secret(of: "tickets")
        func ask(_ context: String) throws -> String? {
            try Self.decide(bench, token, context, secret: secret)
        }
        #expect(try ask(#"{"records":200,"account":"A-17"}"#) == "yes")
        // What the tool alone knows of is its own; what it leaves out could be anything.
        #expect(try ask(#"{"records":200,"account":"A-17","page":2}"#) == "yes")
        #expect(try ask(#"{"records":200,"page":2}"#) == "approval_required")
        #expect(try ask(#"{"records":200,"account":"B-99"}"#) == "approval_required")
        #expect(try ask(#"{"records":200,"account":null}"#) == "approval_required")
    }

    @Test func agreementStandsForTheLifeOfItsTokenAndNotForTheWindow() throws {
        let bench = try Self.bench(rules: #"{"id": "all", "decision": "allow", "rationale": "r"}"#)
        let context = #"{"records":200}"#
        let form: Form = [
            ("resource", "tickets"), ("scope", "tickets.read"), ("context", context), ("requested_expiry", "10"),
        ]
        let asked = try bench.authorize(form)
        let id = try #require(asked.string("auth_req_id"), "\(asked.text)")
        #expect(try bench.vote(id, as: "owner:security-lead").string("state") == "approved")
        let token = try bench.poll(id).accessToken
        let secret = try bench.world.secret(of: "tickets")
        #expect(try Self.decide(bench, token, context, secret: secret) == "yes")
        bench.world.clock.advance(10 + ApprovalLimits.memory + 1)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.world.isActive(token))
        #expect(try Self.decide(bench, token, context, secret: secret) == "yes")
        let again = try ApprovalBench(restarting: bench, governance: PolicyGovernance())
        #expect(try Self.decide(again, token, context, secret: secret) == "yes")
    }
}
