import MayflyModel
@testable import MayflyPolicy
import Testing

/// Laws of every bundle, over random ones.
@Suite struct PolicyLawTests {
    /// Makes rules and requests out of few names, so that they meet often.
    private struct Maker {
        var random: InputRandom
        static let scopes = ["a:read", "a:write", "b:read"]
        static let agents = ["agent:one", "agent:two"]
        static let conditions = [
            "true", "false", "tier > 1", "context.records > 5", "context.records < 5", "agent.risk == 'medium'",
            "request.depth == 0", "context.env == 'staging'", "has(context.env)",
        ]

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

        mutating func pick(_ choices: [String]) -> String { choices[below(choices.count)] }

        mutating func rule(_ id: String, kind: PolicyOutcome? = nil) -> String {
            let kind = kind ?? PolicyOutcome.allCases[below(PolicyOutcome.allCases.count)]
            var members: [String] = []
            if below(2) == 0 { members.append("\"when\": \"\(pick(Self.conditions))\"") }
            var match: [String] = []
            if below(2) == 0 { match.append("\"scopes\": [\"\(pick(Self.scopes + ["a:*", "*"]))\"]") }
            if below(3) == 0 { match.append("\"agents\": [\"\(pick(Self.agents))\"]") }
            if below(4) == 0 { match.append("\"tiers\": [\(1 + below(4))]") }
            if !match.isEmpty { members.append("\"match\": {\(match.joined(separator: ", "))}") }
            if kind == .allowWithConstraints { members.append("\"constraints\": {\"max_calls\": \(1 + below(9))}") }
            if kind == .remediate { members.append("\"remedy\": {\"advice\": \"ask for less\"}") }
            return Bundles.rule(id, kind.name, members.joined(separator: ", "))
        }

        mutating func facts() throws -> PolicyFacts {
            let scopes = Self.scopes.filter { _ in below(2) == 0 }
            let contexts = ["{}", #"{"records": 3}"#, #"{"records": 20000}"#, #"{"env": "staging"}"#]
            return try Bundles.facts(
                agent: pick(Self.agents), scopes: scopes, depth: Int64(below(3)), context: pick(contexts))
        }
    }

    private static func bundle(_ rules: [String]) throws -> PolicyBundle {
        try Bundles.read(
            "{\"policy\": \"t\", \"tiers\": \(TierScaleTests.scale), \"rules\": [\(rules.joined(separator: ","))]}")
    }

    @Test(arguments: 1...40)
    func theOrderOfRulesAndScopesIsNothing(seed: Int) throws {
        var maker = Maker(random: InputRandom(seed: UInt64(seed)))
        let rules = (0..<12).map { maker.rule("r\($0)") }
        let one = try Self.bundle(rules)
        let other = try Self.bundle(rules.reversed())
        for _ in 0..<50 {
            var facts = try maker.facts()
            let decision = one.decide(facts)
            #expect(decision == other.decide(facts), "seed \(seed)")
            facts.scopes.reverse()
            #expect(decision == one.decide(facts), "seed \(seed)")
        }
    }

    @Test(arguments: 1...40)
    func aStricterRuleMoreNeverLoosensADecision(seed: Int) throws {
        var maker = Maker(random: InputRandom(seed: UInt64(seed)))
        let rules = (0..<10).map { maker.rule("r\($0)") }
        let before = try Self.bundle(rules)
        for kind in PolicyOutcome.allCases where kind > .allow {
            let after = try Self.bundle(rules + [maker.rule("added", kind: kind)])
            for _ in 0..<20 {
                let facts = try maker.facts()
                let old = before.decide(facts)
                // A rule milder than what was decided may be the first to let a request through; a stricter one may
                // not.
                guard kind >= old.outcome else { continue }
                #expect(after.decide(facts).outcome >= old.outcome, "seed \(seed), \(kind.name)")
            }
        }
    }

    @Test(arguments: 1...20)
    func theIndexFindsWhatLookingAtEveryRuleFinds(seed: Int) throws {
        var maker = Maker(random: InputRandom(seed: UInt64(seed)))
        let bundle = try Self.bundle((0..<30).map { maker.rule("r\($0)") })
        for _ in 0..<50 {
            let facts = try maker.facts()
            let decision = bundle.decide(facts)
            let counted = bundle.explain(facts).traces.filter { trace in
                switch trace.part {
                case .counts, .conditionFailed(_, counts: true): true
                default: false
                }
            }
            // Strictest per scope, deny where nothing counts; then the strictest of all, then the tier.
            let scopes: [String?] = facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some)
            let rules = scopes.map { scope in
                counted.filter { $0.scope == scope }.map(\.outcome).max() ?? .deny
            }.max()
            #expect(decision.outcome == max(rules ?? .deny, decision.tier.outcome), "seed \(seed)")
        }
    }
}
