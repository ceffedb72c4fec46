import MayflyModel
@testable import MayflyPolicy
import Testing

/// What a bundle looks at that a record of a request does not have.
@Suite struct BlindSpotTests {
    private static func gaps(context: Bool = false, request: Set<String> = []) -> FactGaps {
        var gaps = FactGaps()
        (gaps.lacksContext, gaps.requestFields) = (context, request)
        return gaps
    }

    /// A condition, and what it looks at in vain: with the known members of the context, and without any.
    static let conditions: [(String, [String], [String])] = [
        ("agent.risk == 'high'", [], []),
        ("context.env == 'staging'", [], ["context"]),
        ("context.amount < 5.0 && context.records > 1", [], ["context"]),
        ("context.properties.env == 'staging'", [], ["context"]),
        ("context.properties.cost.currency == 'EUR'", [], ["context"]),
        ("context.properties.account == 'a'", ["context.properties.account"], ["context.properties.account"]),
        ("has(context.properties.account.id)", ["context.properties.account"], ["context.properties.account"]),
        ("context.properties['account'] == 'a'", ["context.properties"], ["context.properties"]),
        ("context.properties.exists(name, name == 'account')", ["context.properties"], ["context.properties"]),
        (
            "context.env == 'a' || context.properties.b == 1 || context.properties.a == 1",
            ["context.properties.a", "context.properties.b"],
            ["context", "context.properties.a", "context.properties.b"]
        ),
        ("tier > 1", [], ["context"]),
        (
            "request.type == 'ticket' && request.id == '7'", ["request.id", "request.type"],
            ["request.id", "request.type"]
        ),
        ("request.task == 't' && size(request.chain) == 1", [], []),
    ]

    @Test(arguments: conditions)
    func aConditionIsHeldToWhatTheRecordHas(_ condition: String, _ known: [String], _ bare: [String]) throws {
        let bundle = try Bundles.rules(
            Bundles.rule("a", "deny", #""when": "\#(condition)""#), Bundles.rule("b", "allow"))
        let facts = try Bundles.facts(.action)
        #expect(bundle.blindSpots(facts, gaps: Self.gaps(request: ["type", "id"])) == known)
        #expect(bundle.blindSpots(facts, gaps: Self.gaps(context: true, request: ["type", "id"])) == bare)
    }

    @Test func onlyRulesAboutTheRequestCount() throws {
        let look = #""when": "context.properties.a == 1", "match": "#
        for match in [
            #"{"scopes": ["other"]}"#, #"{"agents": ["agent:other"]}"#, #"{"min_depth": 1}"#, #"{"tiers": [4]}"#,
        ] {
            let bundle = try Bundles.rules(Bundles.rule("a", "deny", look + match))
            #expect(bundle.blindSpots(try Bundles.facts(), gaps: Self.gaps()).isEmpty, "\(match)")
        }
        let bundle = try Bundles.rules(
            Bundles.rule("a", "deny", look + #"{"scopes": ["tickets:*"]}, "on": ["action"]"#))
        #expect(bundle.blindSpots(try Bundles.facts(.mint), gaps: Self.gaps()).isEmpty)
        #expect(bundle.blindSpots(try Bundles.facts(.action), gaps: Self.gaps()) == ["context.properties.a"])
    }

    @Test func withoutAContextGradesAndKindsOfDataAreBlindToo() throws {
        let facts = try Bundles.facts()
        for match in [#"{"data": ["health"]}"#, #"{"tiers": [2]}"#] {
            let bundle = try Bundles.rules(Bundles.rule("a", "deny", #""match": \#(match)"#))
            #expect(bundle.blindSpots(facts, gaps: Self.gaps()).isEmpty)
            #expect(bundle.blindSpots(facts, gaps: Self.gaps(context: true)) == ["context"])
        }
        let graded = try Bundles.rules(
            Bundles.rule("a", "allow"), tiers: #"{"missing": 1, "records": {"tier2": 10}}"#)
        #expect(graded.blindSpots(facts, gaps: Self.gaps()).isEmpty)
        #expect(graded.blindSpots(facts, gaps: Self.gaps(context: true)) == ["context"])
    }
}
