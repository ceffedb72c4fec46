/// Bundles that no file holds.
extension PolicyBundle {
    /// What is in force until a bundle is applied: the registry's ceilings are all the policy there is.
    package static let registry = PolicyBundle(
        name: "registry",
        rules: [
            PolicyRule(
                id: "registry", outcome: .allow,
                rationale: "no bundle is applied; what the registry lets an agent ask for is allowed")
        ])

    /// What is in force when the bundle that should be cannot be found: nothing.
    package static let closed = PolicyBundle(name: "closed", rules: [])
}

extension PolicyRule {
    /// A rule about everything, without a condition.
    fileprivate init(id: String, outcome: PolicyOutcome, rationale: String) {
        self.id = id
        phases = PolicyPhase.allCases
        match = RuleMatch()
        condition = nil
        readsBehaviour = false
        self.outcome = outcome
        limits = nil
        approval = nil
        remedy = nil
        self.rationale = rationale
    }
}
