import MayflyModel
@testable import MayflyPolicy
import Testing

/// How conditions see what is usual for an agent.
struct BehaviourConditionTests {
    private static func facts(_ behaviour: String?, scopes: [String] = ["a"]) throws -> PolicyFacts {
        var facts = try Bundles.facts(scopes: scopes)
        guard let behaviour else { return facts }
        var fields = FieldReader(try JSONParser.parseObject(Array(behaviour.utf8)))
        facts.behaviour = try BehaviourFacts(&fields)
        return facts
    }

    private static func decide(_ condition: String, _ decision: String, _ facts: PolicyFacts) throws -> PolicyDecision {
        try Bundles.rules(
            Bundles.rule("all", "allow"), Bundles.rule("unusual", decision, "\"when\": \"\(condition)\"")
        ).decide(facts)
    }

    @Test(arguments: [
        ("behaviour.anomaly > 0.8", #"{"burst": 0.81}"#, true), ("behaviour.anomaly > 0.8", #"{"burst": 0.8}"#, false),
        ("behaviour.anomaly > 0.8", #"{"anomaly": 0.9}"#, true), ("behaviour.anomaly > 0.8", #"{}"#, false),
        ("behaviour.anomaly >= 1.0", #"{"new_scope": 1}"#, true),
        ("behaviour.new_scope > 0.8", #"{"new_scopes": {"a": 0.9}}"#, true),
        ("behaviour.new_scope > 0.8", #"{"new_scopes": {"b": 0.9}}"#, false),
        ("behaviour.new_resource > 0.0", #"{"new_resource": 0.001}"#, true),
        ("behaviour.new_partner == 1.0", #"{"new_partner": 1.0}"#, true),
        ("behaviour.unusual_hour > 0.5 && behaviour.refusals > 0.5", #"{"unusual_hour": 0.6, "refusals": 0.7}"#, true),
        ("!behaviour.known", #"{"known": false}"#, true), ("!behaviour.known", #"{}"#, false),
        // Of an agent that nobody knows there are no scores: what restricts counts, unless it asks.
        ("behaviour.anomaly > 0.8", #"{"known": false, "anomaly": 0.1}"#, true),
        ("behaviour.known && behaviour.anomaly > 0.8", #"{"known": false}"#, false),
        ("has(behaviour.anomaly) && behaviour.anomaly > 0.8", #"{"known": false}"#, false),
    ])
    func aConditionReadsTheScores(_ condition: String, _ behaviour: String, _ holds: Bool) throws {
        let decision = try Self.decide(condition, "deny", try Self.facts(behaviour))
        #expect(decision.outcome == (holds ? .deny : .allow))
        #expect(decision.restsOnBehaviour == holds)
    }

    @Test func factsThatNobodyLookedUpAreThoseOfAnUnknownAgent() throws {
        #expect(try Self.decide("behaviour.burst > 0.9", "deny", try Self.facts(nil)).outcome == .deny)
        #expect(try Self.decide("!behaviour.known", "deny", try Self.facts(nil)).outcome == .deny)
        #expect(
            try Bundles.rules(Bundles.rule("calm", "allow", "\"when\": \"behaviour.anomaly < 0.5\""))
                .decide(try Self.facts(nil)).outcome == .deny)
    }

    @Test func eachScopeIsJudgedByItsOwnNewness() throws {
        let facts = try Self.facts(#"{"new_scope": 1, "new_scopes": {"a": 0.1, "b": 1}}"#, scopes: ["a", "b"])
        let bundle = try Bundles.rules(
            Bundles.rule("all", "allow"), Bundles.rule("unusual", "deny", "\"when\": \"behaviour.anomaly > 0.8\""))
        #expect(bundle.decide(facts).outcome == .deny)
        let denied = bundle.explain(facts).traces.filter { $0.rule == "unusual" && $0.part == .counts }.map(\.scope)
        #expect(denied == ["b"])
        var usual = facts
        usual.scopes = ["a"]
        #expect(bundle.decide(usual).outcome == .allow)
    }

    @Test func whatAnotherRuleDecidesAsWellDoesNotRestOnTheBehaviour() throws {
        let unusual = Bundles.rule("unusual", "deny", "\"when\": \"behaviour.anomaly > 0.8\"")
        let forbidden = Bundles.rule("forbidden", "deny", "\"match\": {\"scopes\": [\"b\"]}")
        let bundle = try Bundles.rules(Bundles.rule("all", "allow"), unusual, forbidden)
        let behaviour = #"{"anomaly": 1}"#
        #expect(bundle.decide(try Self.facts(behaviour, scopes: ["a"])).restsOnBehaviour)
        #expect(!bundle.decide(try Self.facts(behaviour, scopes: ["b"])).restsOnBehaviour)
        #expect(!bundle.decide(try Self.facts(behaviour, scopes: ["a", "b"])).restsOnBehaviour)
        #expect(!bundle.decide(try Self.facts("{}", scopes: ["a"])).restsOnBehaviour)
    }

    @Test func aBundleSaysWhetherItAsks() throws {
        for (condition, asks) in [
            ("behaviour.anomaly > 0.8", true), ("has(behaviour.burst)", true), ("tier == 1 || behaviour.known", true),
            ("agent.purpose == 'behaviour'", false), ("[1].exists(behaviour, behaviour == 1)", false),
        ] {
            let bundle = try Bundles.rules(Bundles.rule("r", "deny", "\"when\": \"\(condition)\""))
            #expect(bundle.readsBehaviour == asks, "\(condition)")
        }
    }

    @Test func anExampleMayStateBehaviour() throws {
        let example = { (behaviour: String, decision: String) in
            """
            {"policy": "t", "rules": [\(Bundles.rule("all", "allow")),
             \(Bundles.rule("unusual", "require_approval", "\"when\": \"behaviour.known && behaviour.anomaly > 0.8\""))],
             "examples": [{"name": "e", "expect": {"decision": "\(decision)"},
               "request": {"agent": {"id": "agent:a"}, "resource": "r", "scopes": ["s"]\(behaviour)}}]}
            """
        }
        for (behaviour, decision) in [
            ("", "allow"), (#", "behaviour": {"anomaly": 0.9}"#, "require_approval"),
            (#", "behaviour": {"new_scopes": {"s": 1}}"#, "require_approval"),
            (#", "behaviour": {"known": false}"#, "allow"),
        ] {
            #expect(try Bundles.read(example(behaviour, decision)).findings().isEmpty, "\(behaviour)")
        }
        for behaviour in [
            #"{"anomaly": 1.1}"#, #"{"anomaly": -0.1}"#, #"{"anomoly": 1}"#, #"{"burst": "1"}"#, #"{"known": 1}"#, "[]",
            #"{"new_scopes": {"s": 2}}"#, #"{"burst": 1e400}"#,
        ] {
            #expect(Bundles.complaint(example(", \"behaviour\": \(behaviour)", "allow")) != nil, "\(behaviour)")
        }
    }

    @Test func whatTheLedgerKeepsIsReadBackTheSame() throws {
        for behaviour in [
            #"{"known":false}"#, #"{"known":true}"#, #"{"known":true,"anomaly":0.5,"burst":0.001,"refusals":1}"#,
            #"{"known":true,"new_scope":1,"unusual_hour":0.25,"new_scopes":{"a":0,"b":0.048}}"#,
        ] {
            let json = try Self.facts(behaviour).behaviour.map { JSONWriter.bytes(of: .object($0.json)) }
            let text = String(decoding: try #require(json), as: UTF8.self)
            #expect(try Self.facts(text).behaviour == Self.facts(behaviour).behaviour)
        }
        #expect(BehaviourScore(.nan) == nil && BehaviourScore(1.0001) == nil && BehaviourScore(0.9999) == .full)
    }
}
