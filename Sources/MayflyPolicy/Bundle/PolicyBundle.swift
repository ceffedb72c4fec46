package import MayflyModel

/// One version of the policy: rules, how risk is graded, and examples that say what must come out.
///
/// Immutable and checked when it is made. What it decides depends on the facts alone: not on the order of its rules, on
/// a clock, or on anything outside.
package final class PolicyBundle: Sendable {
    package static let maximumRules = 2000
    package static let maximumExamples = 1000
    package static let maximumQuotas = 1000

    package let name: String
    package let summary: String?
    package let tiers: TierScale?
    /// In the order of their names.
    package let rules: [PolicyRule]
    package let examples: [PolicyExample]
    /// In the order of their names.
    package let quotas: [PolicyQuota]
    let index: RuleIndex
    /// Whether some condition asks how usual a request is; for other bundles nobody need find out.
    package let readsBehaviour: Bool
    let quotaIndex: RuleIndex
    /// Whether the bundle says yes to everything, so that nobody needs to ask it.
    package let allowsEverything: Bool

    /// Reads a bundle; unknown members, unknown names and conditions that do not compile are errors with their place.
    package init(_ document: FieldReader) throws(FieldError) {
        var fields = document
        name = try fields.string("policy", maximum: PolicyRule.maximumIDLength)
        guard ResourceName(name) != nil else {
            throw fields.failure("policy", .invalid(rule: "a bundle's name is 1 to 63 of a-z 0-9 . _ -"))
        }
        summary = try fields.optionalString("description", maximum: 1024)
        if var reader = try fields.object("tiers") {
            tiers = try TierScale(&reader)
            try reader.finish()
        } else {
            tiers = nil
        }
        var rules: [PolicyRule] = []
        var seen: Set<String> = []
        for (value, path) in try fields.values("rules", maximumCount: Self.maximumRules) ?? [] {
            var reader = try FieldReader(value, path: path)
            let rule = try PolicyRule(&reader)
            guard seen.insert(rule.id).inserted else {
                throw FieldError(path: path.member("id"), problem: .duplicate)
            }
            rules.append(rule)
        }
        self.rules = rules.sorted { $0.id < $1.id }
        var examples: [PolicyExample] = []
        for (value, path) in try fields.values("examples", maximumCount: Self.maximumExamples) ?? [] {
            var reader = try FieldReader(value, path: path)
            examples.append(try PolicyExample(&reader))
        }
        self.examples = examples
        quotas = try Self.quotas(&fields)
        try fields.finish()
        index = RuleIndex(self.rules)
        readsBehaviour = self.rules.contains(where: \.readsBehaviour)
        quotaIndex = RuleIndex(quotas)
        allowsEverything = Self.allowsEverything(self.rules, tiers, quotas)
    }

    /// A bundle of our own making.
    init(name: String, rules: [PolicyRule]) {
        self.name = name
        summary = nil
        tiers = nil
        self.rules = rules
        examples = []
        quotas = []
        index = RuleIndex(rules)
        readsBehaviour = false
        quotaIndex = RuleIndex(quotas)
        allowsEverything = Self.allowsEverything(rules, nil, [])
    }

    private static func allowsEverything(
        _ rules: [PolicyRule], _ tiers: TierScale?, _ quotas: [PolicyQuota]
    ) -> Bool {
        guard tiers == nil, quotas.isEmpty, rules.count == 1, let rule = rules.first else { return false }
        return rule.outcome == .allow && rule.condition == nil && rule.match == RuleMatch()
            && rule.phases == PolicyPhase.allCases
    }

    private static func quotas(_ fields: inout FieldReader) throws(FieldError) -> [PolicyQuota] {
        var quotas: [PolicyQuota] = []
        var seen: Set<String> = []
        for (value, path) in try fields.values("quotas", maximumCount: maximumQuotas) ?? [] {
            var reader = try FieldReader(value, path: path)
            let quota = try PolicyQuota(&reader)
            guard seen.insert(quota.id).inserted else {
                throw FieldError(path: path.member("id"), problem: .duplicate)
            }
            quotas.append(quota)
        }
        return quotas.sorted { $0.id < $1.id }
    }
}
