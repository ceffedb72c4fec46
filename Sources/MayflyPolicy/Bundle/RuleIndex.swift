/// Something with a match that is found by an index: a rule or a quota.
protocol MatchIndexed {
    var phases: [PolicyPhase] { get }
    var match: RuleMatch { get }
}

/// Finds the rules that may match a request without looking at those that cannot.
///
/// Each rule stands under the names of the one member that tells requests apart best. A pattern that ends in a star
/// cannot be looked up; a rule with one in every such member stands with those that are always looked at.
struct RuleIndex: Sendable {
    /// Members to find a rule by, the most telling first.
    private static let keys: [RuleMatch.Member] = [.actions, .scopes, .agents, .resources, .roles, .owners]

    private struct Key: Hashable {
        let phase: PolicyPhase
        let member: RuleMatch.Member
        let name: String
    }

    private var always: [PolicyPhase: [Int]] = [:]
    private var named: [Key: [Int]] = [:]
    /// Members under which some rule stands, so that no other is looked up.
    private var members: [RuleMatch.Member] = []

    init(_ rules: [some MatchIndexed]) {
        for (place, rule) in rules.enumerated() {
            let member = Self.keys.first { member in
                rule.match.names[member].map { patterns in patterns.allSatisfy { !$0.isPrefix } } ?? false
            }
            for phase in rule.phases {
                guard let member, let patterns = rule.match.names[member] else {
                    always[phase, default: []].append(place)
                    continue
                }
                for name in Set(patterns.map(\.text)) {
                    named[Key(phase: phase, member: member, name: name), default: []].append(place)
                }
            }
            if let member, !members.contains(member) { members.append(member) }
        }
    }

    /// Calls `body` with the place of each rule that may be about a request; a rule may come twice.
    func forEachCandidate(_ facts: PolicyFacts, scope: String?, _ body: (Int) -> Void) {
        for place in always[facts.phase] ?? [] { body(place) }
        for member in members {
            for name in Self.names(member, facts, scope) {
                for place in named[Key(phase: facts.phase, member: member, name: name)] ?? [] { body(place) }
            }
        }
    }

    private static func names(_ member: RuleMatch.Member, _ facts: PolicyFacts, _ scope: String?) -> [String] {
        switch member {
        case .agents: [facts.agent.id]
        case .roles: facts.agent.roles
        case .owners: [facts.agent.owner]
        case .resources: [facts.resource]
        case .scopes: scope.map { [$0] } ?? []
        case .actions: facts.action.map { [$0] } ?? []
        case .kinds, .risks: []
        }
    }
}
