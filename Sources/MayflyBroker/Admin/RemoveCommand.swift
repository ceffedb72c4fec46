import MayflyModel

/// Removes a role, a resource or a provider that nothing refers to any more.
///
/// Owners leave and agents are offboarded: their names stay taken.
struct RemoveCommand: Command {
    enum Target: Sendable {
        case role(RoleID)
        case resource(ResourceName)
        case provider(ProviderID)
    }

    let target: Target
    let precondition: Precondition
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        switch target {
        case .role(let id):
            guard let role = state.roles[id] else { throw .notFound }
            try precondition.check(role.version)
            let users = state.agents.all { agent in
                agent.state != .offboarded
                    && (agent.spec.roles.contains(id) || agent.spec.delegates.contains(.role(id)))
            }
            guard users.isEmpty else { throw .conflict("agents still have the role; take it from them first") }
            let givers = state.providers.all { $0.spec.people?.rules.contains { $0.roles.contains(id) } ?? false }
            guard givers.isEmpty else {
                throw .conflict("a provider's rules still give the role to people; change them first")
            }
            return Decided((), changes: [.removeRole(id)], events: [.change(role, "remove", actor: actor)])
        case .resource(let id):
            guard let resource = state.resources[id] else { throw .notFound }
            try precondition.check(resource.version)
            let users = state.agents.all { $0.state != .offboarded && $0.spec.resources.contains(id) }
            let roles = state.roles.all { $0.spec.details.contains { $0.resource == id } }
            guard users.isEmpty, roles.isEmpty else {
                throw .conflict("agents or roles still name the resource; take it from them first")
            }
            return Decided((), changes: [.removeResource(id)], events: [.change(resource, "remove", actor: actor)])
        case .provider(let id):
            guard let provider = state.providers[id] else { throw .notFound }
            try precondition.check(provider.version)
            guard state.trustIndex.agents(trusting: id).isEmpty else {
                throw .conflict("agents still trust the provider; take its conditions from them first")
            }
            return Decided((), changes: [.removeProvider(id)], events: [.change(provider, "remove", actor: actor)])
        }
    }
}
