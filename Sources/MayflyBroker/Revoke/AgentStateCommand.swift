import MayflyModel

/// Suspends, resumes or offboards one agent: state, epoch, keys and pending codes in one commit.
struct AgentStateCommand: Command {
    enum Step: String, Sendable {
        case suspend
        case resume
        case offboard
    }

    let id: AgentID
    let step: Step
    let actor: String
    let reason: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Agent> {
        guard var agent = state.agents[id] else { throw .notFound }
        guard agent.state != .offboarded else { throw .conflict("the agent is offboarded, which is for good") }
        var changes: [Change] = []
        switch step {
        case .suspend: agent.state = .suspended
        case .resume:
            guard agent.state == .suspended else { throw .conflict("the agent is not suspended") }
            agent.state = agent.hasIdentity ? .active : .pending
        case .offboard:
            changes = agent.offboard(in: state)
        }
        // Resuming also takes a new epoch: what was minted before the suspension stays dead.
        agent.epoch = moment.epoch
        agent.version += 1
        changes.append(.agent(agent))
        return Decided(agent, changes: changes, events: [.change(agent, step.rawValue, actor: actor, reason: reason)])
    }
}

extension Agent {
    /// Ends the agent for good; answers the removal of its pending enrolment codes.
    mutating func offboard(in state: Tables) -> [Change] {
        self.state = .offboarded
        keys = []
        proposal = nil
        return state.removalsOfCodes(for: .agent(id))
    }
}

/// An owner leaves: keys and codes go, agents go to the delegate or are offboarded, in one commit.
///
/// What the owner has voted for counts no more, because votes are counted by owners who are there.
struct OwnerLeaveCommand: Command {
    let id: OwnerID
    let actor: String
    let reason: String

    /// What became of each agent.
    struct Outcome: Sendable {
        var offboarded: [AgentID] = []
        var inherited: [AgentID] = []
    }

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Outcome> {
        guard var owner = state.owners[id] else { throw .notFound }
        guard owner.state == .active else { throw .conflict("the owner has left already") }
        owner.state = .left
        owner.keys = []
        owner.epoch = moment.epoch
        owner.version += 1
        let heir = owner.delegate.flatMap { state.owners[$0] }.flatMap { $0.state == .active ? $0 : nil }
        var decided = Decided(Outcome(), changes: [.owner(owner)] + state.removalsOfCodes(for: .owner(id)))
        var outcome = Outcome()
        decided.events.append(.change(owner, "leave", actor: actor, reason: reason))
        let agents = state.agents.all { $0.spec.owner == id && $0.state != .offboarded }
        for var agent in agents.sorted(by: { $0.id < $1.id }) {
            if let heir {
                agent.spec.owner = heir.id
                outcome.inherited.append(agent.id)
            } else {
                decided.changes += agent.offboard(in: state)
                outcome.offboarded.append(agent.id)
            }
            agent.epoch = moment.epoch
            agent.version += 1
            decided.changes.append(.agent(agent))
            decided.events.append(
                .change(agent, heir == nil ? "offboard" : "inherit", actor: actor, reason: "its owner left"))
        }
        return Decided(outcome, changes: decided.changes, events: decided.events)
    }
}
