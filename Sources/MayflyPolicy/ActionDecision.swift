package import MayflyModel

/// The answer to an action question, with the rule that gave it.
package enum ActionDecision: Equatable, Sendable {
    package enum Denial: Equatable, Sendable {
        /// The token is bound to a key, and nothing proves that whoever sent it has that key.
        case proofRequired
        /// The proof that came with the token does not hold; the name says what of it.
        case proofInvalid(String)
        /// The token is bound to a client certificate, and the request did not come with it.
        case certificateRequired
        /// The request came with another certificate than the one that the token is bound to.
        case certificateMismatch
        /// No route of the resource matches the request.
        case noRoute
        /// The action is neither declared, nor a scope, nor covered by a detail type.
        case unknownAction
        case scopeMissing(Scope)
        /// No detail of the token has the type.
        case typeNotGranted
        /// The question does not state a member that the grant limits.
        case memberMissing(String)
        /// What is asked goes past what was granted; the member is nil when no single one is to blame.
        case exceeds(String?)
        /// The token's hours of use do not cover this moment.
        case outsideHours
        /// What the tool states of the case is not of a form that policy can read.
        case contextMalformed
        /// Policy says no, wants people to agree, or names something narrower that it would allow.
        case policy(PolicyOutcome)
        /// The policy changed while the action was decided.
        case policyChanged
        /// More is under supervision already than can be kept.
        case supervisionFull
        /// Too little is left for the whole delegation tree.
        case budgetExhausted(Limits.Member)
        /// As many were allowed as the quota of this rule lets through; after so many seconds there may be room.
        case quotaExhausted(rule: String, seconds: Int64)
    }

    case allow(rule: String, notAfter: Int64)
    case deny(Denial)
    /// The token is not one that this caller may rely on; nothing more is said.
    case inactive

    package var isAllowed: Bool {
        if case .allow = self { true } else { false }
    }

    /// A stable code for the ledger and for the caller.
    package var rule: String {
        switch self {
        case .allow(let rule, _): rule
        case .inactive: "token_inactive"
        case .deny(.proofRequired): "proof_required"
        case .deny(.proofInvalid): "proof_invalid"
        case .deny(.certificateRequired): "certificate_required"
        case .deny(.certificateMismatch): "certificate_mismatch"
        case .deny(.noRoute): "no_route"
        case .deny(.unknownAction): "unknown_action"
        case .deny(.scopeMissing): "scope_missing"
        case .deny(.typeNotGranted): "type_not_granted"
        case .deny(.memberMissing): "member_missing"
        case .deny(.exceeds): "exceeds_grant"
        case .deny(.outsideHours): "outside_hours"
        case .deny(.budgetExhausted): "budget_exhausted"
        case .deny(.quotaExhausted): "quota_exhausted"
        case .deny(.contextMalformed): "context_malformed"
        case .deny(.policy(.requireApproval)): "approval_required"
        case .deny(.policy(.remediate)): "policy_remediation"
        case .deny(.policy): "policy_denied"
        case .deny(.policyChanged): "policy_changed"
        case .deny(.supervisionFull): "supervision_full"
        }
    }

    /// The scope, member or quota that the refusal is about; they come from the registry or the policy, or are a
    /// limit's.
    package var detail: String? {
        switch self {
        case .deny(.scopeMissing(let scope)): scope.text
        case .deny(.memberMissing(let member)): member
        case .deny(.exceeds(let member)): member
        case .deny(.proofInvalid(let part)): part
        case .deny(.budgetExhausted(let member)): member.rawValue
        case .deny(.quotaExhausted(let rule, _)): rule
        case .allow, .inactive, .deny(.proofRequired), .deny(.certificateRequired), .deny(.certificateMismatch),
            .deny(.noRoute), .deny(.unknownAction), .deny(.typeNotGranted),
            .deny(.outsideHours),
            .deny(.contextMalformed), .deny(.policy), .deny(.policyChanged), .deny(.supervisionFull):
            nil
        }
    }

    /// Seconds after which to ask again; nil when waiting does not help.
    package var retryAfter: Int64? {
        if case .deny(.quotaExhausted(_, let seconds)) = self { seconds } else { nil }
    }
}
