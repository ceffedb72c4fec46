import MayflyModel
import MayflyPolicy

extension Agent {
    /// The agent as policy sees it, with the groups of its owner.
    func facts(ownerGroups: [String]) -> PolicyFacts.AgentFacts {
        PolicyFacts.AgentFacts(
            id: id.text, kind: spec.kind.rawValue, risk: spec.risk.rawValue, owner: spec.owner.text,
            ownerGroups: ownerGroups, roles: spec.roles.map(\.text), purpose: spec.purpose, createdAt: createdAt,
            endsAt: spec.endDate)
    }
}

extension AgentView {
    /// The facts of a request to mint `scopes` for this agent, below `parents`.
    func facts(
        scopes: ScopeSet, below parents: [ChainLink], task: String, context: PolicyContext, at now: Timestamp,
        behaviour: BehaviourFacts?
    ) -> PolicyFacts {
        PolicyFacts(
            phase: .mint, agent: agent.facts(ownerGroups: ownerGroups), resource: resource.id.text,
            scopes: scopes.scopes.map(\.text),
            depth: Int64(parents.count), chain: parents.map(\.agent.text) + [agent.id.text], task: task,
            context: context, now: now, behaviour: behaviour)
    }

    /// How usual it is for this agent to be given `scopes`, when a bundle that is asked wants to know.
    func behaviour(
        _ scopes: ScopeSet, below parents: [ChainLink], in book: BehaviourBook, at now: Timestamp
    ) -> BehaviourFacts? {
        guard readsBehaviour else { return nil }
        let request = BehaviourRequest(
            phase: .mint, scopes: scopes.scopes.map(\.text), resource: resource.spec.identifier.text,
            partner: parents.last?.agent.text)
        return book.facts(of: request, by: agent.id, at: now)
    }
}

extension Tables {
    /// The question that `stillAllows` will ask of the behaviour; nil when it asks none.
    func behaviourQuestion(_ claims: TokenClaims) -> (agent: AgentID, request: BehaviourRequest)? {
        guard policy.bundle.readsBehaviour, !claims.bundle.utf8.elementsEqual(policy.digest.utf8),
            let holder = claims.chain.last?.agent
        else { return nil }
        return (
            holder,
            BehaviourRequest(
                phase: .mint, scopes: claims.scopes.scopes.map(\.text),
                resource: claims.grantedResource ?? claims.audience,
                partner: claims.chain.dropLast().last?.agent.text)
        )
    }

    /// Whether the policy in force would still mint what a token holds; nil when that cannot be told.
    ///
    /// Asked of tokens that were minted under another bundle, so that a tightened one reaches what is out already. What
    /// needed an approval under the new bundle was not approved under it.
    /// `behaviour` answers `behaviourQuestion`; it is asked outside of the state's lock.
    func stillAllows(
        _ claims: TokenClaims, for resource: Resource, at now: Timestamp, behaviour: BehaviourFacts?
    ) -> Bool {
        let version = policy
        guard !claims.bundle.utf8.elementsEqual(version.digest.utf8), !version.bundle.allowsEverything else {
            return true
        }
        guard let holder = claims.chain.last, let agent = agents[holder.agent] else { return false }
        let view = AgentView(
            agent: agent, ownerGroups: owners[agent.spec.owner]?.groups ?? [], roles: [], resource: resource,
            epoch: holder.epoch, policy: version, shadow: nil)
        let decision = version.bundle.decide(
            view.facts(
                scopes: claims.scopes, below: claims.chain.dropLast(), task: claims.task, context: claims.context,
                at: now, behaviour: behaviour))
        return decision.outcome <= .allowWithConstraints && claims.limits.isWithin(decision.limits)
    }
}
