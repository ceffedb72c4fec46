import MayflyModel

/// Removes a role or a resource that nothing refers to any more.
///
/// Owners leave and agents are offboarded: their names stay taken.
struct RemoveCommand: Command {
    enum Target: Sendable {
        case role(RoleID)
        case resource(ResourceName)
    }

    let target: Target
    let precondition: Precondition
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        switch target {
        case .role(let id):
            guard let role = state.roles[id] else { throw .notFound }
            try precondition.check(role.version)
            let isInUse = state.agents.all.contains { agent in
                agent.state != .offboarded
                    && (agent.spec.roles.contains(id) || agent.spec.delegates.contains(.role(id)))
            }
            guard !isInUse else { throw .conflict("agents still have the role; take it from them first") }
            return Decided((), changes: [.removeRole(id)], events: [.change(role, "remove", actor: actor)])
        case .resource(let id):
            guard let resource = state.resources[id] else { throw .notFound }
            try precondition.check(resource.version)
            let isInUse =
                state.agents.all.contains { $0.state != .offboarded && $0.spec.resources.contains(id) }
                || state.roles.all.contains { $0.spec.details.contains { $0.resource == id } }
            guard !isInUse else { throw .conflict("agents or roles still name the resource; take it from them first") }
            return Decided((), changes: [.removeResource(id)], events: [.change(resource, "remove", actor: actor)])
        }
    }
}
