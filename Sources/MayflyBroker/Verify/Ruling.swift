package import MayflyModel
package import MayflyPolicy

/// A decision as it was written down, with what it left of the token's budgets.
package struct Ruling: Equatable, Sendable {
    package let decision: ActionDecision
    /// What `settle` takes; nil when nothing was spent, or when it is spent for good.
    package var reservation: String?
    /// What the tree may still spend; nil when nothing is used up.
    package var remaining: Amounts?

    /// What can be taken back, in tier 2; nil in every other.
    package var supervision: Supervision?

    /// What policy said; nil when the bundle in force says yes to everything, or was not asked.
    package var policy: PolicyRuling?

    /// Where people stand on the action; nil when nobody was asked.
    package var accessRequest: AccessRequest?

    init(_ decision: ActionDecision) {
        self.decision = decision
    }
}
