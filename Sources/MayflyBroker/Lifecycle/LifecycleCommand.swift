import MayflyModel

/// Says and does what the dates of some agents ask for: notices, suspensions and offboardings, in one commit.
///
/// Each agent is looked at again in the writer's order, so one that was reviewed in between is left alone, and the same
/// command twice says everything once. What was said is noted in the agent's record, which keeps its version.
struct LifecycleCommand: Command {
    /// How many agents lost their rights.
    struct Outcome: Sendable {
        var suspended = 0
        var offboarded = 0
    }

    static let actor = "broker"

    let agents: [AgentID]
    let settings: LifecycleSettings

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Outcome> {
        var draft = state
        var decided = Decided(Outcome())
        func change(_ change: Change) {
            draft.apply(change)
            decided.changes.append(change)
        }
        for id in agents {
            guard var agent = draft.agents[id], agent.needsAttention(settings, at: moment.now) else { continue }
            let steps = agent.lifecycleSteps(settings, at: moment.now)
            for (step, date) in steps { agent.lifecycle.note(step, about: date, at: moment.now) }
            decided.events += steps.compactMap { Self.event($0.step, $0.date, agent) }
            change(.touched(agent))
            guard let act = act(on: agent, steps.map(\.step), moment) else { continue }
            let done = try AgentStateCommand(id: id, step: act.step, actor: Self.actor, reason: act.reason)
                .decide(draft, moment)
            done.changes.forEach(change)
            decided.events += done.events
            if act.step == .suspend { decided.answer.suspended += 1 } else { decided.answer.offboarded += 1 }
        }
        return decided
    }

    private func act(
        on agent: Agent, _ steps: [AgentLifecycle.Step], _ moment: Moment
    ) -> (step: AgentStateCommand.Step, reason: String)? {
        if agent.mustBeOffboarded(settings, at: moment.now) { return (.offboard, "its end date has passed") }
        if steps.contains(.endSuspended) { return (.suspend, "its end date has passed") }
        if steps.contains(.reviewSuspended) { return (.suspend, "its review is overdue") }
        return nil
    }

    /// The entry for a step that is a notice; one that takes rights away has that of the change.
    private static func event(_ step: AgentLifecycle.Step, _ date: Timestamp, _ agent: Agent) -> LedgerEvent? {
        let (kind, reason): (LedgerEvent.Kind, String)
        switch step {
        case .reviewDue: (kind, reason) = (.agentReviewDue, reviewed(agent))
        case .reviewOverdue: (kind, reason) = (.agentReviewOverdue, reviewed(agent))
        case .ending: (kind, reason) = (.agentEnding, "its end date is near")
        case .ended: (kind, reason) = (.agentEnded, "its end date has passed")
        case .reviewSuspended, .endSuspended: return nil
        }
        var event = LedgerEvent(kind, .ok, actor: actor)
        event.agent = agent.id
        event.owner = agent.spec.owner
        event.target = agent.id.text
        event.expiresAt = date
        event.reason = reason
        return event
    }

    private static func reviewed(_ agent: Agent) -> String {
        agent.lastReviewed.map { "last reviewed \(RFC3339.format($0))" } ?? "never reviewed"
    }
}
