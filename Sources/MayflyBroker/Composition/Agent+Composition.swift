import MayflyCrypto
import MayflyModel

extension Agent {
    /// Leaves the composition of `old` in force where this has another, which then waits for the owner's word.
    ///
    /// A first one takes effect at once, because it only takes away; a write of the one in force withdraws what waits.
    mutating func deferComposition(changedFrom old: Agent, by actor: String, at now: Timestamp) {
        let wanted = spec.composition
        guard let inForce = old.spec.composition, inForce != wanted else {
            proposal = nil
            return
        }
        spec.composition = inForce
        if let waiting = old.proposal, waiting.composition == wanted, waiting.isOpen(at: now) { return }
        proposal = CompositionProposal(wanted, by: actor, at: now)
    }

    /// What the ledger is told of a proposal that this write made or withdrew; nothing when it did neither.
    func compositionEvents(since old: Agent?, by actor: String) -> [LedgerEvent] {
        guard proposal != old?.proposal else { return [] }
        if let proposal { return [.composition(.compositionProposed, .ok, proposal, of: self, by: actor)] }
        return (old?.proposal).map { [.composition(.compositionWithdrawn, .ok, $0, of: self, by: actor)] } ?? []
    }
}

extension LedgerEvent {
    /// A step of one proposed composition; without `composition` the proposal is to have none.
    static func composition(
        _ kind: Kind, _ outcome: Outcome, _ proposal: CompositionProposal, of agent: Agent, by actor: String
    ) -> LedgerEvent {
        var event = LedgerEvent(kind, outcome, actor: actor)
        event.agent = agent.id
        event.owner = agent.spec.owner
        event.target = agent.id.text
        event.action = proposal.composition == nil ? "remove" : "change"
        event.composition = proposal.composition?.digest
        event.expiresAt = proposal.lapsesAt
        return event
    }
}
