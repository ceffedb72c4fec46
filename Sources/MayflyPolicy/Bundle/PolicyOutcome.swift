/// What a policy comes to, in the order of strictness: of several, the last in this order wins.
package enum PolicyOutcome: Int, CaseIterable, Comparable, Sendable {
    case allow
    /// Allowed within limits that become part of the grant.
    case allowWithConstraints
    /// Allowed once enough people have agreed to exactly this request.
    case requireApproval
    /// Refused as it stands; a narrower request is named that would not be.
    case remediate
    case deny

    /// The word on the wire, in bundles and in the ledger.
    package var name: String {
        switch self {
        case .allow: "allow"
        case .allowWithConstraints: "allow_with_constraints"
        case .requireApproval: "require_approval"
        case .remediate: "remediate"
        case .deny: "deny"
        }
    }

    package init?(_ name: String) {
        guard let outcome = Self.allCases.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
        self = outcome
    }

    /// Whether a rule of this kind lets something through; such a rule counts only when its condition holds, the other
    /// kinds also when the condition cannot be evaluated.
    package var isPermit: Bool { self <= .allowWithConstraints }

    package static func < (left: PolicyOutcome, right: PolicyOutcome) -> Bool { left.rawValue < right.rawValue }
}

/// When a policy is asked.
package enum PolicyPhase: String, CaseIterable, Sendable {
    /// Before a token or ticket is made.
    case mint
    /// When a tool asks about an action.
    case action
}
