import MayflyModel

extension LedgerEvent {
    /// A step of one request for approval: what was asked, by its digest, who took the step, and how long the request
    /// had stood by then.
    static func approval(
        _ kind: Kind, _ outcome: Outcome, _ request: ApprovalRequest, by actor: String, _ state: Tables,
        at now: Timestamp? = nil
    ) -> LedgerEvent {
        let subject = request.subject
        var event = LedgerEvent(kind, outcome, actor: actor)
        event.subject = subject.chain.first?.text ?? subject.agent.text
        event.agent = subject.agent
        event.owner = subject.owner
        event.resource = state.resources[subject.resource]?.spec.identifier.text
        event.scope = subject.scopes.text
        event.task = subject.task
        event.approval = request.id.text
        event.expiresAt = request.lapsesAt
        event.digest = request.digest
        event.seconds = now.map { request.age(at: $0) }
        return event
    }
}
