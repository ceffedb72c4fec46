import MayflyModel
import MayflyPolicy

/// Makes a token's issuance durable, after looking once more at everything that could have changed since it was
/// prepared.
///
/// It runs in the writer's order, where revocations run too: nothing minted from an older view survives one.
struct MintCommand: Command {
    static let concernsNobodyElse = true

    /// What it stands under, in tier 2, is in it.
    let token: IssuedToken
    /// The chain as it must stand now: the parent's links and the new one.
    let chain: [ChainLink]
    let resource: ResourceName
    /// The client's assertion, and the ticket when one is redeemed.
    let assertion: UsedMark?
    let ticket: UsedMark?
    /// The proof of possession that came with the request.
    let proof: UsedMark?
    /// What people agreed to, when policy asks for it; used up by this very commit.
    let approval: ApprovalUse?
    /// When a budget that the token brings in may be forgotten.
    let budgetExpires: Timestamp
    /// The number of the policy version that allowed it.
    let policy: Int64
    let event: LedgerEvent

    static let supervisionFull = OAuthError(
        .temporarilyUnavailable, "more than can be kept stands under supervision; ask again when some of it has lapsed")
    static let supervisionFullRule = "supervision.full"
    static let withdrawn = OAuthError(
        .invalidGrant, "rights were withdrawn while the token was being made; ask again")
    static let withdrawnRule = "withdrawn"
    static let ticketUsed = OAuthError(.invalidRequest, "the subject_token was used before")

    func decide(
        _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<IssuedToken, OAuthError>> {
        if let assertion, state.used.isSpent(assertion, at: moment.now) {
            return refused(ClientAuthenticator.refusal, "assertion.replayed", using: [])
        }
        if let proof, state.used.isSpent(proof, at: moment.now) {
            return refused(ProofFault.replayed.refusal, "proof.replayed", using: [assertion])
        }
        if let ticket, state.used.isSpent(ticket, at: moment.now) {
            return refused(Self.ticketUsed, "ticket.replayed", using: [assertion, proof])
        }
        guard let resource = state.resources[resource], let holder = chain.last,
            let agent = state.agents[holder.agent],
            state.isAlive(chain, onBehalfOf: token.claims.actedFor, for: resource, at: moment.now),
            !state.isRevoked(task: token.claims.task, trace: token.claims.trace), state.policy.id == policy,
            state.mayKeep(token, at: moment.now)
        else {
            return refused(
                Self.withdrawn, Self.withdrawnRule, using: [assertion, proof])
        }
        if let supervision = token.supervision, !state.supervisionIndex.hasRoom(for: supervision.agent) {
            return refused(Self.supervisionFull, Self.supervisionFullRule, using: [assertion, proof])
        }
        var approved: ApprovalRequest?
        if let approval {
            approved = approval.redeem(in: state, at: moment.now)
            guard approved != nil else {
                return refused(ApprovalUse.spent, "approval.spent", using: [assertion, proof])
            }
        }
        var changes = [assertion, proof, ticket].compactMap { $0 }.map { Change.used($0) }
        if agent.lastUsed.map({ moment.now.seconds - $0.seconds >= 60 }) ?? true {
            var touched = agent
            touched.lastUsed = moment.now
            changes.append(.touched(touched))
        }
        if let budget = budget(in: state, at: resource.id) { changes.append(.budget(budget)) }
        if let policy = event.policy, !policy.quotas.isEmpty {
            do throws(QuotaRefusal) {
                changes += try state.counting(policy.quotas, for: agent, at: moment.now).map { .quota($0) }
            } catch {
                return refused(by: error, policy)
            }
        }
        var events: [LedgerEvent] = []
        if let supervision = token.supervision {
            changes.append(.supervision(supervision))
            events.append(.supervision(.supervisionOpened, .ok, supervision, by: supervision.asker, state))
        }
        guard let approved else { return Decided(.success(token), changes: changes, events: [event] + events) }
        changes.append(.approval(approved))
        var use = LedgerEvent.approval(
            .approvalUsed, .ok, approved, by: approved.subject.agent.text, state, at: moment.now)
        use.token = token.claims.tokenID
        var issued = event
        issued.approval = approved.id.text
        return Decided(.success(token), changes: changes, events: [use, issued] + events)
    }

    /// The budget that the token brings in; nil when nothing is used up, or when it inherits what its parent has.
    ///
    /// The parent's limits are those of the last budget above, and not those of a ticket, which has none of its own.
    private func budget(in state: Tables, at resource: ResourceName) -> Budget? {
        guard token.kind == .accessToken, token.claims.limits.spends else { return nil }
        let limits = token.claims.limits.spendable
        guard state.budgets(of: chain).last?.limits != limits else { return nil }
        return Budget(id: token.claims.tokenID, resource: resource, limits: limits, expires: budgetExpires)
    }

    /// A quota has no room: assertion and proof are used up, and a ticket or an agreement of people stays good.
    private func refused(
        by refusal: QuotaRefusal, _ policy: PolicyRuling
    ) -> Decided<Result<IssuedToken, OAuthError>> {
        let ruling = policy.refused(by: refusal.quota)
        var decided = refused(
            OAuthError(quota: ruling, after: refusal.seconds), refusal.quota.rule, using: [assertion, proof])
        for index in decided.events.indices { decided.events[index].govern(by: ruling) }
        return decided
    }

    private func refused(
        _ error: OAuthError, _ rule: String, using marks: [UsedMark?]
    ) -> Decided<Result<IssuedToken, OAuthError>> {
        var refusal = event
        refusal.kind = .tokenRefused
        refusal.outcome = .refused
        refusal.decision = "deny"
        refusal.rule = rule
        refusal.reason = error.description
        refusal.token = nil
        refusal.chain = Array(event.chain.dropLast())
        return Decided(
            .failure(error), changes: marks.compactMap { $0 }.map { .used($0) }, events: [refusal])
    }
}

/// Writes down a refusal, and uses up the assertion and the proof with which it was asked.
struct RefusalCommand: Command {
    static let concernsNobodyElse = true

    let error: OAuthError
    let assertion: UsedMark?
    var proof: UsedMark?
    let event: LedgerEvent

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<OAuthError> {
        var (changes, events) = state.suspension(demandedBy: error.cause, moment)
        if let proof { changes.append(.used(proof)) }
        guard let assertion else { return Decided(error, changes: changes, events: [event] + events) }
        guard !state.used.isSpent(assertion, at: moment.now) else {
            var replay = event
            replay.rule = "assertion.replayed"
            return Decided(ClientAuthenticator.refusal, events: [replay])
        }
        return Decided(error, changes: [.used(assertion)] + changes, events: [event] + events)
    }
}
