package import MayflyCrypto
package import MayflyModel
import MayflyPolicy

extension Tables {
    /// The open request for exactly what `digest` stands for, or else the latest that was made; nil when there is none
    /// whose window is open at `now`.
    package func approval(for digest: SHA256Digest, at now: Timestamp) -> ApprovalRequest? {
        approval(for: digest).flatMap { now < $0.lapsesAt ? $0 : nil }
    }

    /// The same without regard to its window.
    func approval(for digest: SHA256Digest) -> ApprovalRequest? {
        approvalIndex.id(for: digest).flatMap { approvals[$0] }
    }

    /// What has become of a request at `now`, when `bundle` is the policy in force.
    ///
    /// Votes are counted afresh, by who is there and in which groups at this moment: an approved request is pending
    /// again when some of them count no more.
    package func state(of request: ApprovalRequest, bundle: String, at now: Timestamp) -> ApprovalRequest.State {
        guard request.isOpen else { return request.state }
        guard now < request.lapsesAt else { return .expired }
        guard request.subject.bundle.utf8.elementsEqual(bundle.utf8), !isCut(request) else { return .superseded }
        return request.state == .approved && isSatisfied(request) ? .approved : .pending
    }

    /// Whether a request may be used at `now`, when `bundle` is the policy in force.
    func isRedeemable(_ request: ApprovalRequest, bundle: String, at now: Timestamp) -> Bool {
        state(of: request, bundle: bundle, at: now) == .approved
    }

    /// A request with the votes that count, and open to more of them.
    func reopened(_ request: ApprovalRequest) -> ApprovalRequest {
        var open = request
        open.state = .pending
        open.votes = request.votes.filter { counts($0, of: request) }
        return open
    }

    /// Whether enough people agree, under each of the terms.
    func isSatisfied(_ request: ApprovalRequest) -> Bool {
        !request.terms.isEmpty && request.terms.allSatisfy { isSatisfied($0, of: request) }
    }

    func isSatisfied(_ terms: ApprovalTerms, of request: ApprovalRequest) -> Bool {
        let people = request.votes.filter { counts($0, for: terms, of: request.subject) }.map(\.approver)
        return Int64(clamping: Set(people).count) >= terms.quorum
    }

    /// Whether a vote is an agreement that counts for some of the terms now.
    func counts(_ vote: ApprovalVote, of request: ApprovalRequest) -> Bool {
        request.terms.contains { counts(vote, for: $0, of: request.subject) }
    }

    private func counts(_ vote: ApprovalVote, for terms: ApprovalTerms, of subject: ApprovalSubject) -> Bool {
        guard vote.approves, let owner = owners[vote.approver], owner.state == .active,
            vote.epoch >= signInEpoch(of: owner)
        else { return false }
        return mayVote(owner, under: terms, on: subject)
    }

    /// Whether an owner is one of those whom the terms ask.
    func mayVote(_ owner: Owner, under terms: ApprovalTerms, on subject: ApprovalSubject) -> Bool {
        isMember(owner, of: terms) && !(terms.needsFourEyes && answers(owner.id, for: subject))
    }

    func isMember(_ owner: Owner, of terms: ApprovalTerms) -> Bool {
        terms.groups.isEmpty || terms.groups.contains { owner.groups.contains($0) }
    }

    /// Whether an owner answers for the agent that asks, or for one through which the rights came to it.
    package func answers(_ owner: OwnerID, for subject: ApprovalSubject) -> Bool {
        owner == subject.owner || ([subject.agent] + subject.chain).contains { agents[$0]?.spec.owner == owner }
    }

    /// The smallest epoch that a sign-in or a vote of an owner may carry.
    func signInEpoch(of owner: Owner) -> Int64 { max(epoch, owner.signInEpoch) }
}
