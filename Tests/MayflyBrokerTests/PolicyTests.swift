internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Policy at the mint and at the tool: bundles decide, and a changed bundle reaches what is out.
struct PolicyTests {
    /// A world under the rules of `bundle`.
    private static func world(_ rules: String..., tiers: String? = nil) throws -> World {
        let world = try World()
        let applied = try apply(world, bundle(rules, tiers: tiers))
        try #require(applied.status == 201, "\(applied.text)")
        return world
    }

    private static func bundle(_ rules: [String], tiers: String? = nil) -> String {
        let graded = tiers.map { "\"tiers\": \($0), " } ?? ""
        return "{\"policy\": \"test\", \(graded)\"rules\": [\(rules.joined(separator: ","))]}"
    }

    private static func apply(_ world: World, _ bundle: String, _ more: String = "") throws -> Answer {
        try world.admin("POST", "/api/v1/policies", "{\"bundle\": \(bundle), \"rationale\": \"test\"\(more)}")
    }

    private static func rule(_ id: String, _ decision: String, _ members: String = "") -> String {
        "{\"id\": \"\(id)\", \"decision\": \"\(decision)\", \"rationale\": \"because of \(id)\""
            + (members.isEmpty ? "}" : ", \(members)}")
    }

    private static func policy(_ answer: Answer) -> JSONObject {
        answer["policy"]?.objectValue ?? [:]
    }

