package import MayflyModel

/// What a bundle says of one request.
package struct PolicyDecision: Equatable, Sendable {
    /// The rule that decided when none matched.
    package static let defaultRule = "default"

    package var outcome: PolicyOutcome
    /// The name of the rule that decided, `default` when none matched, or `tier.3` and the like.
    package var rule: String
    package var reason: String
    package var tier: RiskTier
    /// What matching rules put on the grant, all of it; nil when no grant can satisfy them together.
    package var limits: Limits
    /// Every one of them must be satisfied.
    package var approvals: [ApprovalTerms] = []
    package var remedy: Remedy?
    /// Seconds in which the owner can take it back; nil unless the tier is supervised.
    package var window: Int64?
    /// Whether the agent is to be suspended.
    package var suspendsAgent = false
    /// Whether no rule would have decided so that does not ask about the agent's behaviour.
    package var restsOnBehaviour = false
}
