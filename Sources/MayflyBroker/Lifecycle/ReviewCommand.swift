import MayflyCrypto
package import MayflyModel

/// Records that somebody has reviewed an agent: from now on its next review is ahead.
struct ReviewCommand: Command {
    let id: AgentID
    /// Who reviewed: an administrator, or the owner who answers for the agent.
    let reviewer: ApprovalDesk.Reader
    /// Of the token with which the reviewer signed in; a kill that came since voids it.
    let epoch: Int64
    let reason: String
    /// When the next review is due, which administrators alone may name; nil leaves it to the interval.
    let next: Timestamp?

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Agent> {
        guard var agent = state.agents[id] else { throw .notFound }
        let actor: String
        switch reviewer {
        case .admin(let id):
            actor = id.text
            // A date that was planned is answered by the review, early or late.
            agent.spec.nextReview = next
        case .owner(let id):
            // The registration is not the owner's to change: a date that is still ahead stays, and none is put off.
            // An agent of somebody else's is like one that is not there.
            guard agent.spec.owner == id else { throw .notFound }
            guard next == nil else {
                throw .forbidden("administrators say when the next review is; leave next_review out")
            }
            guard let owner = state.owners[id], owner.state == .active else { throw .forbidden("the owner has left") }
            guard epoch >= state.signInEpoch(of: owner) else {
                throw .forbidden("the sign-in has ended; sign in again")
            }
            actor = id.text
        }
        guard agent.state != .offboarded else { throw .conflict("the agent is offboarded, which is for good") }
        if let next, next <= moment.now {
            throw .invalid(
                FieldError(
                    path: FieldPath.root.member("next_review"), problem: .invalid(rule: "must be a time to come")))
        }
        agent.lifecycle.review(at: moment.now)
        agent.version += 1
        var event = LedgerEvent(.agentReviewed, .ok, actor: actor)
        event.agent = agent.id
        event.owner = agent.spec.owner
        event.target = agent.id.text
        event.expiresAt = next
        event.reason = reason
        event.digest = SHA256.digest(of: JSONWriter.bytes(of: .object(agent.stored)))
        return Decided(agent, changes: [.agent(agent)], events: [event])
    }
}

extension Administration {
    /// Records a review of `id` by who signed in with a token of `epoch`.
    ///
    /// Fails with `.forbidden` for an owner who does not answer for the agent, and with `.conflict` for one that is
    /// offboarded.
    package func review(
        _ id: AgentID, by reviewer: ApprovalDesk.Reader, signedIn epoch: Int64, reason: String, next: Timestamp?,
        _ completion: @escaping Completion<Agent>
    ) {
        writer.submit(
            ReviewCommand(id: id, reviewer: reviewer, epoch: epoch, reason: reason, next: next), completion)
    }
}
