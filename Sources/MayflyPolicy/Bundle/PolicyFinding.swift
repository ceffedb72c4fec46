import MayflyModel

/// Something that is wrong with a bundle although it can be read.
package struct PolicyFinding: Equatable, Sendable {
    package enum Severity: String, Sendable {
        /// The bundle is not taken.
        case error
        case warning
    }

    package let severity: Severity
    /// Where in the document: a rule by its name, or an example by its place.
    package let place: String
    package let text: String
}

extension PolicyBundle {
    /// What a person should know before the bundle is applied: examples that come out otherwise than stated, rules that
    /// can never decide, and rules about the same that say different things.
    package func findings() -> [PolicyFinding] {
        errors() + empty() + hopeless() + unreachable() + conflicts() + idleQuotas()
    }

    /// The findings for which the bundle is not taken.
    package func errors() -> [PolicyFinding] { reservedNames() + failedExamples() }

    /// In the ledger and in answers a rule of that name could not be told from a quota.
    private func reservedNames() -> [PolicyFinding] {
        rules.filter { $0.id.utf8.starts(with: PolicyQuota.rulePrefix.utf8) }.map { rule in
            PolicyFinding(
                severity: .error, place: "rule \(rule.id)",
                text: "has a name that begins with \(PolicyQuota.rulePrefix), which names quotas; choose another")
        }
    }

    /// A token is asked for by scopes and never by an action.
    private func idleQuotas() -> [PolicyFinding] {
        quotas.filter { $0.phase == .mint && $0.match.names[.actions] != nil }.map { quota in
            PolicyFinding(
                severity: .warning, place: "quota \(quota.id)",
                text: "counts nothing: it is on mint, and names actions")
        }
    }

    private func failedExamples() -> [PolicyFinding] {
        examples.compactMap { example in
            let decision = decide(example.facts)
            let fits =
                decision.outcome == example.outcome && example.rule.map { $0 == decision.rule } ?? true
                && example.tier.map { $0 == decision.tier } ?? true
            guard !fits else { return nil }
            let wanted = Self.text(example.outcome, example.rule, example.tier)
            let found = Self.text(decision.outcome, decision.rule, example.tier == nil ? nil : decision.tier)
            let next =
                example.rule.map(isDecider) ?? true
                ? "correct the example or the rules" : "the bundle has no rule of that name: correct the example"
            return PolicyFinding(
                severity: .error, place: "\(example.path)",
                text: "comes out as \(found), and is expected to be \(wanted); \(next)")
        }
    }

    /// Whether something of that name can decide: a rule, a tier, or the default.
    private func isDecider(_ name: String) -> Bool {
        name == "default" || name.hasPrefix("tier.") || rules.contains { $0.id == name }
    }

    private static func text(_ outcome: PolicyOutcome, _ rule: String?, _ tier: RiskTier?) -> String {
        outcome.name + (rule.map { " by \($0)" } ?? "") + (tier.map { " in tier \($0.rawValue)" } ?? "")
    }

    private func empty() -> [PolicyFinding] {
        guard rules.isEmpty, !allowsEverything else { return [] }
        return [
            PolicyFinding(
                severity: .warning, place: "rules",
                text: "hold none: every request is refused; add one that allows something")
        ]
    }

    /// Rules that nothing can be about, or whose condition is false whatever the facts are.
    private func hopeless() -> [PolicyFinding] {
        rules.compactMap { rule in
            let text: String
            if let least = rule.match.minimumDepth, let most = rule.match.maximumDepth, least > most {
                text = "can never decide: its min_depth is larger than its max_depth"
            } else if rule.condition?.isAlwaysFalse ?? false {
                text = "can never decide: its condition is false whatever the request is"
            } else {
                return nil
            }
            return PolicyFinding(severity: .warning, place: "rule \(rule.id)", text: text)
        }
    }

    private func unreachable() -> [PolicyFinding] {
        rules.compactMap { rule in
            guard
                let other = rules.first(where: { other in
                    other.outcome > rule.outcome && other.condition == nil && other.coversPhases(of: rule)
                        && other.match.covers(
                            rule.match, bothPermit: other.outcome.isPermit && rule.outcome.isPermit)
                })
            else { return nil }
            // Constraints hold beside a stricter outcome, unless that is a refusal.
            if rule.limits != nil, other.outcome < .remediate { return nil }
            return PolicyFinding(
                severity: .warning, place: "rule \(rule.id)",
                text:
                    "can never decide: \(other.id) is stricter, has no condition, and is about all that this is about; "
                    + "take this out, or make the other narrower"
            )
        }
    }

    /// The first conflict of each rule: of many rules about the same, all pairs would be more than anyone reads.
    private func conflicts() -> [PolicyFinding] {
        rules.enumerated().compactMap { place, rule in
            guard rule.condition == nil,
                let other = rules[(place + 1)...].first(where: { other in
                    other.condition == nil && other.outcome != rule.outcome && rule.match == other.match
                        && rule.coversPhases(of: other) && other.coversPhases(of: rule)
                })
            else { return nil }
            let winner = rule.outcome > other.outcome ? rule : other
            return PolicyFinding(
                severity: .warning, place: "rule \(rule.id)",
                text: "is about the same as \(other.id) and says something else; \(winner.id) decides, so take one out")
        }
    }
}

extension PolicyRule {
    fileprivate func coversPhases(of other: PolicyRule) -> Bool { other.phases.allSatisfy(phases.contains) }
}
