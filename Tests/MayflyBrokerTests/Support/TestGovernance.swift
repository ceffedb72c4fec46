internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Synchronization

/// A policy that asks people about everything with one scope, under terms that a test may change.
final class TestGovernance: Governance {
    struct Rules: Sendable {
        var bundle = "sha256:first"
        var risky = "tickets.write"
        var terms = [ApprovalTerms(groups: ["finance"])]
        /// Whether somebody is to be asked at all.
        var isAsking = true
        var refusal: OAuthError?
    }

    private let rules = Mutex(Rules())

    func set(_ edit: (inout Rules) -> Void) { rules.withLock { edit(&$0) } }

    func bundle(in tables: borrowing Tables) -> String { rules.withLock { $0.bundle } }

    func mayAsk(_ ruling: PolicyRuling?) -> Bool { true }

    func approvals(
        for subject: ApprovalSubject, of agent: Agent, ruling: PolicyRuling?, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms] {
        let rules = rules.withLock { $0 }
        if let refusal = rules.refusal { throw refusal }
        let isRisky = subject.scopes.scopes.contains { $0.text == rules.risky }
        return rules.isAsking && isRisky ? rules.terms : []
    }
}
