import MayflyCrypto
import MayflyModel
import MayflyPolicy

/// Asks people to approve exactly one request, or answers what has become of the question.
///
/// In the writer's order: the same request asked twice is one question, and the bounds hold whatever arrives at once.
struct RaiseApprovalCommand: Command {
    let question: ApprovalQuestion
    /// The question that the client names, when it does; then no other is looked at and none is made.
    let named: ApprovalID?
    let request: TokenRequest?
    let message: String?
    /// Seconds, within the window; nil for all of it.
    let requestedExpiry: Int64?
    /// Whether asking again counts as a poll.
    let isPoll: Bool
    let assertion: UsedMark?
    /// The proof of possession that came with the request.
    var proof: UsedMark?
    /// The ticket that is to be redeemed; it stays good until a token is made of it.
    let ticket: UsedMark?
    let governance: any Governance

    static let policyChangedRule = "policy.changed"

    private var subject: ApprovalSubject { question.subject }

    func decide(
        _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<PendingApproval, OAuthError>> {
        if let assertion, state.used.isSpent(assertion, at: moment.now) {
            return refused(ClientAuthenticator.refusal, "assertion.replayed", in: state)
        }
        let isReplayed = proof.map { state.used.isSpent($0, at: moment.now) } ?? false
        var decided =
            isReplayed
            ? refused(ProofFault.replayed.refusal, "proof.replayed", in: state) : answer(in: state, at: moment.now)
        if let assertion { decided.changes.append(.used(assertion)) }
        if let proof, !isReplayed { decided.changes.append(.used(proof)) }
        return decided
    }

    private typealias Outcome = Decided<Result<PendingApproval, OAuthError>>

    private func answer(in state: Tables, at now: Timestamp) -> Outcome {
        if let ticket, state.used.isSpent(ticket, at: now) {
            return refused(MintCommand.ticketUsed, "ticket.replayed", in: state)
        }
        guard subject.bundle.utf8.elementsEqual(governance.bundle(in: state).utf8) else {
            return refused(
                OAuthError(.invalidGrant, "the policy has changed while the request was on its way; ask again"),
                Self.policyChangedRule, in: state)
        }
        let found = named.map { state.approvals[$0] } ?? state.approval(for: question.digest)
        guard let found, found.subject.agent == subject.agent else {
            return named == nil ? raise(in: state, at: now) : refused(Self.unknown, "approval.unknown", in: state)
        }
        guard found.digest == question.digest, Set(found.terms) == Set(question.terms) else {
            return replaced(found, in: state, at: now)
        }
        switch state.state(of: found, bundle: subject.bundle, at: now) {
        case .pending where found.state == .approved: return reopen(found, in: state, at: now)
        case .pending: return poll(found, at: now)
        case .approved: return pending(found, at: now)
        case .denied: return refused(Self.denied, "approval.denied", in: state)
        case .expired where found.state != .expired || named != nil: return lapse(found, in: state, at: now)
        case .used where named != nil: return refused(ApprovalUse.spent, "approval.spent", in: state)
        case .superseded where named != nil: return refused(Self.superseded, "approval.superseded", in: state)
        case .expired, .used, .superseded: return raise(in: state, at: now)
        }
    }

    // MARK: What becomes of the question

    private func raise(in state: Tables, at now: Timestamp, after earlier: ApprovalQuestion.Step? = nil) -> Outcome {
        guard let step = question.raise(at: now, source: source, expiry: requestedExpiry, in: state, after: earlier)
        else { return refused(Self.tooMany, "approval.limit", in: state) }
        return pending(after: step, at: now)
    }

    var source: ApprovalSource { .client(message: message, request: request) }

    private func pending(after step: ApprovalQuestion.Step, at now: Timestamp) -> Outcome {
        Decided(.success(PendingApproval(step.request, at: now)), changes: step.changes, events: step.events)
    }

    private func pending(_ found: ApprovalRequest, at now: Timestamp) -> Outcome {
        Decided(.success(PendingApproval(found, at: now)))
    }

    /// RFC 8628 §3.5: who asks sooner than the interval allows must wait longer from then on.
    private func poll(_ found: ApprovalRequest, at now: Timestamp) -> Outcome {
        guard isPoll else { return pending(found, at: now) }
        var polled = found
        polled.lastPolled = now
        let isTooSoon = now < found.lastPolled.advanced(bySeconds: found.interval)
        if isTooSoon {
            polled.interval = min(found.interval + ApprovalLimits.intervalStep, ApprovalLimits.longestInterval)
        }
        let told = PendingApproval(polled, at: now)
        return Decided(isTooSoon ? .failure(told.slowDown) : .success(told), changes: [.approval(polled)])
    }

    private func reopen(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Outcome {
        var polled = found
        polled.lastPolled = now
        return pending(after: question.reopen(polled, in: state, at: now), at: now)
    }

    private func lapse(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Outcome {
        guard found.state != .expired else { return refused(Self.lapsed, "approval.expired", in: state) }
        return ended(question.lapse(found, in: state, at: now), Self.lapsed)
    }

    /// The question was another one: it is not answered for this request.
    private func replaced(_ found: ApprovalRequest, in state: Tables, at now: Timestamp) -> Outcome {
        guard found.isOpen else {
            return named == nil
                ? raise(in: state, at: now) : refused(Self.superseded, "approval.superseded", in: state)
        }
        let step = question.supersede(found, in: state, at: now)
        return named == nil ? raise(in: state, at: now, after: step) : ended(step, Self.superseded)
    }

    private func ended(_ step: ApprovalQuestion.Step, _ error: OAuthError) -> Outcome {
        Decided(.failure(error), changes: step.changes, events: step.events)
    }

    private func refused(_ error: OAuthError, _ rule: String, in state: Tables) -> Outcome {
        var event = LedgerEvent(.tokenRefused, .refused, actor: subject.agent.text)
        event.agent = subject.agent
        event.owner = state.agents[subject.agent]?.spec.owner
        event.resource = state.resources[subject.resource]?.spec.identifier.text
        event.decision = "deny"
        event.rule = rule
        event.reason = error.description
        event.scope = subject.scopes.text
        event.task = subject.task
        event.digest = question.digest
        return Decided(.failure(error), events: [event])
    }

    // MARK: Words

    static let unknown = OAuthError(.invalidGrant, "the auth_req_id is not one of this client's")
    static let denied = OAuthError(
        .accessDenied, "people have denied exactly this request", members: ["reason": .string("denied")])
    static let superseded = OAuthError(
        .accessDenied, "policy or the registration has changed since; ask anew",
        members: ["reason": .string("superseded")])
    static let lapsed = OAuthError(.expiredToken, "people did not approve in time, or the agent came back too late")
    static let tooMany = OAuthError(
        .accessDenied, "as many requests wait for approval as may; let people decide them first",
        members: ["reason": .string("too_many_pending")])
}
