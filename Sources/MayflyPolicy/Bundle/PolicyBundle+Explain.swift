import MayflyModel

/// How one rule took part in a decision.
package struct RuleTrace: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        /// It is about something else.
        case otherMatter
        /// Its condition is false.
        case conditionFalse
        /// Its condition has no value; it counts if it restricts, and not if it permits.
        case conditionFailed(CELEvaluationError, counts: Bool)
        case counts
    }

    package let rule: String
    package let outcome: PolicyOutcome
    /// The scope that was judged; nil for a request without any.
    package let scope: String?
    package let part: Part
}

extension PolicyBundle {
    /// The decision again, with the part that each rule had in it: all rules in the order of their names, for each
    /// scope.
    package func explain(_ facts: PolicyFacts) -> (decision: PolicyDecision, traces: [RuleTrace]) {
        let decision = decide(facts)
        var activation = facts.activation(tier: decision.tier)
        var traces: [RuleTrace] = []
        for scope in facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some) {
            facts.judge(scope: scope, in: &activation)
            for rule in rules {
                traces.append(
                    RuleTrace(
                        rule: rule.id, outcome: rule.outcome, scope: scope,
                        part: rule.part(in: facts, scope: scope, tier: decision.tier, activation)))
            }
        }
        return (decision, traces)
    }
}

extension PolicyRule {
    fileprivate func part(
        in facts: PolicyFacts, scope: String?, tier: RiskTier, _ activation: CELActivation
    ) -> RuleTrace.Part {
        guard phases.contains(facts.phase),
            match.holds(for: facts, scope: scope, tier: tier, isPermit: outcome.isPermit)
        else { return .otherMatter }
        guard let condition else { return .counts }
        var budget = CELBudget()
        switch condition.evaluate(activation, budget: &budget) {
        case .success(.bool(true)): return .counts
        case .success: return .conditionFalse
        case .failure(let error): return .conditionFailed(error, counts: !outcome.isPermit)
        }
    }
}
