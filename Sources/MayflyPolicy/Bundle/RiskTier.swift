/// How much may go wrong, and what that alone demands.
package enum RiskTier: Int, CaseIterable, Comparable, Sendable {
    case autonomous = 1
    /// Acts at once; the owner is told and can take it back within a window.
    case supervised = 2
    case approval = 3
    /// Refused, whatever the rules say.
    case halt = 4

    package static func < (left: RiskTier, right: RiskTier) -> Bool { left.rawValue < right.rawValue }

    /// What the tier demands at least.
    var outcome: PolicyOutcome {
        switch self {
        case .autonomous, .supervised: .allow
        case .approval: .requireApproval
        case .halt: .deny
        }
    }
}
