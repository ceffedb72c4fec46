package import MayflyModel

/// One sentence of a bundle: about whom and what, under which condition, what follows, and why.
package struct PolicyRule: MatchIndexed, Sendable {
    /// Bytes of a rule's name.
    package static let maximumIDLength = 64
    /// Bytes of a rationale.
    package static let maximumRationale = 512

    package let id: String
    package let phases: [PolicyPhase]
    package let match: RuleMatch
    /// The condition, or nil for one that always holds.
    package let condition: CELExpression?
    /// Whether the condition asks how usual a request is for its agent.
    let readsBehaviour: Bool
    package let outcome: PolicyOutcome
    /// What `allow_with_constraints` puts on the grant.
    package let limits: Limits?
    package let approval: ApprovalTerms?
    package let remedy: Remedy?
    /// Why the rule is there; every rule must say.
    package let rationale: String

    init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.string("id", maximum: Self.maximumIDLength)
        guard ResourceName(id) != nil else {
            throw fields.failure("id", .invalid(rule: "a rule's name is 1 to 63 of a-z 0-9 . _ -"))
        }
        phases = try Self.phases(&fields)
        if var reader = try fields.object("match") {
            match = try RuleMatch(&reader)
        } else {
            match = RuleMatch()
        }
        condition = try Self.condition(&fields)
        readsBehaviour =
            condition?.references.contains { $0.variable.utf8.elementsEqual(PolicyFacts.behaviourName.utf8) } ?? false
        let name = try fields.string("decision", maximum: 32)
        guard let outcome = PolicyOutcome(name) else {
            let accepted = PolicyOutcome.allCases.map(\.name).joined(separator: ", ")
            throw fields.failure("decision", .invalid(rule: "must be one of: \(accepted)"))
        }
        self.outcome = outcome
        limits = try fields.limits("constraints")
        approval = try ApprovalTerms.take("approval", from: &fields)
        remedy = try Remedy.take("remedy", from: &fields)
        rationale = try fields.string("rationale", maximum: Self.maximumRationale)
        try fields.finish()
        try Self.check(limits != nil, "constraints", goesWith: .allowWithConstraints, outcome, fields)
        try Self.check(remedy != nil, "remedy", goesWith: .remediate, outcome, fields)
        guard approval == nil || outcome == .requireApproval else {
            throw fields.failure("approval", .invalid(rule: "goes with decision require_approval only"))
        }
    }

    private static func check(
        _ isThere: Bool, _ name: String, goesWith expected: PolicyOutcome, _ outcome: PolicyOutcome,
        _ fields: FieldReader
    ) throws(FieldError) {
        guard isThere != (outcome == expected) else { return }
        throw fields.failure(
            name,
            isThere ? .invalid(rule: "goes with decision \(expected.name) only") : .missing)
    }

    private static func phases(_ fields: inout FieldReader) throws(FieldError) -> [PolicyPhase] {
        guard let names = try fields.strings("on", maximumCount: PolicyPhase.allCases.count, maximumLength: 16) else {
            return PolicyPhase.allCases
        }
        let phases = names.compactMap(PolicyPhase.init(rawValue:))
        guard phases.count == names.count, !phases.isEmpty else {
            throw fields.failure("on", .invalid(rule: "names mint, action or both; leave it out for both"))
        }
        return phases
    }

    private static func condition(_ fields: inout FieldReader) throws(FieldError) -> CELExpression? {
        guard let value = fields.take("when") else { return nil }
        guard case .string(let source) = value else {
            throw fields.failure("when", .wrongType(expected: "a condition in quotes"))
        }
        do {
            return try CELExpression.compile(source, in: PolicyFacts.environment, expecting: .bool)
        } catch {
            throw fields.failure("when", .invalid(rule: Self.describe(error)))
        }
    }

    /// Where in the condition, which a file may spread over several lines of its own, and what could stand there.
    private static func describe(_ error: CELError) -> String {
        let place = "at line \(error.position.line), column \(error.position.column) of the condition"
        switch error.problem {
        case .unknownVariable:
            let names = PolicyFacts.environment.variables.map(\.name).joined(separator: ", ")
            return "\(place): \(error.problem); there are: \(names)"
        case .wrongResult(expected: .bool, _):
            return "\(place): \(error.problem); compare it with something"
        default: return "\(place): \(error.problem)"
        }
    }
}
