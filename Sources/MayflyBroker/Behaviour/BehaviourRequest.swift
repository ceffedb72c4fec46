import MayflyModel
import MayflyPolicy

/// One request of an agent, as far as its behaviour goes.
struct BehaviourRequest: Equatable, Sendable {
    var phase: PolicyPhase
    var scopes: [String] = []
    /// The resource's identifier.
    var resource: String?
    /// To whom rights were handed, or from whom they came.
    var partner: String?
    /// Whether it got what it asked for, and so says something of what is usual.
    var isAllowed = true
    /// Whether it counts as a refusal.
    var isRefused = false
}

extension BehaviourRequest {
    /// What an entry of the ledger says of an agent's behaviour; nil when it says nothing of any.
    ///
    /// Only what an agent did with a key or a token of its own counts: failures to prove a name or to hold a token's
    /// key, and replays of what it sent, can be anybody's, and faults of the broker are nobody's. A refusal that rests
    /// on the behaviour itself is a request and no refusal, or else one would be the reason for the next.
    static func observed(in event: LedgerEvent) -> (agent: AgentID, request: BehaviourRequest)? {
        guard let agent = event.agent else { return nil }
        switch event.kind {
        case .tokenIssued, .tokenDelegated:
            var request = BehaviourRequest(phase: .mint, scopes: scopes(event.scope), resource: event.resource)
            request.partner = event.chain.dropLast().last?.agent.text
            return (agent, request)
        case .ticketIssued:
            // No right yet: what counts is to whom it goes.
            return (agent, BehaviourRequest(phase: .mint, partner: event.target))
        case .tokenRefused:
            let rule = event.rule ?? ""
            guard !rule.hasSuffix(".replayed"), !notTheAgents.contains(rule) else { return nil }
            return (agent, refusal(.mint, event))
        case .actionDecided:
            guard event.outcome == .allowed else {
                guard !notTheAgents.contains(event.rule ?? "") else { return nil }
                return (agent, refusal(.action, event))
            }
            return (agent, BehaviourRequest(phase: .action, scopes: scopes(event.scope), resource: event.resource))
        case .behaviourDeviated, .brokerStarted, .clientRefused, .requestLimited, .budgetSettled, .revoked,
            .registryChanged, .keyEnrolled, .keyRemoved, .signingKeyRotated, .signingKeyCompromised, .clockAccepted,
            .ledgerArchived,
            .storeResumed, .policyChanged, .approvalRaised, .approvalVoted, .approvalApproved, .approvalDenied,
            .approvalExpired, .approvalReopened, .approvalSuperseded, .approvalUsed, .supervisionOpened,
            .supervisionReversed, .noticeFailed, .noticeTested, .agentReviewed, .agentReviewDue, .agentReviewOverdue,
            .agentEnding, .agentEnded, .compositionProposed, .compositionApproved, .compositionDenied,
            .compositionWithdrawn, .compositionLapsed:
            return nil
        }
    }

    /// Rules of refusals that say nothing of the agent: who refused could not go on, something changed while it was
    /// asked, a client is to fetch a nonce first, whoever has the token did not prove to have its key, or what asked
    /// was another program.
    private static let notTheAgents: Set<String> = [
        MintCommand.supervisionFullRule, MintCommand.withdrawnRule, RaiseApprovalCommand.policyChangedRule,
        OAuthError.Code.temporarilyUnavailable.rawValue, OAuthError.Code.useDPoPNonce.rawValue,
        ActionDecision.inactive.rule, ActionDecision.deny(.proofRequired).rule,
        ActionDecision.deny(.proofInvalid("")).rule, ActionDecision.deny(.certificateRequired).rule,
        ActionDecision.deny(.certificateMismatch).rule, ActionDecision.deny(.policyChanged).rule,
        ActionDecision.deny(.supervisionFull).rule, CompositionFault.missing.rule, CompositionFault.changed.rule,
        CompositionFault.unattested.rule,
    ]

    private static func refusal(_ phase: PolicyPhase, _ event: LedgerEvent) -> BehaviourRequest {
        let restsOnBehaviour = event.policy.map { !$0.allows && $0.decision.restsOnBehaviour } ?? false
        return BehaviourRequest(phase: phase, isAllowed: false, isRefused: !restsOnBehaviour)
    }

    private static func scopes(_ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        // Most requests have one, which then is not copied.
        guard text.utf8.contains(UInt8(ascii: " ")) else { return [text] }
        return text.split(separator: " ").map(String.init)
    }
}
