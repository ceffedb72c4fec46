import MayflyModel
@testable import MayflyPolicy
import Testing

/// What a bundle decides.
@Suite struct PolicyDecisionTests {
    @Test func withoutAMatchingRuleTheAnswerIsNo() throws {
        let bundle = try Bundles.rules(Bundles.rule("other", "allow", "\"match\": {\"resources\": [\"payments\"]}"))
        let decision = bundle.decide(try Bundles.facts())
        #expect(decision.outcome == .deny)
        #expect(decision.rule == "default")
    }

    @Test func anEmptyBundleAllowsNothing() throws {
        #expect(try Bundles.rules().decide(Bundles.facts()).outcome == .deny)
    }

    /// Kinds of rules that match together, and the one that decides.
    static let mixtures: [([String], PolicyOutcome)] = [
        (["allow"], .allow),
        (["allow", "deny"], .deny),
        (["deny", "allow", "require_approval"], .deny),
        (["allow", "require_approval"], .requireApproval),
        (["require_approval"], .requireApproval),
        (["require_approval", "remediate"], .remediate),
        (["remediate", "deny"], .deny),
        (["allow", "allow_with_constraints"], .allowWithConstraints),
    ]

    @Test(arguments: mixtures)
    func theStrictestOfTheMatchingRulesDecides(_ kinds: [String], _ expected: PolicyOutcome) throws {
        let rules = kinds.enumerated().map { index, kind in
            let more =
                switch kind {
                case "allow_with_constraints": "\"constraints\": {\"max_calls\": 5}"
                case "remediate": "\"remedy\": {\"advice\": \"ask for less\"}"
                default: ""
                }
            return Bundles.rule("r\(index)", kind, more)
        }
        let bundle = try Bundles.read("{\"policy\": \"t\", \"rules\": [\(rules.joined(separator: ","))]}")
        #expect(bundle.decide(try Bundles.facts()).outcome == expected)
    }

    @Test func eachScopeIsJudgedByItself() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("read", "allow", "\"match\": {\"scopes\": [\"tickets:read\"]}"),
            Bundles.rule("reply", "allow", "\"match\": {\"scopes\": [\"tickets:reply\"]}"))
        #expect(try bundle.decide(Bundles.facts(scopes: ["tickets:read", "tickets:reply"])).outcome == .allow)
        // What one rule allows does not carry another scope through.
        let decision = try bundle.decide(Bundles.facts(scopes: ["tickets:read", "refunds:issue"]))
        #expect(decision.outcome == .deny)
        #expect(decision.rule == "default")
    }

    /// Conditions that cannot be evaluated for a request without a context.
    static let broken = [
        "context.amount < 10.0", "context.records < 5", "context.properties.ticket == 'x'", "1 / 0 == 1",
    ]

    @Test(arguments: broken)
    func anErrorNeverGrantsAndAlwaysRestricts(_ condition: String) throws {
        let when = "\"when\": \"\(condition)\""
        let permits = try Bundles.rules(Bundles.rule("a", "allow", when))
        #expect(permits.decide(try Bundles.facts()).outcome == .deny)
        let restricts = try Bundles.rules(Bundles.rule("a", "allow"), Bundles.rule("b", "deny", when))
        #expect(restricts.decide(try Bundles.facts()).rule == "b")
        let asks = try Bundles.rules(Bundles.rule("a", "allow"), Bundles.rule("b", "require_approval", when))
        #expect(asks.decide(try Bundles.facts()).outcome == .requireApproval)
    }

    @Test func aPermitAboutDataNamesAllOfItAndARestrictionAny() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("plain", "allow", "\"match\": {\"data\": [\"billing\", \"contact\"]}"),
            Bundles.rule("health", "deny", "\"match\": {\"data\": [\"health\"]}"))
        func outcome(_ data: String) throws -> PolicyOutcome {
            bundle.decide(try Bundles.facts(context: "{\"data\": [\(data)]}")).outcome
        }
        #expect(try outcome("\"billing\"") == .allow)
        #expect(try outcome("\"billing\", \"contact\"") == .allow)
        #expect(try outcome("\"billing\", \"unknown\"") == .deny)
        #expect(try outcome("\"billing\", \"health\"") == .deny)
        // A request that does not say what it touches is not one about billing.
        #expect(try outcome("") == .deny)
    }

    @Test func depthPhaseAndRolesAreMatched() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("root", "allow", "\"on\": [\"mint\"], \"match\": {\"max_depth\": 1}"),
            Bundles.rule("act", "allow", "\"on\": [\"action\"], \"match\": {\"roles\": [\"role:support\"]}"))
        #expect(try bundle.decide(Bundles.facts(depth: 1)).outcome == .allow)
        #expect(try bundle.decide(Bundles.facts(depth: 2)).outcome == .deny)
        #expect(try bundle.decide(Bundles.facts(.action, action: "read", depth: 2)).outcome == .allow)
        #expect(try bundle.decide(Bundles.facts(.action, roles: [], action: "read")).outcome == .deny)
    }

    @Test func aRuleThatTwoRolesLeadToCountsOnce() throws {
        let bundle = try Bundles.rules(
            Bundles.rule(
                "a", "require_approval",
                "\"match\": {\"roles\": [\"role:x\", \"role:y\"]}, \"approval\": {\"quorum\": 2}"))
        let decision = bundle.decide(try Bundles.facts(roles: ["role:y", "role:x"]))
        #expect(decision.rule == "a")
        #expect(decision.approvals == [ApprovalTerms(quorum: 2)])
    }

    @Test func approvalTermsOfAllMatchingRulesAreKept() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("a", "require_approval", "\"approval\": {\"groups\": [\"finance\"], \"quorum\": 2}"),
            Bundles.rule("b", "require_approval", "\"approval\": {\"groups\": [\"security\"]}"))
        let approvals = bundle.decide(try Bundles.facts()).approvals
        #expect(Set(approvals.map(\.groups)) == [["finance"], ["security"]])
    }
}
