package import MayflyModel

/// The most that an agent may ever get at one resource.
package enum Ceiling {
    /// (own rights ∪ its roles' rights) ∩ what the resource understands, less what is denied; nil when the resource is
    /// not the agent's at all.
    package static func grant(for agent: Agent, roles: [Role], at resource: Resource) -> Grant? {
        guard agent.spec.resources.contains(resource.id), !agent.spec.deniedResources.contains(resource.id) else {
            return nil
        }
        let registered = agent.spec.details + roles.flatMap(\.spec.details)
        let scopes = resource.spec.scopes.intersection(ofUnion: [agent.spec.scopes] + roles.map(\.spec.scopes))
            .subtracting(agent.spec.deniedScopes)
        var details: [AuthorizationDetail] = []
        for detail in registered where detail.resource == resource.id {
            // A detail that the resource's schema no longer knows gives nothing.
            guard let parsed = try? detail.parsed(for: resource) else { continue }
            details.append(parsed)
        }
        guard let set = try? DetailSet(details) else { return nil }
        return Grant(resource: resource.spec.identifier, scopes: scopes, details: set)
    }

    /// Seconds that a token may live: what is asked for, within the smallest of the roles' limits.
    ///
    /// Without a role that sets a limit the default life is the limit, so a longer one is always somebody's decision.
    package static func tokenLife(roles: [Role], requested: Int64?, settings: BrokerSettings) -> Int64 {
        let limit = min(
            roles.compactMap(\.spec.maximumTokenLife).min() ?? settings.tokenLife, settings.maximumTokenLife)
        return min(requested ?? settings.tokenLife, limit)
    }

    /// Hops below the root in which the agent may take part: the smallest of its roles' limits.
    package static func depth(roles: [Role]) -> Int64 {
        roles.compactMap(\.spec.maximumDepth).min() ?? RegistryLimits.defaultDepth
    }
}

extension RegisteredDetail {
    /// The detail read against its resource's schema; every member of the type must be stated.
    func parsed(for resource: Resource) throws(NarrowingError) -> AuthorizationDetail {
        try AuthorizationDetail.parse(.object(object), schemas: resource.spec.types, completeness: .complete)
    }
}
