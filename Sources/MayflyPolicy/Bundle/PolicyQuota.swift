import MayflyModel

/// How many matching actions, or tokens, one agent or all agents of one owner may get within any span of one length.
package struct PolicyQuota: Equatable, Sendable {
    /// Who is counted together.
    package enum Subject: String, CaseIterable, Sendable {
        case agent
        case owner
    }

    package static let counts: ClosedRange<Int64> = 1...1_000_000
    /// Seconds: a minute to 30 days.
    package static let windows: ClosedRange<Int64> = 60...2_592_000
    /// What a refusal's rule begins with; the quota's name follows.
    package static let rulePrefix = "quota."

    package let id: String
    package let phase: PolicyPhase
    package let match: RuleMatch
    package let count: Int64
    /// Seconds.
    package let window: Int64
    package let subject: Subject
    /// Why the quota is there; every quota must say.
    package let rationale: String

    init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.string("id", maximum: PolicyRule.maximumIDLength)
        guard ResourceName(id) != nil else {
            throw fields.failure("id", .invalid(rule: "a quota's name is 1 to 63 of a-z 0-9 . _ -"))
        }
        guard let phase = try fields.choice("on", PolicyPhase.self) else { throw fields.failure("on", .missing) }
        self.phase = phase
        if var reader = try fields.object("match") {
            match = try RuleMatch(&reader)
        } else {
            match = RuleMatch()
        }
        count = try fields.integer("count", in: Self.counts)
        guard let window = try fields.duration("window", in: Self.windows) else {
            throw fields.failure("window", .missing)
        }
        self.window = window
        subject = try fields.choice("per", Subject.self) ?? .agent
        rationale = try fields.string("rationale", maximum: PolicyRule.maximumRationale)
        try fields.finish()
    }

    /// What a refusal names as the rule that said no.
    package var rule: String { Self.rulePrefix + id }
}

extension PolicyQuota: MatchIndexed {
    var phases: [PolicyPhase] { [phase] }
}

extension PolicyBundle {
    /// The quotas that count a request of the given tier, each once however many of its scopes they match, in the order
    /// of their names.
    package func quotas(for facts: PolicyFacts, tier: RiskTier) -> [PolicyQuota] {
        guard !quotas.isEmpty else { return [] }
        var places: Set<Int> = []
        for scope in facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some) {
            quotaIndex.forEachCandidate(facts, scope: scope) { place in
                guard !places.contains(place),
                    quotas[place].match.holds(for: facts, scope: scope, tier: tier, isPermit: false)
                else { return }
                places.insert(place)
            }
        }
        return places.sorted().map { quotas[$0] }
    }
}
