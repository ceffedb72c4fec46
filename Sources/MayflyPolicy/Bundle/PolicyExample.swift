package import MayflyModel

/// A request that a bundle states together with what must come out: its own test.
package struct PolicyExample: Sendable {
    package let name: String
    package let facts: PolicyFacts
    package let outcome: PolicyOutcome
    /// The rule that must decide; nil for any.
    package let rule: String?
    package let tier: RiskTier?
    package let path: FieldPath

    init(_ fields: inout FieldReader) throws(FieldError) {
        path = fields.path
        name = try fields.string("name", maximum: 128)
        guard var request = try fields.object("request") else { throw fields.failure("request", .missing) }
        facts = try PolicyFacts(&request)
        guard var expected = try fields.object("expect") else { throw fields.failure("expect", .missing) }
        let decision = try expected.string("decision", maximum: 32)
        guard let outcome = PolicyOutcome(decision) else {
            let accepted = PolicyOutcome.allCases.map(\.name).joined(separator: ", ")
            throw expected.failure("decision", .invalid(rule: "must be one of: \(accepted)"))
        }
        self.outcome = outcome
        rule = try expected.optionalString("rule", maximum: PolicyRule.maximumIDLength)
        tier = try expected.optionalInteger("tier", in: 1...4).flatMap { RiskTier(rawValue: Int(clamping: $0)) }
        try expected.finish()
        try fields.finish()
    }
}

extension PolicyFacts {
    /// Reads a request as examples and simulations state it; what is left out takes the mildest usual value.
    package init(_ fields: inout FieldReader) throws(FieldError) {
        let phase = try fields.choice("phase", PolicyPhase.self) ?? .mint
        guard var agent = try fields.object("agent") else { throw fields.failure("agent", .missing) }
        let facts = AgentFacts(
            id: try agent.string("id", maximum: 128), kind: try agent.optionalString("kind", maximum: 32) ?? "agent",
            risk: try agent.optionalString("risk", maximum: 32) ?? "medium",
            owner: try agent.optionalString("owner", maximum: 128) ?? "owner:nobody",
            ownerGroups: try agent.strings(
                "owner_groups", maximumCount: 64, maximumLength: ApprovalTerms.maximumGroupLength) ?? [],
            roles: try agent.strings("roles", maximumCount: 64, maximumLength: 128) ?? [],
            purpose: try agent.optionalString("purpose", maximum: 1024) ?? "",
            createdAt: try agent.timestamp("created") ?? Timestamp(milliseconds: 0),
            endsAt: try agent.timestamp("ends"))
        try agent.finish()
        let scopes = try fields.strings("scopes", maximumCount: ScopeSet.maximumCount, maximumLength: 128) ?? []
        let context = try fields.policyContext("context")
        var behaviour: BehaviourFacts?
        if var reader = try fields.object("behaviour") { behaviour = try BehaviourFacts(&reader) }
        self.init(
            phase: phase, agent: facts, resource: try fields.string("resource", maximum: 128), scopes: scopes.sorted(),
            action: try fields.optionalString("action", maximum: 128),
            thingType: try fields.optionalString("type", maximum: 128),
            thingID: try fields.optionalString("id"),
            depth: try fields.optionalInteger("depth", in: 0...64) ?? 0,
            chain: try fields.strings("chain", maximumCount: 64, maximumLength: 128) ?? [facts.id],
            task: try fields.optionalString("task", maximum: 128) ?? "", context: context,
            now: try fields.timestamp("now") ?? Timestamp(milliseconds: 0), behaviour: behaviour)
        try fields.finish()
    }
}
