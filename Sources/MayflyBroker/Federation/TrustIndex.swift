import MayflyModel

/// Which agents may be meant by a provider's token, without asking all agents.
///
/// Those whose condition names one subject are found by it; those with a pattern are looked at one by one.
struct TrustIndex: Sendable {
    private struct Exact: Hashable, Sendable {
        let provider: ProviderID
        /// As bytes: strings compare by Unicode equivalence.
        let subject: [UInt8]
    }

    private var exact: [Exact: Set<AgentID>] = [:]
    private var patterns: [ProviderID: Set<AgentID>] = [:]

    /// Takes over that an agent's record changed from `old` to `new`.
    mutating func replace(_ old: Agent?, with new: Agent?) {
        let (before, after) = (Self.conditions(of: old), Self.conditions(of: new))
        guard before != after else { return }
        if let old { for condition in before { change(condition) { $0.remove(old.id) } } }
        if let new { for condition in after { change(condition) { $0.insert(new.id) } } }
    }

    /// The agents of which a condition might hold; nobody twice.
    func candidates(for token: WorkloadToken) -> Set<AgentID> {
        let named = exact[Exact(provider: token.provider, subject: Array(token.subject.utf8))] ?? []
        guard let others = patterns[token.provider] else { return named }
        return named.union(others)
    }

    /// The agents that may have this very condition.
    func holders(of condition: TrustCondition) -> Set<AgentID> {
        switch condition.subject {
        case .exactly(let subject): exact[Exact(provider: condition.provider, subject: Array(subject.utf8))] ?? []
        case .matching: patterns[condition.provider] ?? []
        }
    }

    /// The agents that name a provider; looks at every condition that there is.
    func agents(trusting provider: ProviderID) -> Set<AgentID> {
        exact.reduce(into: patterns[provider] ?? []) { found, entry in
            if entry.key.provider == provider { found.formUnion(entry.value) }
        }
    }

    /// A name that was given up vouches for nobody.
    private static func conditions(of agent: Agent?) -> [TrustCondition] {
        guard let agent, agent.state != .offboarded else { return [] }
        return agent.spec.trust
    }

    private mutating func change(_ condition: TrustCondition, _ edit: (inout Set<AgentID>) -> Void) {
        switch condition.subject {
        case .exactly(let subject):
            let key = Exact(provider: condition.provider, subject: Array(subject.utf8))
            edit(&exact[key, default: []])
            if exact[key]?.isEmpty ?? false { exact[key] = nil }
        case .matching:
            edit(&patterns[condition.provider, default: []])
            if patterns[condition.provider]?.isEmpty ?? false { patterns[condition.provider] = nil }
        }
    }
}
