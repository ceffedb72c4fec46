package import MayflyModel

/// To whom rights may be handed: one agent, or every agent of a role.
package enum Delegate: Hashable, Sendable {
    case agent(AgentID)
    case role(RoleID)

    package init?(_ text: String) {
        if let agent = AgentID(text) {
            self = .agent(agent)
        } else if let role = RoleID(text) {
            self = .role(role)
        } else {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .agent(let id): id.text
        case .role(let id): id.text
        }
    }

    /// Whether `agent` is meant.
    func names(_ agent: Agent) -> Bool {
        switch self {
        case .agent(let id): agent.id == id
        case .role(let id): agent.spec.roles.contains(id)
        }
    }

    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [Delegate] {
        var delegates: [Delegate] = []
        let texts = try fields.strings(name, maximumCount: RegistryLimits.delegatesPerAgent, maximumLength: 128) ?? []
        for text in texts {
            guard let delegate = Delegate(text) else {
                throw fields.failure(name, .invalid(rule: "a delegate is agent:<name> or role:<name>"))
            }
            delegates.append(delegate)
        }
        return delegates
    }
}
