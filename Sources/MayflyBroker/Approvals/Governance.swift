package import MayflyModel
package import MayflyPolicy

/// What the broker asks of a policy before it makes a token.
///
/// Asked on the caller's thread and, for `bundle`, again in the writer's order: it must be quick, and must depend on
/// nothing but its arguments and what it was made with.
package protocol Governance: Sendable {
    /// The digest text of the policy in force; what people approved under another one is asked anew.
    func bundle(in tables: borrowing Tables) -> String

    /// The terms under which people must agree to exactly `subject`, every one of them; none when nobody is to be
    /// asked. Throws what the policy refuses.
    ///
    /// `agent` is the one that asks, as it is registered.
    func approvals(
        for subject: ApprovalSubject, of agent: Agent, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms]
}

/// A broker whose registry is its only policy: what lies within a ceiling is granted, and nobody is asked.
package struct RegistryGovernance: Governance {
    package init() {}

    package func bundle(in tables: borrowing Tables) -> String { TokenClaims.registryBundle }

    package func approvals(
        for subject: ApprovalSubject, of agent: Agent, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms] { [] }
}
