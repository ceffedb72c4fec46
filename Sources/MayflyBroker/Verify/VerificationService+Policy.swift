import MayflyModel
import MayflyPolicy

extension VerificationService {
    /// What policy makes of an action that grant and limits allow; the ruling is nil when the bundle in force says yes
    /// to everything, and for an action that is refused already.
    func govern(
        _ decision: ActionDecision, _ active: ActiveToken?, _ question: ActionQuestion,
        scopes: @autoclosure () -> ScopeSet, isReadOnly: Bool
    ) -> (decision: ActionDecision, ruling: PolicyRuling?) {
        guard decision.isAllowed, let active, let holder = active.claims.chain.last?.agent else {
            return (decision, nil)
        }
        let (version, shadow, agent) = state.read { ($0.policy, $0.shadowPolicy, $0.agents[holder]) }
        if version.bundle.allowsEverything, shadow == nil { return (decision, nil) }
        guard let agent else { return (.inactive, nil) }
        guard let context = try? PolicyContext(question.properties) else {
            // Where the shadow alone would have read it, nothing is refused.
            return (version.bundle.allowsEverything ? decision : .deny(.contextMalformed), nil)
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
            phase: .action, agent: agent.facts, resource: active.resource.id.text,
            scopes: needed,
            action: question.action, thingType: question.type, thingID: question.identifier,
            depth: Int64(chain.count - 1), chain: chain.map(\.agent.text), task: active.claims.task, context: context,
            now: now, behaviour: usual)
        let ruling = PolicyRuling.make(facts, by: version, shadow: shadow)
        guard ruling.allows || isAgreed(ruling, by: active.claims) else {
            return (.deny(.policy(ruling.decision.outcome)), ruling)
        }
        let limits = ruling.decision.limits
        switch LimitPolicy.judge(limits, isReadOnly: isReadOnly, properties: question.properties, at: now) {
        case .denied(let denial): return (.deny(denial), ruling)
        case .within(let amounts): return (amounts.denial(under: limits) ?? decision, ruling)
        }
    }
}

extension VerificationService {
    /// Whether people have agreed to what an action needs, when they agreed to the token: under this bundle, under all of
    /// these terms, and to a case that is no milder.
    private func isAgreed(_ ruling: PolicyRuling, by claims: TokenClaims) -> Bool {
        guard ruling.decision.outcome == .requireApproval, claims.bundle.utf8.elementsEqual(ruling.digest.utf8),
            ruling.facts.context.isWithin(claims.context),
            let id = claims.approval.flatMap({ ApprovalID($0) }),
            let request = state.read({ $0.approvals[id] }), request.state == .used
        else { return false }
        guard Self.isSame(request.subject.context, stated: ruling.facts.context.properties) else { return false }
        return !ruling.decision.approvals.isEmpty && Set(ruling.decision.approvals).isSubset(of: request.terms)
    }

    /// Whether members that policy does not know by name, and that both have, are the same.
    ///
    /// An account that people saw is not another one at the tool; what one of them alone has cannot differ.
    private static func isSame(_ seen: JSONObject, stated: JSONObject) -> Bool {
        seen.members.allSatisfy { member in
            guard !PolicyContext.knownMembers.contains(member.name), let other = stated[member.name] else {
                return true
            }
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
