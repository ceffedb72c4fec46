import MayflyModel
import MayflyPolicy

extension TokenIssuer {
    /// What of `bound` a request gets, once narrowing and policy are through with it, with what policy said.
    ///
    /// A caller that named its scopes gets all of them or a refusal. One that named none gets those that policy allows,
    /// as it gets the meet with every other bound. The limits that policy adds narrow the bound, so that asking for
    /// more than they allow is an error like any other. The ruling is nil when the bundle in force says yes to
    /// everything.
    func grant(
        _ request: TokenRequest, scopes: ScopeSet?, within bound: Grant, for view: AgentView,
        below parents: [ChainLink],
        task: String, at now: Timestamp
    ) throws(OAuthError) -> (grant: Grant, ruling: PolicyRuling?) {
        let narrowed = try narrow(request, scopes: scopes, within: bound, at: view.resource)
        if view.policy.bundle.allowsEverything, view.shadow == nil { return (narrowed, nil) }
        let usual = view.behaviour(narrowed.scopes, below: parents, in: behaviour, at: now)
        func facts(_ scopes: ScopeSet) -> PolicyFacts {
            view.facts(
                scopes: scopes, below: parents, task: task, context: request.context, at: now, behaviour: usual)
        }
        var asked = narrowed.scopes
        if scopes == nil {
            let allowed = asked.scopes.filter { scope in
                view.policy.bundle.decide(facts(ScopeSet([scope]))).outcome <= .allowWithConstraints
            }
            // With none left the refusal names the rule for all that would have been given.
            if !allowed.isEmpty { asked = ScopeSet(allowed) }
        }
        let ruling = PolicyRuling.make(facts(asked), by: view.policy, shadow: view.shadow)
        if let refusal = ruling.refusal() { throw refusal }
        guard let limits = bound.limits.meet(ruling.decision.limits) else {
            throw OAuthError(
                .accessDenied, "the policy's constraints and the parent's limits exclude each other",
                members: ["policy": .object(ruling.json)], cause: ruling)
        }
        let governed = Grant(resource: bound.resource, scopes: bound.scopes, details: bound.details, limits: limits)
        return (try narrow(request, scopes: asked, within: governed, at: view.resource), ruling)
    }
}
