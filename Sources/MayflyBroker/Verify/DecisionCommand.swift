import MayflyModel
import MayflyPolicy

/// Writes an action decision down, and spends what the action takes.
///
/// A token that was ended while it was decided is refused after all, and so is an action for which some budget of its
/// chain or some quota of the policy has too little left. It runs in the writer's order: no two commands see the same
/// last unit, and what is spent is durable in the commit that holds the decision. So is the use of what people agreed
/// to for this action alone, and the question that is put to them.
struct DecisionCommand: Command {
    static let concernsNobodyElse = true

    let decision: ActionDecision
    let active: VerificationService.ActiveToken?
    /// The proof of possession that came with the token.
    let proof: UsedMark?
    let amounts: Amounts
    /// The name under which the amounts may be given back; nil to spend them for good.
    let reservation: String?
    /// What people must agree to before the decision holds; nil when nobody need be asked.
    let consent: Consent?
    let asker: String
    /// What policy said, and the number of the version that was in force before the token was looked at.
    let policy: PolicyRuling?
    let policyNumber: Int64
    /// What the action is to stand under when it is allowed in tier 2.
    let supervision: Supervision?
    let event: LedgerEvent

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Ruling> {
        guard let proof else { return try settled(state, moment) }
        // Whoever sends it again is not the one who holds the key: nothing is done for them, and to the agent neither.
        guard !state.used.isSpent(proof, at: moment.now) else {
            return refused(.deny(.proofInvalid(ProofFault.replayed.rawValue)))
        }
        var decided = try settled(state, moment)
        decided.changes.append(.used(proof))
        return decided
    }

