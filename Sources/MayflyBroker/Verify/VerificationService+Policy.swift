import MayflyModel
import MayflyPolicy

/// What policy makes of an action.
struct GovernedAction {
    var decision: ActionDecision
    /// Nil when the bundle in force says yes to everything, and for an action that is refused already.
    var ruling: PolicyRuling?
    /// The agent as policy saw it, when people must agree first; the decision is then what their agreement makes of it.
    var needsConsentFor: Agent?

    init(_ decision: ActionDecision, _ ruling: PolicyRuling? = nil) {
        (self.decision, self.ruling) = (decision, ruling)
    }
}

extension VerificationService {
    /// What policy makes of an action that grant and limits allow.
    func govern(
        _ decision: ActionDecision, _ active: ActiveToken?, _ question: ActionQuestion,
        scopes: @autoclosure () -> ScopeSet, isReadOnly: Bool
    ) -> GovernedAction {
        guard decision.isAllowed, let active, let holder = active.claims.chain.last?.agent else {
            return GovernedAction(decision)
        }
        let (version, shadow, agent, ownerGroups) = state.read { tables in
            let agent = tables.agents[holder]
            let owner = agent.flatMap { tables.owners[$0.spec.owner] }
            return (tables.policy, tables.shadowPolicy, agent, owner?.groups ?? [])
        }
        if version.bundle.allowsEverything, shadow == nil { return GovernedAction(decision) }
        guard let agent else { return GovernedAction(.inactive) }
        guard let context = try? PolicyContext(question.properties) else {
            // Where the shadow alone would have read it, nothing is refused.
            return GovernedAction(version.bundle.allowsEverything ? decision : .deny(.contextMalformed))
        }
        let now = clock.now()
        let chain = active.claims.chain
        let needed = scopes().scopes.map(\.text)
        var usual: BehaviourFacts?
        if version.bundle.readsBehaviour || shadow?.bundle.readsBehaviour ?? false {
            let request = BehaviourRequest(
                phase: .action, scopes: needed, resource: active.resource.spec.identifier.text,
                partner: chain.dropLast().last?.agent.text)
            usual = behaviour.facts(of: request, by: holder, at: now)
        }
        let facts = PolicyFacts(
            phase: .action, agent: agent.facts(ownerGroups: ownerGroups), resource: active.resource.id.text,
            scopes: needed,
            action: question.action, thingType: question.type, thingID: question.identifier,
            depth: Int64(chain.count - 1), chain: chain.map(\.agent.text), task: active.claims.task, context: context,
            now: now, behaviour: usual)
        let ruling = PolicyRuling.make(facts, by: version, shadow: shadow)
        let outcome = ruling.decision.outcome
        guard ruling.allows || outcome == .requireApproval else {
            return GovernedAction(.deny(.policy(outcome)), ruling)
        }
        let limits = ruling.decision.limits
        switch LimitPolicy.judge(limits, isReadOnly: isReadOnly, properties: question.properties, at: now) {
        case .denied(let denial): return GovernedAction(.deny(denial), ruling)
        case .within(let amounts):
            var governed = GovernedAction(amounts.denial(under: limits) ?? decision, ruling)
            // Nobody is asked about what would be refused all the same.
            if governed.decision.isAllowed, !ruling.allows, !isAgreed(ruling, by: active.claims) {
                governed.needsConsentFor = agent
            }
            return governed
        }
    }
}

extension VerificationService {
    /// Whether people have agreed to what an action needs, when they agreed to the token: under this bundle, under all
    /// of these terms, and to a case that is no milder.
    private func isAgreed(_ ruling: PolicyRuling, by claims: TokenClaims) -> Bool {
        guard ruling.decision.outcome == .requireApproval, claims.bundle.utf8.elementsEqual(ruling.digest.utf8),
            ruling.facts.context.isWithin(claims.context),
            let id = claims.approval.flatMap({ ApprovalID($0) }),
            let request = state.read({ $0.approvals[id] }), request.state == .used
        else { return false }
        guard Self.isSame(request.subject.context, stated: ruling.facts.context.properties) else { return false }
        return !ruling.decision.approvals.isEmpty && Set(ruling.decision.approvals).isSubset(of: request.terms)
    }

    /// Whether the tool states each member that people saw and that policy does not know by name, and as they saw it.
    ///
    /// An account that people saw is not another one at the tool, and not one that the tool keeps to itself. What the
    /// tool alone states people had no part in; policy has looked at it.
    private static func isSame(_ seen: JSONObject, stated: JSONObject) -> Bool {
        seen.members.allSatisfy { member in
            guard !PolicyContext.knownMembers.contains(member.name) else { return true }
            guard let other = stated[member.name] else { return false }
            return JSONWriter.bytes(of: member.value) == JSONWriter.bytes(of: other.sorted)
        }
    }
}

extension Amounts {
    /// The refusal of one action that by itself goes past limits which no budget counts; nil when it fits.
    fileprivate func denial(under limits: Limits) -> ActionDecision? {
        if let cost, let limit = limits.maximumCost, cost.currency != limit.currency || cost.amount > limit.amount {
            return .deny(.exceeds(Limits.Member.cost.rawValue))
        }
        if let records, let limit = limits.maximumRecords, records > limit {
            return .deny(.exceeds(Limits.Member.records.rawValue))
        }
        return nil
    }
}
