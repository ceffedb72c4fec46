package import MayflyModel
package import MayflyPolicy

/// What approvals ask of the policy.
///
/// Asked on the caller's thread and, for `bundle`, again in the writer's order: it must be quick, and must depend on
/// nothing but its arguments and what it was made with.
package protocol Governance: Sendable {
    /// The digest text of the policy in force; what people approved under another one is asked anew.
    func bundle(in tables: borrowing Tables) -> String

    /// Whether people may have to be asked at all about a request that the bundle in force ruled so.
    func mayAsk(_ ruling: PolicyRuling?) -> Bool

    /// The terms under which people must agree to exactly `subject`, every one of them; none when nobody is to be
    /// asked. Throws what the policy refuses.
    ///
    /// `ruling` is what the bundle in force said of the request; nil when it says yes to everything.
    func approvals(
        for subject: ApprovalSubject, of agent: Agent, ruling: PolicyRuling?, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms]
}

/// The bundle in force, and what it said.
package struct PolicyGovernance: Governance {
    package init() {}

    package func bundle(in tables: borrowing Tables) -> String { tables.policy.digest }

    package func mayAsk(_ ruling: PolicyRuling?) -> Bool { ruling?.decision.outcome == .requireApproval }

    package func approvals(
        for subject: ApprovalSubject, of agent: Agent, ruling: PolicyRuling?, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms] {
        guard let decision = ruling?.decision, decision.outcome == .requireApproval else { return [] }
        // A decision that wants people and does not say whom takes any of them, never none.
        return decision.approvals.isEmpty ? [ApprovalTerms()] : decision.approvals
    }
}
