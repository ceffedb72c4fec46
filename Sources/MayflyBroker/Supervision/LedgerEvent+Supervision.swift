import MayflyModel

extension LedgerEvent {
    /// What tier 2 let through and how long it can be taken back, or that somebody did after so many seconds.
    static func supervision(
        _ kind: Kind, _ outcome: Outcome, _ supervision: Supervision, by actor: String, _ state: Tables
    ) -> LedgerEvent {
        var event = LedgerEvent(kind, outcome, actor: actor)
        event.supervision = supervision.id
        event.subject = supervision.chain.first?.agent.text
        event.agent = supervision.agent
        event.owner = state.agents[supervision.agent]?.spec.owner
        event.answering = Set(supervision.chain.compactMap { state.agents[$0.agent]?.spec.owner })
        event.resource = supervision.resource
        event.scope = supervision.scope
        event.action = supervision.action
        event.rule = supervision.rule
        event.task = supervision.task.isEmpty ? nil : supervision.task
        event.trace = supervision.trace
        event.token = supervision.token
        event.chain = supervision.chain
        event.cost = supervision.cost
        event.records = supervision.records
        let end = supervision.reversal?.at ?? supervision.lapsesAt
        event.seconds = max(0, end.seconds - supervision.openedAt.seconds)
        event.reason = supervision.reversal?.reason
        return event
    }
}