    private func settled(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Ruling> {
        var decided = supervised(try judge(state, moment), state)
        decided.answer.policy = decided.answer.policy ?? policy
        let suspension = state.suspension(demandedBy: policy, moment)
        decided.changes += suspension.changes
        decided.events += suspension.events
        return decided
    }

    /// In tier 2 what is allowed can be taken back; what nobody could take back is refused.
    private func supervised(_ decided: Decided<Ruling>, _ state: Tables) -> Decided<Ruling> {
        guard let supervision, decided.answer.decision.isAllowed else { return decided }
        guard state.supervisionIndex.hasRoom(for: supervision.agent) else { return refused(.deny(.supervisionFull)) }
        var decided = decided
        decided.answer.supervision = supervision
        decided.changes.append(.supervision(supervision))
        decided.events.append(.supervision(.supervisionOpened, .ok, supervision, by: asker, state))
        return decided
    }

    private func judge(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Ruling> {
        guard let active, decision.isAllowed else { return Decided(Ruling(decision), events: [event]) }
        guard let resource = state.resources[active.resource.id], moment.now.seconds < active.claims.expiresAt,
            state.isAlive(active.claims.chain, onBehalfOf: active.claims.actedFor, for: resource, at: moment.now),
            !state.isRevoked(task: active.claims.task, trace: active.claims.trace)
        else { return refused(.inactive) }
        // A version that went away and came back meanwhile has not been asked, if what was in between allows
        // everything.
        guard state.policy.id == policyNumber,
            policy.map({ $0.number == policyNumber }) ?? state.policy.bundle.allowsEverything
        else { return refused(.deny(.policyChanged)) }
        guard active.claims.limits.hours?.contains(moment.now) ?? true else { return refused(.deny(.outsideHours)) }
        let budgets: [Budget]
        do throws(Budget.Exhausted) {
            budgets = active.claims.limits.spends ? try state.spending(amounts, by: active.claims) : []
        } catch {
            return refused(.deny(.budgetExhausted(error.member)))
        }
        var counted: [Change] = []
        if let policy, !policy.quotas.isEmpty {
            guard let holder = active.claims.chain.last.flatMap({ state.agents[$0.agent] }) else {
                return refused(.inactive)
            }
            do throws(QuotaRefusal) {
                counted = try state.counting(policy.quotas, for: holder, at: moment.now).map { .quota($0) }
            } catch {
                return refused(by: error, policy)
            }
        }
        switch consent {
        case nil: return allowed(event, spending: budgets, counted, active.claims)
        case .impossible(let told): return withheld(told, nil)
        case .needed(let approval):
            guard approval.isCurrent(in: state) else { return refused(.deny(.policyChanged)) }
            switch approval.settle(in: state, by: active.claims, at: moment.now) {
            case .withheld(let told, let step): return withheld(told, step)
            case .agreed(let use):
                var event = event
                event.approval = use.request.id.text
                var decided = allowed(event, spending: budgets, counted, active.claims)
                decided.changes = use.changes + decided.changes
                decided.events = use.events + decided.events
                return decided
            }
        }
    }

    /// What the rules allow and a quota has no room for: nothing is spent, of budgets neither.
    private func refused(by refusal: QuotaRefusal, _ policy: PolicyRuling) -> Decided<Ruling> {
        let ruling = policy.refused(by: refusal.quota)
        var decided = refused(.deny(.quotaExhausted(rule: refusal.quota.rule, seconds: refusal.seconds)))
        for index in decided.events.indices { decided.events[index].govern(by: ruling) }
        decided.answer.policy = ruling
        return decided
    }

    private func allowed(
        _ event: LedgerEvent, spending budgets: [Budget], _ counted: [Change], _ claims: TokenClaims
    ) -> Decided<Ruling> {
        guard claims.limits.spends else { return Decided(Ruling(decision), changes: counted, events: [event]) }
        var decided = spent(budgets, claims, event)
        decided.changes += counted
        return decided
    }

    /// Policy's own word stands, and the answer says what has become of the question.
    private func withheld(_ told: AccessRequest?, _ step: ApprovalQuestion.Step?) -> Decided<Ruling> {
        var ruling = Ruling(.deny(.policy(.requireApproval)))
        ruling.accessRequest = told
        var denied = event
        denied.outcome = .denied
        return Decided(ruling, changes: step?.changes ?? [], events: (step?.events ?? []) + [denied])
    }

    private func spent(_ budgets: [Budget], _ claims: TokenClaims, _ event: LedgerEvent) -> Decided<Ruling> {
        var ruling = Ruling(decision)
        ruling.remaining = budgets.reduce(Amounts.nothing) { $0.least($1.remaining) }
        var event = event
        event.cost = amounts.cost
        event.records = amounts.records
        guard let reservation = reservation(on: budgets, claims) else {
            return Decided(ruling, changes: budgets.map { .budget($0) }, events: [event])
        }
        ruling.reservation = reservation.id
        event.reservation = reservation.id
        let reserved = budgets.map { budget in
            var budget = budget
            budget.openReservations += 1
            return Change.budget(budget)
        }
        return Decided(ruling, changes: reserved + [.reservation(reservation)], events: [event])
    }

    /// Nil when some budget has as many open ones as it may.
    private func reservation(on budgets: [Budget], _ claims: TokenClaims) -> Reservation? {
        guard let id = reservation, let outermost = budgets.first, let agent = claims.chain.last?.agent,
            budgets.allSatisfy({ $0.openReservations < Budget.maximumReservations })
        else { return nil }
        return Reservation(
            id: id, amounts: amounts, budgets: budgets.map(\.id), asker: asker, token: claims.tokenID, agent: agent,
            audience: claims.audience, task: claims.task, trace: claims.trace, expires: outermost.expires)
    }

    private func refused(_ decision: ActionDecision) -> Decided<Ruling> {
        var late = event
        late.outcome = .denied
        late.decision = "deny"
        late.rule = decision.rule
        return Decided(Ruling(decision), events: [late])
    }
}

extension Tables {
    /// The budgets that bound the holder of a chain, root first.
    func budgets(of chain: [ChainLink]) -> [Budget] {
        chain.compactMap { budgets[$0.tokenID] }
    }

    /// Every budget above and of a token with `amounts` spent, or the first limit that they go past: all or none.
    ///
    /// The last of them must state the token's own limits. If it does not a record is missing, and nothing is left.
    func spending(_ amounts: Amounts, by claims: TokenClaims) throws(Budget.Exhausted) -> [Budget] {
        let found = budgets(of: claims.chain)
        let limits = claims.limits.spendable
        guard let own = found.last, own.limits == limits else {
            throw Budget.Exhausted(
                member: limits.maximumCalls != nil ? .calls : limits.maximumCost != nil ? .cost : .records)
        }
        var spent: [Budget] = []
        for budget in found { spent.append(try budget.taking(amounts)) }
        return spent
    }
}
