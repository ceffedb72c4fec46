package import MayflyModel

/// What an administrator wants dead.
package enum RevocationRequest: Equatable, Sendable {
    /// A token and everything below it, by `jti`.
    case token(String)
    case task(String)
    case trace(String)
    case agent(AgentID)
    case owner(OwnerID)
    case role(RoleID)
    case resource(ResourceName)
    /// Every token of every agent that trusts it.
    case provider(ProviderID)
    /// Every token on behalf of a person.
    case person(PersonID)
    case everything

    package var text: String {
        switch self {
        case .token(let id): "token:\(id)"
        case .task(let name): "task:\(name)"
        case .trace(let id): "trace:\(id)"
        case .agent(let id): id.text
        case .owner(let id): id.text
        case .role(let id): id.text
        case .resource(let id): "resource:\(id.text)"
        case .provider(let id): id.text
        case .person(let id): id.text
        case .everything: "everything"
        }
    }

    /// What is remembered by name; nil for what ends by an epoch.
    var target: Revocation.Target? {
        switch self {
        case .token(let id): .token(id)
        case .task(let name): .task(name)
        case .trace(let id): .trace(id)
        case .agent, .owner, .role, .resource, .provider, .person, .everything: nil
        }
    }
}

/// Ends what a request names: one increment, whatever the number of live tokens.
struct RevokeCommand: Command {
    let request: RevocationRequest
    let actor: String
    let reason: String
    /// Seconds for which a revocation by name must be remembered: the longest that any token lives.
    let memory: Int64
    /// Ledger terms that are known of a token, task or trace.
    let event: LedgerEvent

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        var event = event
        event.target = request.text
        event.reason = reason
        var decided = Decided<Void>((), changes: [try change(state, moment)], events: [event])
        // Everything else that ends tokens ends the questions that came with them by its epoch.
        if let target = request.target {
            decided.close(state.approvals(endedBy: target, at: moment.now), by: actor, state, moment)
        }
        return decided
    }

    private func change(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Change {
        switch request {
        case .token(let id): return named(.token(id), moment)
        case .task(let name): return named(.task(name), moment)
        case .trace(let id): return named(.trace(id), moment)
        case .agent(let id):
            guard var agent = state.agents[id] else { throw .notFound }
            agent.epoch = moment.epoch
            return .agent(agent)
        case .owner(let id):
            guard var owner = state.owners[id] else { throw .notFound }
            owner.epoch = moment.epoch
            return .owner(owner)
        case .role(let id):
            guard var role = state.roles[id] else { throw .notFound }
            role.epoch = moment.epoch
            return .role(role)
        case .resource(let id):
            guard var resource = state.resources[id] else { throw .notFound }
            resource.epoch = moment.epoch
            return .resource(resource)
        case .provider(let id):
            guard var provider = state.providers[id] else { throw .notFound }
            provider.epoch = moment.epoch
            return .provider(provider)
        case .person(let id):
            // A name nobody has acted for yet is one that a provider could give out tomorrow, if there is one.
            guard state.providers[id.provider] != nil else { throw .notFound }
            return .person(state.person(id, at: moment) { $0.epoch = moment.epoch })
        case .everything:
            return .setting(Setting(id: .epoch, value: moment.epoch))
        }
    }

    private func named(_ target: Revocation.Target, _ moment: Moment) -> Change {
        .revocation(Revocation(id: target, at: moment.now, expires: moment.now.advanced(bySeconds: memory)))
    }
}

extension Decided {
    /// Closes questions to people, as a revocation by name leaves them, in its own commit.
    mutating func close(_ ended: [ApprovalRequest], by actor: String, _ state: Tables, _ moment: Moment) {
        for request in ended {
            changes.append(.approval(request))
            events.append(.approval(.approvalSuperseded, .refused, request, by: actor, state, at: moment.now))
        }
    }
}
