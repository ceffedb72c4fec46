import MayflyModel

/// Takes back what tier 2 let through: ends its token with all below it, and writes down who did it and why.
struct ReverseCommand: Command {
    let id: String
    let reader: ApprovalDesk.Reader
    /// The epoch of the token with which the reverser signed in.
    let epoch: Int64
    let reason: String
    /// Seconds for which the end of a token must be remembered: the longest that any token lives.
    let memory: Int64

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Supervision> {
        guard var supervision = state.supervisions[id], state.mayReverse(supervision, reader, signedIn: epoch) else {
            throw .notFound
        }
        switch supervision.state(at: moment.now) {
        case .open: break
        case .reversed: throw .conflict("it was taken back before")
        case .final: throw .conflict("its window has ended; revoke the token or suspend the agent instead")
        }
        supervision.reversal = Supervision.Reversal(actor: reader.text, reason: reason, at: moment.now)
        let end = Revocation(
            id: .token(supervision.token), at: moment.now, expires: moment.now.advanced(bySeconds: memory))
        let event = LedgerEvent.supervision(.supervisionReversed, .ok, supervision, by: reader.text, state)
        var decided = Decided(supervision, changes: [.supervision(supervision), .revocation(end)], events: [event])
        decided.close(state.approvals(endedBy: end.id, at: moment.now), by: reader.text, state, moment)
        return decided
    }
}

extension Tables {
    /// Whether `reader` may see what stands under supervision: administrators all of it, owners what their agents did
    /// or had done below them.
    func maySee(_ supervision: Supervision, _ reader: ApprovalDesk.Reader) -> Bool {
        switch reader {
        case .admin: true
        case .owner(let id):
            owners[id]?.state == .active && supervision.chain.contains { agents[$0.agent]?.spec.owner == id }
        }
    }

    /// The same for who takes it back, whose sign-in must still stand.
    func mayReverse(_ supervision: Supervision, _ reader: ApprovalDesk.Reader, signedIn epoch: Int64) -> Bool {
        guard maySee(supervision, reader) else { return false }
        switch reader {
        case .admin: return epoch >= self.epoch
        case .owner(let id): return owners[id].map { epoch >= signInEpoch(of: $0) } ?? false
        }
    }
}
