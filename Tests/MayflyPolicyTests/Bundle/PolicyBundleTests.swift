import MayflyModel
@testable import MayflyPolicy
import Testing

/// Reading a bundle: everything that is not known is an error with its place.
@Suite struct PolicyBundleTests {
    /// A bundle, and what reading it complains about.
    static let bad: [(String, String)] = [
        ("{}", "policy: is required"),
        (#"{"policy": "Bad Name"}"#, "policy: a bundle's name"),
        (#"{"policy": "t", "rule": []}"#, "rule: is not known"),
        (#"{"policy": "t", "rules": [{"id": "a", "decision": "allow"}]}"#, "rules[0].rationale: is required"),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "yes", "rationale": "r"}]}"#,
            "rules[0].decision: must be"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "wenn": "true"}]}"#,
            "rules[0].wenn: is not known"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "when": "agnet.id == ''"}]}"#,
            "rules[0].when: at line 1, column 1 of the condition: there is no variable of this name; there are: agent, "
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "when": "agent.id"}]}"#,
            "rules[0].when: "
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "match": {"scopes": []}}]}"#,
            "rules[0].match.scopes: must name something"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "match": {"scopes": ["a*b"]}}]}"#,
            "rules[0].match.scopes: a name is visible ASCII"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "match": {"scoops": ["a"]}}]}"#,
            "rules[0].match.scoops: is not known"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow_with_constraints", "rationale": "r"}]}"#,
            "rules[0].constraints: is required"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "remedy": {"advice": "x"}}]}"#,
            "rules[0].remedy: goes with decision remediate only"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "allow", "rationale": "r", "approval": {"quorum": 1}}]}"#,
            "rules[0].approval: goes with decision require_approval only"
        ),
        (
            #"{"policy": "t", "rules": [{"id": "a", "decision": "deny", "rationale": "r"}, {"id": "a", "decision": "deny", "rationale": "r"}]}"#,
            "rules[1].id: repeats"
        ),
        (#"{"policy": "t", "tiers": {"missing": 5}}"#, "tiers.missing: must be between 1 and 4"),
        (#"{"policy": "t", "tiers": {}}"#, "tiers.missing: is required"),
        (
            #"{"policy": "t", "tiers": {"missing": 1, "records": {"tier2": 10, "tier3": 10}}}"#,
            "tiers.records: each tier must begin above"
        ),
        (
            #"{"policy": "t", "tiers": {"missing": 1, "cost": {"usd": {"tier2": "1"}}}}"#, "tiers.cost.usd: a currency"
        ),
        (
            #"{"policy": "t", "tiers": {"missing": 1, "cost": {"USD": {"tier2": 1.5}}}}"#,
            "tiers.cost.USD.tier2: must be a string"
        ),
    ]

    @Test(arguments: bad)
    func whatIsNotKnownIsAnErrorWithItsPlace(_ json: String, _ complaint: String) {
        let found = Bundles.complaint(json)
        #expect(found?.hasPrefix(complaint) == true, "\(found ?? "no complaint")")
    }

    @Test func examplesAreTheBundlesOwnTest() throws {
        let bundle = try Bundles.read(
            """
            {"policy": "t", "rules": [\(Bundles.rule("read", "allow", "\"match\": {\"scopes\": [\"tickets:read\"]}"))],
             "examples": [
              {"name": "right", "request": {"agent": {"id": "agent:a"}, "resource": "tickets", "scopes": ["tickets:read"]},
               "expect": {"decision": "allow", "rule": "read"}},
              {"name": "wrong", "request": {"agent": {"id": "agent:a"}, "resource": "tickets", "scopes": ["other"]},
               "expect": {"decision": "allow"}}]}
            """)
        let findings = bundle.findings()
        #expect(findings.map(\.severity) == [.error])
        #expect(findings.first?.place == "examples[1]")
        #expect(findings.first?.text.contains("comes out as deny by default") == true)
    }

    @Test func rulesThatCannotDecideAndRulesThatDisagreeAreFound() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("a-allow", "allow", "\"match\": {\"scopes\": [\"tickets:read\"]}"),
            Bundles.rule("b-deny", "deny", "\"match\": {\"scopes\": [\"tickets:*\"]}"),
            Bundles.rule("c-allow", "allow", "\"match\": {\"scopes\": [\"refunds:*\"]}"),
            Bundles.rule(
                "d-ask", "require_approval", "\"match\": {\"scopes\": [\"refunds:*\"]}, \"when\": \"tier > 1\""),
            Bundles.rule("e-ask", "require_approval", "\"match\": {\"agents\": [\"agent:x\"]}"),
            Bundles.rule("f-deny", "deny", "\"match\": {\"agents\": [\"agent:x\"]}"))
        let findings = bundle.findings()
        #expect(
            findings.filter { $0.text.contains("can never decide") }.map(\.place) == ["rule a-allow", "rule e-ask"])
        #expect(findings.filter { $0.text.contains("says something else") }.map(\.place) == ["rule e-ask"])
    }

    @Test func rulesThatNothingCanBeAboutAreFound() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("a-depth", "allow", "\"match\": {\"min_depth\": 3, \"max_depth\": 2}"),
            Bundles.rule("b-false", "deny", "\"when\": \"1 > 2 || false\""),
            Bundles.rule("c-true", "allow", "\"when\": \"true\""),
            Bundles.rule("d-error", "deny", "\"when\": \"1 / 0 == 1\""),
            Bundles.rule("e-depth", "allow", "\"match\": {\"min_depth\": 2, \"max_depth\": 2}"))
        let hopeless = bundle.findings().filter { $0.text.contains("its ") }
        #expect(hopeless.map(\.place) == ["rule a-depth", "rule b-false"])
        #expect(hopeless.allSatisfy { $0.severity == .warning })
        let empty = try Bundles.read("{\"policy\": \"t\"}").findings()
        #expect(empty.map(\.place) == ["rules"])
    }

    @Test func findingsAreNoMoreThanAFewForEachRule() throws {
        let rules = (0..<200).map { Bundles.rule("r\($0)", $0 % 2 == 0 ? "allow" : "deny") }.joined(separator: ",")
        let bundle = try Bundles.read("{\"policy\": \"t\", \"rules\": [\(rules)]}")
        #expect(bundle.findings().count <= 2 * 200)
    }

    @Test func explainNamesTheWayOfEachRule() throws {
        let bundle = try Bundles.rules(
            Bundles.rule("a", "allow"), Bundles.rule("b", "deny", "\"when\": \"context.records > 5\""),
            Bundles.rule("c", "deny", "\"match\": {\"agents\": [\"agent:x\"]}"),
            Bundles.rule("d", "allow", "\"when\": \"tier == 4\""))
        let (decision, traces) = bundle.explain(try Bundles.facts())
        #expect(decision.rule == "b")
        #expect(traces.map(\.rule) == ["a", "b", "c", "d"])
        #expect(traces[0].part == .counts)
        guard case .conditionFailed(let error, counts: true) = traces[1].part else {
            Issue.record("the condition of b has no value")
            return
        }
        #expect(error.problem == .noSuchField)
        #expect(traces[2].part == .otherMatter)
        #expect(traces[3].part == .conditionFalse)
    }
}
