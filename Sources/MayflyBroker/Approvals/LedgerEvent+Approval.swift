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
        event.subject = subject.person?.text ?? subject.chain.first?.text ?? subject.agent.text
        event.agent = subject.agent
        event.owner = subject.owner
        event.answering = Set(subject.chain.compactMap { state.agents[$0]?.spec.owner })
        event.resource = state.resources[subject.resource]?.spec.identifier.text
        event.scope = subject.scopes.isEmpty ? nil : subject.scopes.text
        event.action = (subject.action?.name).map(printable)
        event.task = subject.task
        event.approval = request.id.text
        event.expiresAt = request.lapsesAt
        event.digest = request.digest
        event.seconds = now.map { request.age(at: $0) }
        return event
    }

    /// An action's name as it may stand in the ledger: short, and visible ASCII.
    static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(128).map { (0x21...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }
}