    private static func ask(_ world: World, _ token: String, _ action: String, _ properties: String = "{}") throws
        -> Answer
    {
        let body =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)"},"#
            + #""resource":{"type":"thing","id":"1"},"context":\#(properties)}"#
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        return try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
    }

    private static func reason(_ answer: Answer) -> String? {
        answer["context"]?.objectValue?["reason"]?.stringValue
    }

    @Test func untilABundleIsAppliedTheRegistryDecides() throws {
        let world = try World.shared()
        let token = try world.minted("agent:root")
        let claims = try JWS.parse(Array(token.utf8)).claims()
        #expect(claims["mayfly"]?.objectValue?["bundle"] == .string("registry"))
        #expect(try world.admin("GET", "/api/v1/policies").json["active"] == .integer(0))
    }

    @Test func anEmptyBundleMintsNothingOnAnyPath() throws {
        let world = try World()
        let parent = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: parent, for: "agent:child")
        #expect(ticket.status == 200)
        #expect(try Self.apply(world, Self.bundle([])).status == 201)
        let refused = try world.token("agent:root", [("resource", "tickets")])
        #expect(refused.status == 400)
        #expect(refused.error == "access_denied")
        #expect(Self.policy(refused)["rule"] == .string("default"))
        // What was out before is dead, and nothing can be made of it.
        #expect(try !world.isActive(parent))
        #expect(try world.redeem("agent:child", ticket: ticket.accessToken).status == 400)
    }

    @Test func aRefusalNamesBundleRuleAndReason() throws {
        let world = try Self.world(
            Self.rule("reading", "allow", "\"match\": {\"scopes\": [\"tickets.read\"]}"),
            Self.rule("no-writing", "deny", "\"match\": {\"scopes\": [\"tickets.write\"]}"))
        let answer = try world.token("agent:root", [("resource", "tickets"), ("scope", "tickets.read tickets.write")])
        #expect(answer.error == "access_denied")
        let policy = Self.policy(answer)
        #expect(policy["rule"] == .string("no-writing"))
        #expect(policy["reason"] == .string("because of no-writing"))
        let active = try world.admin("GET", "/api/v1/policies/active")
        #expect(policy["bundle"] == active["digest"])
        // The ledger says the same, with what was asked.
        let page = try world.admin("GET", "/api/v1/ledger?event=token.refused&limit=1")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["rule"] == .string("no-writing"))
        #expect(entry?["bundle"] == active["digest"])
        #expect(entry?["scope"] == .string("tickets.read tickets.write"))
        #expect(entry?["facts"]?.objectValue?["phase"] == .string("mint"))
    }

    @Test func scopesThatAreLeftOutAreThoseThatPolicyAllows() throws {
        let world = try Self.world(Self.rule("reading", "allow", "\"match\": {\"scopes\": [\"tickets.read\"]}"))
        let answer = try world.token("agent:root", [("resource", "tickets"), ("authorization_details", "[]")])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.string("scope") == "tickets.read")
    }

    @Test func constraintsBecomeLimitsOfTheTokenAndOfWhatIsBelow() throws {
        let world = try Self.world(
            Self.rule(
                "few", "allow_with_constraints", "\"constraints\": {\"max_calls\": 2, \"environments\": [\"staging\"]}")
        )
        let token = try world.minted("agent:root", [("resource", "tickets")])
        let child = try world.delegated(from: "agent:root", parent: token, to: "agent:child")
        for holder in [token, child] {
            let details = try world.introspect(holder)["authorization_details"]?.arrayValue ?? []
            let limits = details.compactMap(\.objectValue).first { $0["type"] == .string("mayfly_limits") }
            #expect(limits?["max_calls"] == .integer(2))
            #expect(limits?["environments"] == .array([.string("staging")]))
        }
        #expect(try Self.ask(world, child, "view", #"{"env":"staging"}"#)["decision"] == .bool(true))
        #expect(try Self.ask(world, token, "view", #"{"env":"production"}"#)["decision"] == .bool(false))
        #expect(try Self.ask(world, token, "view", #"{"env":"staging"}"#)["decision"] == .bool(true))
        // Two calls for the whole tree, and both are spent.
        #expect(Self.reason(try Self.ask(world, child, "view", #"{"env":"staging"}"#)) == "budget_exhausted")
    }

    @Test func askingForMoreThanAConstraintAllowsIsAnErrorAndNoSilentCut() throws {
        let world = try Self.world(
            Self.rule("few", "allow_with_constraints", "\"constraints\": {\"max_calls\": 5}"))
        func ask(_ calls: Int) throws -> Answer {
            try world.token(
                "agent:root",
                [
                    ("resource", "tickets"),
                    ("authorization_details", #"[{"type":"mayfly_limits","max_calls":\#(calls)}]"#),
                ])
        }
        let wide = try ask(6)
        #expect(wide.error == "invalid_authorization_details")
        #expect(wide.string("error_description")?.contains("max_calls") == true)
        #expect(try ask(5).status == 200)
        #expect(try ask(2).status == 200)
    }

    @Test func theContextOfARequestIsJudged() throws {
        let world = try Self.world(
            Self.rule("staging", "allow", "\"when\": \"context.env == 'staging'\""),
            Self.rule(
                "elsewhere", "remediate",
                "\"when\": \"context.env != 'staging'\", \"remedy\": {\"context\": {\"env\": \"staging\"}}"))
        let form: Form = [("resource", "tickets")]
        #expect(try world.token("agent:root", form + [("context", #"{"env":"staging"}"#)]).status == 200)
        let other = try world.token("agent:root", form + [("context", #"{"env":"production"}"#)])
        #expect(other.error == "access_denied")
        #expect(Self.policy(other)["remedy"]?.objectValue?["context"] == .object(["env": .string("staging")]))
        // Without a context the condition has no value: the permit does not count, the restriction does.
        #expect(Self.policy(try world.token("agent:root", form))["rule"] == .string("elsewhere"))
        for bad in ["[]", "x", #"{"env":5}"#, #"{"cost":{"amount":1,"currency":"USD"}}"#] {
            #expect(try world.token("agent:root", form + [("context", bad)]).error == "invalid_request")
        }
    }

    @Test func eachActionIsJudgedAgain() throws {
        let tiers = #"{"missing": 1, "records": {"tier2": 10, "tier3": 100, "tier4": 1000}}"#
        let world = try Self.world(
            Self.rule("mint", "allow", "\"on\": [\"mint\"]"),
            Self.rule("view", "allow", "\"on\": [\"action\"], \"match\": {\"actions\": [\"view\"]}"), tiers: tiers)
        let token = try world.minted("agent:root")
        #expect(try Self.ask(world, token, "view", #"{"records":5}"#)["decision"] == .bool(true))
        let supervised = try Self.ask(world, token, "view", #"{"records":50}"#)
        #expect(supervised["decision"] == .bool(true))
        #expect(supervised["context"]?.objectValue?["policy"]?.objectValue?["tier"] == .integer(2))
        #expect(Self.reason(try Self.ask(world, token, "view", #"{"records":100}"#)) == "approval_required")
        #expect(Self.reason(try Self.ask(world, token, "view", #"{"records":1000}"#)) == "policy_denied")
        #expect(Self.reason(try Self.ask(world, token, "view", #"{"records":"many"}"#)) == "context_malformed")
        // Granted by the token, and allowed by no rule.
        #expect(Self.reason(try Self.ask(world, token, "close")) == "policy_denied")
        let page = try world.admin("GET", "/api/v1/ledger?event=action.decided&outcome=denied&limit=1")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["rule"] == .string("default"))
        #expect(entry?["decision"] == .string("deny"))
    }

    @Test func whatIsHaltedCanSuspendTheAgentInTheSameCommit() throws {
        let tiers = #"{"missing": 1, "records": {"tier4": 1000}, "suspend_on_halt": true}"#
        let world = try Self.world(Self.rule("all", "allow"), tiers: tiers)
        let token = try world.minted("agent:root")
        let halted = try world.token("agent:root", [("resource", "tickets"), ("context", #"{"records":1000}"#)])
        #expect(Self.policy(halted)["rule"] == .string("tier.4"))
        #expect(try world.admin("GET", "/api/v1/agents/agent:root").string("state") == "suspended")
        #expect(try !world.isActive(token))
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "invalid_client")
        // A tool's word does the same.
        let other = try world.minted("agent:other")
        #expect(Self.reason(try Self.ask(world, other, "view", #"{"records":5000}"#)) == "policy_denied")
        #expect(try !world.isActive(other))
        let page = try world.admin("GET", "/api/v1/ledger?event=registry.changed&agent=agent:other&limit=1")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["actor"] == .string("policy:1"))
        #expect(entry?["action"] == .string("suspend"))
        // Without the option the refusal is all.
        let milder = Self.bundle([Self.rule("all", "allow")], tiers: #"{"missing": 1, "records": {"tier4": 1000}}"#)
        #expect(try Self.apply(world, milder).status == 201)
        #expect(
            try world.token("agent:child", [("resource", "tickets"), ("context", #"{"records":1000}"#)]).status == 400)
        #expect(try world.admin("GET", "/api/v1/agents/agent:child").string("state") == "active")
        #expect(world.broker.metrics.halts == 3)
    }

    @Test func aConditionKnowsWhoAnswersForTheAgentAndInWhichGroups() throws {
        let world = try Self.world(
            Self.rule("desk", "allow", "\"when\": \"owner.id == agent.owner && 'desk' in owner.groups\""))
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "access_denied")
        let changed = try world.change("/api/v1/owners/owner:ann") { $0["groups"] = .array([.string("desk")]) }
        #expect(changed.status == 200, "\(changed.text)")
        let token = try world.minted("agent:root", [("resource", "tickets")])
        #expect(try Self.ask(world, token, "view")["decision"] == .bool(true))
        // Another owner's agent has none of it.
        #expect(try world.token("agent:other", [("resource", "tickets")]).error == "access_denied")
    }

    @Test func aTightenedBundleReachesTokensThatAreOut() throws {
        let world = try Self.world(Self.rule("all", "allow"))
        let reader = try world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")])
        let writer = try world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.write")])
        #expect(try world.isActive(reader))
        #expect(try world.isActive(writer))
        let tight = Self.bundle([Self.rule("reading", "allow", "\"match\": {\"scopes\": [\"tickets.read\"]}")])
        #expect(try Self.apply(world, tight).status == 201)
        #expect(try world.isActive(reader))
        #expect(try !world.isActive(writer))
        #expect(Self.reason(try Self.ask(world, writer, "view")) == "token_inactive")
        // A constraint that the token does not carry ends it too.
        let few = Self.bundle([Self.rule("few", "allow_with_constraints", "\"constraints\": {\"max_calls\": 1}")])
        #expect(try Self.apply(world, few).status == 201)
        #expect(try !world.isActive(reader))
        // Rolled back, what is still within its life is good again: nothing was revoked.
        let back = try world.admin(
            "POST", "/api/v1/policies/1/activate", #"{"rationale":"too tight"}"#)
        #expect(back.status == 200, "\(back.text)")
        #expect(try world.isActive(writer))
    }

    @Test func theShadowIsAskedAndEnforcesNothing() throws {
        let world = try Self.world(Self.rule("all", "allow"))
        let tight = Self.bundle([Self.rule("none", "deny")])
        #expect(try Self.apply(world, tight, ", \"mode\": \"shadow\"").status == 201)
        let token = try world.minted("agent:root")
        #expect(try world.isActive(token))
        let page = try world.admin("GET", "/api/v1/ledger?event=token.issued&agent=agent:root&limit=1")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["decision"] == .string("allow"))
        #expect(entry?["shadow"]?.objectValue?["decision"] == .string("deny"))
        #expect(entry?["shadow"]?.objectValue?["rule"] == .string("none"))
        // Applying what was tried empties the shadow.
        #expect(try Self.apply(world, tight).status == 201)
        #expect(try world.admin("GET", "/api/v1/policies")["shadow"] == nil)
        #expect(try !world.isActive(token))
    }

    @Test func versionsSurviveARestart() throws {
        let world = try Self.world(Self.rule("reading", "allow", "\"match\": {\"scopes\": [\"tickets.read\"]}"))
        let token = try world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")])
        let again = try World(restarting: world)
        #expect(try again.isActive(token))
        #expect(
            try again.token("agent:root", [("resource", "tickets"), ("scope", "tickets.write")]).error
                == "access_denied")
        let versions = try again.admin("GET", "/api/v1/policies")
        #expect(versions["active"] == .integer(1))
    }

    @Test func aBadBundleLeavesTheOneInForce() throws {
        let world = try Self.world(Self.rule("all", "allow"))
        let bad = [
            #"{"policy": "t", "rulez": []}"#,
            Self.bundle([Self.rule("a", "allow", "\"when\": \"nobody == 1\"")]),
            #"{"policy": "t", "rules": [], "examples": [{"name": "x", "request": {"agent": {"id": "a"}, "resource": "r"},"#
                + #" "expect": {"decision": "allow"}}]}"#,
        ]
        for bundle in bad {
            let answer = try Self.apply(world, bundle)
            #expect(answer.status == 400, "\(answer.text)")
        }
        #expect(try world.admin("GET", "/api/v1/policies")["active"] == .integer(1))
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 200)
        // Somebody else was quicker.
        let stale = try Self.apply(world, Self.bundle([]), ", \"expected\": \"registry\"")
        #expect(stale.status == 412)
    }

    @Test func onlyAdministratorsChangeThePolicy() throws {
        let world = try World()
        for token in [try world.minted("agent:root"), try world.adminToken("mayfly.read")] {
            let answer = try world.beginAdmin(
                "POST", "/api/v1/policies", #"{"bundle":{"policy":"t","rules":[]},"rationale":"r"}"#, token: token
            ).wait()
            #expect(answer.status == 401 || answer.status == 403)
        }
        #expect(try world.admin("GET", "/api/v1/policies")["active"] == .integer(0))
    }

    @Test func oldVersionsGoAndTheOneInForceStays() throws {
        let world = try Self.world(Self.rule("first", "allow"))
        #expect(try world.admin("POST", "/api/v1/policies/1/activate", #"{"rationale":"keep"}"#).status == 200)
        for _ in 0..<PolicyVersion.maximumKept + 3 {
            #expect(try Self.apply(world, Self.bundle([]), ", \"mode\": \"shadow\"").status == 201)
        }
        let answer = try world.admin("GET", "/api/v1/policies")
        #expect(answer["policies"]?.arrayValue?.count == PolicyVersion.maximumKept)
        #expect(answer["active"] == .integer(1))
        #expect(try world.admin("GET", "/api/v1/policies/1").status == 200)
    }

    @Test func aRisingRiskEndsWhatWasMintedAtALowerOne() throws {
        let world = try Self.world(Self.rule("calm", "allow", "\"match\": {\"risks\": [\"low\", \"medium\"]}"))
        let token = try world.minted("agent:root")
        #expect(try world.change("/api/v1/agents/agent:root") { $0["risk"] = .string("critical") }.status == 200)
        #expect(try !world.isActive(token))
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "access_denied")
    }

    @Test func aTokenThatPolicyHasPutToSleepCanBeRevoked() throws {
        let world = try Self.world(Self.rule("all", "allow"))
        let token = try world.minted("agent:root")
        #expect(try Self.apply(world, Self.bundle([])).status == 201)
        #expect(try !world.isActive(token))
        #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", token)]).status == 200)
        let back = try world.admin("POST", "/api/v1/policies/1/activate", #"{"rationale":"too tight"}"#)
        #expect(back.status == 200)
        #expect(try !world.isActive(token))
    }

    @Test func aProxyAsksPolicyAboutTheScopeThatItDemandsToo() throws {
        let world = try Self.world(
            Self.rule("all", "allow"),
            Self.rule("no-writing", "deny", #""on": ["action"], "match": {"scopes": ["tickets.write"]}"#))
        let token = try world.minted("agent:root")
        let credential = Wire.basic("tickets", try world.secret(of: "tickets"))
        func verify(_ query: String) throws -> Int {
            try world.handler.send(
                "GET", "/verify" + query,
                headers: [
                    (name: "X-Mayfly-Resource", value: credential), (name: "Authorization", value: "Bearer " + token),
                    (name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets/7"),
                ]
            ).status
        }
        #expect(try verify("") == 200)
        #expect(try verify("?scope=tickets.read") == 200)
        #expect(try verify("?scope=tickets.write") == 403)
    }

    @Test func aShadowBesideTheBuiltInBundleRefusesNoFormOfProperties() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        // None of these is what policy would read, and no policy is in force that reads it.
        let properties = [#"{"records":"all"}"#, #"{"cost":12.5}"#, #"{"data":{"kind":"x"}}"#]
        for stated in properties { #expect(try Self.ask(world, token, "view", stated)["decision"] == .bool(true)) }
        #expect(try Self.apply(world, Self.bundle([]), ", \"mode\": \"shadow\"").status == 201)
        for stated in properties {
            #expect(try Self.ask(world, token, "view", stated)["decision"] == .bool(true), "\(stated)")
        }
    }

    @Test func noActionIsAllowedBehindABundleThatDeniesIt() throws {
        let world = try Self.world(Self.rule("minting", "allow", #""on": ["mint"]"#))
        #expect(try world.admin("POST", "/api/v1/policies/0/activate", #"{"rationale":"open"}"#).status == 200)
        let token = try world.minted("agent:root")
        let secret = try world.secret(of: "tickets")
        let flips = 40
        _ = concurrently(4) { lane in
            let basic = (name: "Authorization", value: Wire.basic("tickets", secret))
            let body =
                #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"#
                + #""resource":{"type":"thing","id":"1"}}"#
            for turn in 0..<flips {
                guard lane > 0 else {
                    _ = try? world.admin(
                        "POST", "/api/v1/policies/\(1 - turn % 2)/activate", #"{"rationale":"flip"}"#)
                    continue
                }
                _ = try? world.handler.send(
                    "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
            }
        }
        let page = try world.admin("GET", "/api/v1/ledger?limit=500")
        let entries = (page["entries"]?.arrayValue ?? []).compactMap { $0.objectValue?["entry"]?.objectValue }
        var isOpen = true
        var seen = 0
        for entry in entries.reversed() {
            switch entry["event"]?.stringValue {
            case "policy.changed": isOpen = entry["target"] == .string("policy:0")
            case "action.decided":
                seen += 1
                #expect(isOpen || entry["decision"] == .string("deny"))
            default: break
            }
        }
        #expect(seen == 3 * flips)
    }

    @Test func factsInAnotherFormAreNotTakenForNoFacts() throws {
        let world = try Self.world(
            Self.rule("all", "allow"), tiers: #"{"missing": 1, "records": {"tier4": 1000}}"#)
        let token = try world.minted("agent:root")
        #expect(Self.reason(try Self.ask(world, token, "view", #"{"records":1000}"#)) == "policy_denied")
        for stated in [#""{\"records\":1000}""#, #"[{"records":1000}]"#, "true"] {
            #expect(try Self.ask(world, token, "view", stated).status == 400, "\(stated)")
        }
        #expect(try Self.ask(world, token, "view", "null")["decision"] == .bool(true))
    }

    @Test func anEvaluationThatIsNoObjectIsNotTheOneOfTheDefaults() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let body =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},"#
            + #""resource":{"type":"thing","id":"1"},"evaluations":[{},"delete everything",[],null]}"#
        let answer = try world.handler.send(
            "POST", "/access/v1/evaluations", headers: [Wire.jsonType, basic], body: body)
        let decisions = (answer["evaluations"]?.arrayValue ?? []).map { $0.objectValue?["decision"] }
        #expect(decisions == [.bool(true), .bool(false), .bool(false), .bool(false)])
    }
}
