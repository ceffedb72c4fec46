import MayflyModel

extension PolicyBundle {
    /// Decides one request: each scope by itself, then the strictest of what came out, then what the tier demands.
    ///
    /// No rule that matches means deny. A rule that permits counts when its condition is true; one that restricts
    /// counts also when its condition cannot be evaluated. So an error never grants anything.
    package func decide(_ facts: PolicyFacts) -> PolicyDecision {
        let tier = tiers?.tier(of: facts.context) ?? .autonomous
        var activation = facts.activation(tier: tier)
        var decision: PolicyDecision?
        for scope in facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some) {
            if scope != nil { facts.judge(scope: scope, in: &activation) }
            let next = judge(facts, scope: scope, tier: tier, activation)
            decision = decision.map { Self.stricter($0, next) } ?? next
        }
        // `scopes` or the one nil above: there is always a decision; without one nothing would be allowed.
        return graded(decision ?? Self.denied(tier: tier), tier)
    }

    private static func denied(tier: RiskTier) -> PolicyDecision {
        PolicyDecision(
            outcome: .deny, rule: PolicyDecision.defaultRule, reason: "no rule allows it", tier: tier, limits: Limits())
    }

    /// What the rules say of one scope.
    private func judge(
        _ facts: PolicyFacts, scope: String?, tier: RiskTier, _ activation: CELActivation
    ) -> PolicyDecision {
        var matching: [Int] = []
        index.forEachCandidate(facts, scope: scope) { place in
            let rule = rules[place]
            guard rule.match.holds(for: facts, scope: scope, tier: tier, isPermit: rule.outcome.isPermit),
                rule.conditionCounts(activation)
            else { return }
            matching.append(place)
        }
        // By place, which is by name: the same rule is named whatever the order of the file.
        matching.sort()
        // A rule that stands under several roles of the agent came once for each.
        var last: Int?
        matching.removeAll { place in
            defer { last = place }
            return place == last
        }
        guard let strictest = matching.map({ rules[$0].outcome }).max() else { return Self.denied(tier: tier) }
        var decision = Self.denied(tier: tier)
        let deciding = matching.map { rules[$0] }.filter { $0.outcome == strictest }
        if let first = deciding.first { (decision.rule, decision.reason) = (first.id, first.rationale) }
        decision.outcome = strictest
        decision.restsOnBehaviour = deciding.allSatisfy(\.readsBehaviour)
        decision.remedy = deciding.first?.remedy
        decision.approvals = strictest == .requireApproval ? deciding.map { $0.approval ?? ApprovalTerms() } : []
        // Limits hold whatever else was decided: an approved request stays within them too.
        for limits in matching.compactMap({ rules[$0].limits }) {
            guard let met = decision.limits.meet(limits) else {
                decision.outcome = .deny
                decision.reason = "the constraints of the matching rules exclude each other"
                return decision
            }
            decision.limits = met
        }
        return decision
    }

    private static func stricter(_ left: PolicyDecision, _ right: PolicyDecision) -> PolicyDecision {
        // Of two that are equally strict the one whose rule comes first by name, so that the order of scopes is
        // nothing.
        let rightWins = (right.outcome, left.rule) > (left.outcome, right.rule)
        var decision = rightWins ? right : left
        let other = rightWins ? left : right
        if left.outcome == right.outcome {
            decision.restsOnBehaviour = left.restsOnBehaviour && right.restsOnBehaviour
        }
        decision.approvals = decision.outcome == .requireApproval ? unique(left.approvals + right.approvals) : []
        guard let limits = decision.limits.meet(other.limits) else {
            decision.outcome = .deny
            decision.reason = "the constraints of the matching rules exclude each other"
            return decision
        }
        decision.limits = limits
        return decision
    }

    private static func unique(_ terms: [ApprovalTerms]) -> [ApprovalTerms] {
        terms.reduce(into: []) { unique, next in if !unique.contains(next) { unique.append(next) } }
    }

    /// Adds what the tier demands.
    private func graded(_ decision: PolicyDecision, _ tier: RiskTier) -> PolicyDecision {
        var decision = decision
        decision.approvals.sort { $0.order.lexicographicallyPrecedes($1.order) }
        guard let tiers else { return decision }
        if tier.outcome > decision.outcome {
            decision.outcome = tier.outcome
            decision.rule = "tier.\(tier.rawValue)"
            decision.restsOnBehaviour = false
            decision.reason = tier == .halt ? "too much may go wrong; the tier is 4" : "the tier is 3: people decide"
            decision.remedy = nil
        }
        if tier == .approval, decision.outcome == .requireApproval {
            decision.approvals = Self.unique(decision.approvals + [tiers.approval])
        }
        if decision.outcome <= .allowWithConstraints, tier == .supervised { decision.window = tiers.window }
        decision.suspendsAgent = tier == .halt && tiers.suspendsOnHalt
        return decision
    }
}

extension PolicyRule {
    /// Whether the rule counts as far as its condition goes.
    func conditionCounts(_ activation: CELActivation) -> Bool {
        guard let condition else { return true }
        var budget = CELBudget()
        switch condition.evaluate(activation, budget: &budget) {
        case .success(.bool(let holds)): return holds
        case .success, .failure: return !outcome.isPermit
        }
    }
}

extension ApprovalTerms {
    /// For an order that depends on nothing but the terms.
    fileprivate var order: [UInt8] {
        Array("\(quorum) \(groups.joined(separator: ",")) \(needsFourEyes) \(window)".utf8)
    }
}
