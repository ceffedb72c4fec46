import MayflyModel
@testable import MayflyPolicy
import Testing

/// Quotas of a bundle: what is read, and which requests they count.
@Suite struct PolicyQuotaTests {
    static func quota(_ id: String, _ members: String = "", on phase: String = "action") -> String {
        #"{"id": "\#(id)", "on": "\#(phase)", "count": 2, "window": "1h", "rationale": "r"\#(members)}"#
    }

    static func bundle(_ quotas: [String], rules: [String] = [Bundles.rule("all", "allow")], tiers: String = "")
        -> String
    {
        #"{"policy": "t", \#(tiers)"rules": [\#(rules.joined(separator: ","))], "#
            + #""quotas": [\#(quotas.joined(separator: ","))]}"#
    }

    private static let start = #"{"id": "a", "on": "mint", "count": 1, "rationale": "r", "window": "#

    static let bad: [(String, String)] = [
        (#"{"id": "a", "count": 1, "window": "1h", "rationale": "r"}"#, "quotas[0].on: is required"),
        (#"{"id": "a", "on": "both", "count": 1, "window": "1h", "rationale": "r"}"#, "quotas[0].on: must be one of"),
        (#"{"id": "a", "on": "mint", "window": "1h", "rationale": "r"}"#, "quotas[0].count: is required"),
        (
            #"{"id": "a", "on": "mint", "count": 0, "window": "1h", "rationale": "r"}"#,
            "quotas[0].count: must be between"
        ),
        (
            #"{"id": "a", "on": "mint", "count": 1000001, "window": "1h", "rationale": "r"}"#,
            "quotas[0].count: must be between"
        ),
        (#"{"id": "a", "on": "mint", "count": 1, "rationale": "r"}"#, "quotas[0].window: is required"),
        (start + #""59s"}"#, "quotas[0].window: must be between 60 and 2592000"),
        (start + #""31d"}"#, "quotas[0].window: must be between 60 and 2592000"),
        (start + #""soon"}"#, "quotas[0].window: "),
        (#"{"id": "a", "on": "mint", "count": 1, "window": "1h"}"#, "quotas[0].rationale: is required"),
        (quota("a", #", "per": "role""#), "quotas[0].per: must be one of"),
        (quota("a", #", "when": "true""#), "quotas[0].when: is not known"),
        (quota("a", #", "match": {"scopes": []}"#), "quotas[0].match.scopes: must name something"),
        (quota("A"), "quotas[0].id: a quota's name is"),
        (quota("a") + "," + quota("a"), "quotas[1].id: repeats"),
    ]

    @Test(arguments: bad)
    func whatIsNotKnownIsRefusedWithItsPlace(_ quotas: String, _ complaint: String) {
        let found = Bundles.complaint(Self.bundle([quotas])) ?? ""
        #expect(found.contains(complaint), "\(found)")
    }

    @Test func aBundleTakesAThousandQuotasAndNoMore() throws {
        let most = (0..<PolicyBundle.maximumQuotas).map { Self.quota("q\($0)") }
        #expect(try Bundles.read(Self.bundle(most)).quotas.count == 1000)
        #expect(Bundles.complaint(Self.bundle(most + [Self.quota("more")]))?.contains("quotas") == true)
    }

    @Test func aBundleWithAQuotaIsAsked() throws {
        #expect(try Bundles.read(Self.bundle([])).allowsEverything)
        #expect(try !Bundles.read(Self.bundle([Self.quota("a")])).allowsEverything)
    }

    @Test func aRuleCannotBeTakenForAQuota() throws {
        let bundle = try Bundles.read(Self.bundle([], rules: [Bundles.rule("quota.a", "allow")]))
        #expect(bundle.errors().map(\.place) == ["rule quota.a"])
        let idle = try Bundles.read(Self.bundle([Self.quota("a", #", "match": {"actions": ["refund"]}"#, on: "mint")]))
        #expect(idle.findings().map(\.place) == ["quota a"])
        #expect(idle.errors().isEmpty)
    }

    /// Members of a match, the facts that it is asked about, and whether it counts them.
    static let matches: [(String, PolicyFacts?, Bool)] = [
        ("", try? Bundles.facts(.action), true),
        ("", try? Bundles.facts(.mint), false),
        (#""scopes": ["refunds:issue"]"#, try? Bundles.facts(.action, scopes: ["refunds:issue"]), true),
        (#""scopes": ["refunds:*"]"#, try? Bundles.facts(.action, scopes: ["refunds:issue", "tickets:read"]), true),
        (#""scopes": ["refunds:issue"]"#, try? Bundles.facts(.action, scopes: []), false),
        (#""actions": ["refund"]"#, try? Bundles.facts(.action, scopes: [], action: "refund"), true),
        (#""actions": ["refund"]"#, try? Bundles.facts(.action, action: "close"), false),
        (#""agents": ["agent:support"], "resources": ["tickets"]"#, try? Bundles.facts(.action), true),
        (#""owners": ["owner:other"]"#, try? Bundles.facts(.action), false),
        (#""min_depth": 1"#, try? Bundles.facts(.action, depth: 0), false),
        (#""min_depth": 1"#, try? Bundles.facts(.action, depth: 2), true),
        // As of what restricts, one kind of data is enough.
        (#""data": ["health"]"#, try? Bundles.facts(.action, context: #"{"data": ["health", "other"]}"#), true),
        (#""data": ["health"]"#, try? Bundles.facts(.action), false),
        (#""tiers": [2]"#, try? Bundles.facts(.action, context: #"{"records": 100}"#), true),
        (#""tiers": [2]"#, try? Bundles.facts(.action, context: #"{"records": 1}"#), false),
    ]

    @Test(arguments: matches)
    func aQuotaCountsWhatItsMatchIsAbout(_ members: String, _ facts: PolicyFacts?, _ counts: Bool) throws {
        let bundle = try Bundles.read(
            Self.bundle(
                [Self.quota("a", #", "match": {\#(members)}"#)],
                tiers: #""tiers": {"records": {"tier2": 100}, "missing": 1}, "#))
        let facts = try #require(facts)
        #expect(bundle.quotas(for: facts, tier: bundle.decide(facts).tier).count == (counts ? 1 : 0))
    }

    @Test func theIndexFindsExactlyWhatLookingAtAllWouldFind() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = InputRandom(seed: seed)
        let names = ["a", "b", "c", "ab", "*", "a*"]
        func some() -> String { names.randomElement(using: &random) ?? "a" }
        for _ in 0..<200 {
            let quotas = (0..<12).map { number -> String in
                let members = ["agents", "scopes", "actions", "resources", "roles", "owners"]
                    .filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
                    .map { #""\#($0)": [\#(Set([some(), some()]).map { "\"\($0)\"" }.joined(separator: ","))]"# }
                return Self.quota(
                    "q\(number)", #", "match": {\#(members.joined(separator: ","))}"#,
                    on: Bool.random(using: &random) ? "mint" : "action")
            }
            let bundle = try Bundles.read(Self.bundle(quotas))
            let facts = try Bundles.facts(
                Bool.random(using: &random) ? .mint : .action, agent: some(), roles: [some(), some()],
                resource: some(), scopes: Bool.random(using: &random) ? [] : [some(), some()],
                action: Bool.random(using: &random) ? some() : nil)
            let expected = bundle.quotas.filter { quota in
                quota.phase == facts.phase
                    && (facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some)).contains { scope in
                        quota.match.holds(for: facts, scope: scope, tier: .autonomous, isPermit: false)
                    }
            }
            #expect(bundle.quotas(for: facts, tier: .autonomous) == expected, "seed \(seed)")
        }
    }
}
