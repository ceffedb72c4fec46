package import MayflyModel
package import MayflyPolicy

/// What policy said of one request: the decision, the version that made it, and the facts it was made on.
///
/// One reference: it goes with the decision through the writer into the ledger and the answer, and most have none.
package final class PolicyRuling: Equatable, Sendable {
    /// What the version in the shadow would have said, when it differs.
    package struct Shadow: Equatable, Sendable {
        package let digest: String
        package let outcome: PolicyOutcome
        package let rule: String
    }

    package let number: Int64
    package let digest: String
    package let decision: PolicyDecision
    package let facts: PolicyFacts
    package let shadow: Shadow?
    /// Quotas of the version in force that count the request if it is allowed.
    package let quotas: [PolicyQuota]

    init(
        number: Int64, digest: String, decision: PolicyDecision, facts: PolicyFacts, shadow: Shadow?,
        quotas: [PolicyQuota]
    ) {
        self.number = number
        self.digest = digest
        self.decision = decision
        self.facts = facts
        self.shadow = shadow
        self.quotas = quotas
    }

    package static func == (left: PolicyRuling, right: PolicyRuling) -> Bool {
        left === right
            || left.number == right.number && left.digest == right.digest && left.decision == right.decision
                && left.facts == right.facts && left.shadow == right.shadow && left.quotas == right.quotas
    }

    /// Asks the version in force, and the one in the shadow.
    static func make(_ facts: PolicyFacts, by version: PolicyVersion, shadow: PolicyVersion?) -> PolicyRuling {
        let decision = version.bundle.decide(facts)
        let other = shadow.map { (digest: $0.digest, decision: $0.bundle.decide(facts)) }
        let differs = other.map { $0.decision.outcome != decision.outcome } ?? false
        return PolicyRuling(
            number: version.id, digest: version.digest, decision: decision, facts: facts,
            shadow: differs
                ? other.map { Shadow(digest: $0.digest, outcome: $0.decision.outcome, rule: $0.decision.rule) } : nil,
            quotas: version.bundle.quotas(for: facts, tier: decision.tier))
    }

    package var allows: Bool { decision.outcome <= .allowWithConstraints }

    /// What a caller is told beside an error or a decision.
    package var json: JSONObject {
        var object: JSONObject = [
            "bundle": .string(digest), "decision": .string(decision.outcome.name), "rule": .string(decision.rule),
            "reason": .string(decision.reason), "tier": .integer(Int64(decision.tier.rawValue)),
        ]
        object["remedy"] = decision.remedy.map { .object($0.json) }
        return object
    }

    /// The refusal that the decision comes to at the token endpoint; nil when the request goes on, to people if need
    /// be.
    func refusal() -> OAuthError? {
        let words: String
        switch decision.outcome {
        case .allow, .allowWithConstraints, .requireApproval: return nil
        case .deny: words = "the policy denies it; the member policy says which rule and why"
        case .remediate: words = "the policy denies it as it stands; policy.remedy says what would pass"
        }
        return OAuthError(.accessDenied, words, members: ["policy": .object(json)], cause: self)
    }
}

extension PolicyFacts {
    /// What the ledger keeps of the facts, so that the decision can be made again by another bundle.
    ///
    /// Agent, resource, scopes, action and chain stand in the entry already.
    package var ledgerJSON: JSONObject {
        var object = context.json
        object["phase"] = .string(phase.rawValue)
        object["depth"] = .integer(depth)
        object["behaviour"] = behaviour.map { .object($0.json) }
        return object
    }
}
