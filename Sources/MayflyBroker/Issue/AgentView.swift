import MayflyModel
import MayflyPolicy

/// What minting needs to know of one agent and one resource, copied out of the state in one look.
struct AgentView: Sendable {
    let agent: Agent
    /// The groups of whoever answers for it.
    let ownerGroups: [String]
    let roles: [Role]
    let resource: Resource
    /// The epoch that a token minted from this view carries.
    let epoch: Int64
    /// The version of the policy in force, and the one in the shadow.
    let policy: PolicyVersion
    let shadow: PolicyVersion?

    /// Whether a bundle that is asked wants to know how usual a request is.
    var readsBehaviour: Bool { policy.bundle.readsBehaviour || shadow?.bundle.readsBehaviour ?? false }

    /// The most that the agent may get at the resource; nil when it may get nothing there.
    var ceiling: Grant? { Ceiling.grant(for: agent, roles: roles, at: resource) }
}

extension Tables {
    func view(of agent: Agent, at resource: Resource) -> AgentView {
        AgentView(
            agent: agent, ownerGroups: owners[agent.spec.owner]?.groups ?? [], roles: roles(of: agent),
            resource: resource, epoch: epoch(of: agent, for: resource),
            policy: policy, shadow: shadowPolicy)
    }

    /// The resource that a request means.
    ///
    /// Named ones must all be the same (one audience per token). Without a name it is the only one of the agent's
    /// resources that understands every requested scope (RFC 9068 §3).
    func resource(
        for request: TokenRequest, scopes: ScopeSet?, agent: Agent
    ) throws(OAuthError) -> Resource {
        if !request.targets.isEmpty {
            var found: Resource?
            for target in request.targets {
                let named = ResourceName(target).flatMap { resources[$0] }
                guard let match = named ?? ResourceURL(target).flatMap({ resource(identifiedBy: $0) }) else {
                    throw OAuthError(.invalidTarget, "resource names no registered resource")
                }
                guard found == nil || found?.id == match.id else {
                    throw OAuthError(.invalidTarget, "a token is for one resource; ask once for each")
                }
                found = match
            }
            if let found { return found }
        }
        let own = agent.spec.resources.filter { !agent.spec.deniedResources.contains($0) }.compactMap { resources[$0] }
        let fitting = own.filter { resource in scopes.map { $0.isSubset(of: resource.spec.scopes) } ?? true }
        guard let first = fitting.first else {
            throw OAuthError(.invalidScope, "none of the agent's resources understands every scope; name a resource")
        }
        guard fitting.count == 1 else {
            throw OAuthError(.invalidTarget, "several resources fit; name one with the resource parameter")
        }
        return first
    }
}
