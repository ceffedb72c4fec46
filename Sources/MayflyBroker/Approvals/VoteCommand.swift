import MayflyModel
import MayflyPolicy

/// One person's word on one request, with what it leads to, in one commit.
struct VoteCommand: Command {
    /// Who speaks: an owner votes, an administrator can only say no.
    enum Voter: Sendable {
        case owner(OwnerID)
        case admin(AdminID)

        var text: String {
            switch self {
            case .owner(let id): id.text
            case .admin(let id): id.text
            }
        }
    }

    let id: ApprovalID
    let voter: Voter
    /// Of the token with which the voter signed in; a kill that came since voids it.
    let epoch: Int64
    let approves: Bool
    let reason: String
    let governance: any Governance

    /// A refusal is an answer, because finding that the window has ended is written down with it.
    func decide(
        _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<ApprovalRequest, BrokerError>> {
        guard let request = state.approvals[id] else { throw .notFound }
        let now = moment.now
        switch state.state(of: request, bundle: governance.bundle(in: state), at: now) {
        case .pending: break
        case .approved where !approves: break
        case .approved: throw .conflict("the request is approved already")
        case .denied: throw .conflict("the request is denied already")
        case .used: throw .conflict("the request was approved, and has been used")
        case .expired: return ended(request, as: request.lapsed, .approvalExpired, Self.lapsed, state, now)
        case .superseded:
            return ended(
                request, as: request.superseded(at: now), .approvalSuperseded, Self.superseded, state, now)
        }
        switch voter {
        case .admin(let admin):
            guard !approves else { throw .forbidden("administrators may deny; owners approve, each with a key") }
            return deny(request, by: admin.text, events: [], state, now)
        case .owner(let id): return try vote(by: id, on: request, state, moment)
        }
    }

    private func vote(
        by id: OwnerID, on request: ApprovalRequest, _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<ApprovalRequest, BrokerError>> {
        guard let owner = state.owners[id], owner.state == .active else {
            throw .forbidden("the owner has left")
        }
        guard epoch >= state.signInEpoch(of: owner) else { throw .forbidden("the sign-in has ended; sign in again") }
        // Votes that were voided since are in the ledger; whoever cast one may vote again.
        var voted = state.reopened(request)
        let isReopened = request.state == .approved && !state.isSatisfied(voted)
        let asked = try terms(of: request, that: owner, may: state)
        guard !approves || !voted.votes.contains(where: { $0.approver == id }) else {
            throw .conflict("each person votes once, and this one has")
        }
        guard !approves || asked.contains(where: { !state.isSatisfied($0, of: voted) }) else {
            throw .conflict("enough people of these groups have agreed; others are waited for")
        }
        let vote = ApprovalVote(
            approver: id, approves: approves, reason: reason, at: moment.now, epoch: epoch)
        voted.votes.append(vote)
        let before: [LedgerEvent] =
            isReopened ? [.approval(.approvalReopened, .refused, voted, by: id.text, state, at: moment.now)] : []
        var cast = LedgerEvent.approval(.approvalVoted, .ok, voted, by: id.text, state, at: moment.now)
        cast.decision = approves ? "approve" : "deny"
        cast.reason = reason
        guard approves else { return deny(voted, by: id.text, events: before + [cast], state, moment.now) }
        guard state.isSatisfied(voted) else {
            return Decided(.success(voted), changes: [.approval(voted)], events: before + [cast])
        }
        voted.state = .approved
        let done = LedgerEvent.approval(.approvalApproved, .allowed, voted, by: id.text, state, at: moment.now)
        return Decided(.success(voted), changes: [.approval(voted)], events: before + [cast, done])
    }

    /// The terms under which an owner is asked; throws why there are none.
    private func terms(
        of request: ApprovalRequest, that owner: Owner, may state: Tables
    ) throws(BrokerError) -> [ApprovalTerms] {
        let member = request.terms.filter { state.isMember(owner, of: $0) }
        guard !member.isEmpty else { throw .forbidden("none of the groups that are asked is the owner's") }
        let asked = member.filter { state.mayVote(owner, under: $0, on: request.subject) }
        guard !asked.isEmpty else {
            throw .forbidden("four eyes are needed: who answers for the agent has no vote on its requests")
        }
        return asked
    }

    private func deny(
        _ request: ApprovalRequest, by actor: String, events: [LedgerEvent], _ state: Tables, _ now: Timestamp
    ) -> Decided<Result<ApprovalRequest, BrokerError>> {
        var denied = request
        denied.state = .denied
        var event = LedgerEvent.approval(.approvalDenied, .denied, denied, by: actor, state, at: now)
        event.reason = reason
        return Decided(.success(denied), changes: [.approval(denied)], events: events + [event])
    }

    private func ended(
        _ request: ApprovalRequest, as end: ApprovalRequest, _ kind: LedgerEvent.Kind, _ refusal: BrokerError,
        _ state: Tables, _ now: Timestamp
    ) -> Decided<Result<ApprovalRequest, BrokerError>> {
        guard request.isOpen else { return Decided(.failure(refusal)) }
        return Decided(
            .failure(refusal), changes: [.approval(end)],
            events: [.approval(kind, .refused, end, by: voter.text, state, at: now)])
    }

    private static let lapsed = BrokerError.conflict("the request's window has ended; the agent may ask again")
    private static let superseded = BrokerError.conflict(
        "the policy has changed since, or what asked was revoked; it must be asked anew")
}
