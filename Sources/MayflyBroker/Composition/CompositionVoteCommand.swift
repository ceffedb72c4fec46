import MayflyCrypto
package import MayflyModel

/// The owner's word on a changed composition, with what it leads to, in one commit.
///
/// A yes takes a new epoch: no token of the former program outlives it, and none of the new one was made before it.
struct CompositionVoteCommand: Command {
    let id: AgentID
    /// The agent's owner; an administrator can only say no.
    let voter: ApprovalDesk.Reader
    /// Of the token with which the voter signed in; a kill that came since voids it.
    let epoch: Int64
    let approves: Bool
    /// What the voter has seen, so that nobody agrees to one that took its place; nil to have none from then on.
    let composition: CompositionDigest?
    let reason: String

    /// A refusal is an answer, because finding that the window has ended is written down with it.
    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Result<Agent, BrokerError>> {
        guard var agent = state.agents[id] else { throw .notFound }
        try checkVoter(of: agent, in: state)
        guard agent.state != .offboarded else { throw .conflict("the agent is offboarded, which is for good") }
        guard let proposal = agent.proposal else { throw .conflict("no change of the composition waits") }
        agent.proposal = nil
        agent.version += 1
        guard proposal.isOpen(at: moment.now) else {
            return Decided(
                .failure(.conflict("the window has ended; an administrator may propose the change anew")),
                changes: [.agent(agent)],
                events: [event(.compositionLapsed, .refused, proposal, agent, by: "broker", moment)])
        }
        guard proposal.composition?.digest == composition else {
            throw .conflict("another composition waits than the one that was named; look again")
        }
        guard approves else {
            return Decided(
                .success(agent), changes: [.agent(agent)],
                events: [event(.compositionDenied, .denied, proposal, agent, by: voter.text, moment)])
        }
        agent.spec.composition = proposal.composition
        agent.epoch = moment.epoch
        return Decided(
            .success(agent), changes: [.agent(agent)],
            events: [event(.compositionApproved, .allowed, proposal, agent, by: voter.text, moment)])
    }

    private func checkVoter(of agent: Agent, in state: Tables) throws(BrokerError) {
        switch voter {
        case .admin:
            guard !approves else { throw .forbidden("administrators may deny; the agent's owner approves") }
        case .owner(let id):
            // An agent of somebody else's is like one that is not there.
            guard agent.spec.owner == id else { throw .notFound }
            guard let owner = state.owners[id], owner.state == .active else { throw .forbidden("the owner has left") }
            guard epoch >= state.signInEpoch(of: owner) else {
                throw .forbidden("the sign-in has ended; sign in again")
            }
        }
    }

    private func event(
        _ kind: LedgerEvent.Kind, _ outcome: LedgerEvent.Outcome, _ proposal: CompositionProposal, _ agent: Agent,
        by actor: String, _ moment: Moment
    ) -> LedgerEvent {
        var event = LedgerEvent.composition(kind, outcome, proposal, of: agent, by: actor)
        if kind != .compositionLapsed {
            event.decision = approves ? "approve" : "deny"
            event.reason = reason
        }
        event.seconds = max(0, moment.now.seconds - proposal.createdAt.seconds)
        event.digest = SHA256.digest(of: JSONWriter.bytes(of: .object(agent.stored)))
        return event
    }
}

extension Administration {
    /// Says yes or no to the changed composition of `id` that waits, by who signed in with a token of `epoch`.
    ///
    /// Fails with `.notFound` for an owner who does not answer for the agent, with `.forbidden` for an administrator's
    /// yes, and with `.conflict` when nothing waits, or something else than `composition`.
    package func decideComposition(
        of id: AgentID, _ approves: Bool, _ composition: CompositionDigest?, by voter: ApprovalDesk.Reader,
        signedIn epoch: Int64, reason: String, _ completion: @escaping Completion<Agent>
    ) {
        let command = CompositionVoteCommand(
            id: id, voter: voter, epoch: epoch, approves: approves, composition: composition, reason: reason)
        writer.submit(command) { result in completion(result.flatMap { $0 }) }
    }
}
