import MayflyModel
import MayflyPolicy

extension Agent {
    /// The agent as policy sees it.
    var facts: PolicyFacts.AgentFacts {
        PolicyFacts.AgentFacts(
            id: id.text, kind: spec.kind.rawValue, risk: spec.risk.rawValue, owner: spec.owner.text,
            roles: spec.roles.map(\.text), purpose: spec.purpose, createdAt: createdAt, endsAt: spec.endDate)
    }
}

extension AgentView {
    /// The facts of a request to mint `scopes` for this agent, below `parents`.
    func facts(
        scopes: ScopeSet, below parents: [ChainLink], task: String, context: PolicyContext, at now: Timestamp
    ) -> PolicyFacts {
        PolicyFacts(
            phase: .mint, agent: agent.facts, resource: resource.id.text, scopes: scopes.scopes.map(\.text),
            depth: Int64(parents.count), chain: parents.map(\.agent.text) + [agent.id.text], task: task,
            context: context, now: now)
    }
}

extension Tables {
    /// Whether the policy in force would still mint what a token holds; nil when that cannot be told.
    ///
    /// Asked of tokens that were minted under another bundle, so that a tightened one reaches what is out already. What
    /// needed an approval under the new bundle was not approved under it.
    func stillAllows(_ claims: TokenClaims, for resource: Resource, at now: Timestamp) -> Bool {
        let version = policy
        guard !claims.bundle.utf8.elementsEqual(version.digest.utf8), !version.bundle.allowsEverything else {
            return true
        }
        guard let holder = claims.chain.last, let agent = agents[holder.agent] else { return false }
        let view = AgentView(
            agent: agent, roles: [], resource: resource, epoch: holder.epoch, policy: version, shadow: nil)
        let decision = version.bundle.decide(
            view.facts(
                scopes: claims.scopes, below: claims.chain.dropLast(), task: claims.task, context: claims.context,
                at: now))
        return decision.outcome <= .allowWithConstraints && claims.limits.isWithin(decision.limits)
    }
}
