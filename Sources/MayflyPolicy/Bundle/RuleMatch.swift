import MayflyModel

/// What a rule is about: every member that it states must hold, and within one member any element will do.
///
/// `data` differs by the kind of rule, so that neither kind can be stepped around: what permits must name *all* kinds
/// of data of a request, what restricts needs to name only one of them.
package struct RuleMatch: Equatable, Sendable {
    /// Elements of one member.
    package static let maximumElements = 64

    /// A member that lists names, and how to read the name off a request.
    enum Member: String, CaseIterable, Sendable {
        case agents, kinds, roles, risks, owners, resources, scopes, actions
    }

    private(set) var names: [Member: [NamePattern]] = [:]
    private(set) var data: [NamePattern]?
    private(set) var tiers: [RiskTier]?
    private(set) var minimumDepth: Int64?
    private(set) var maximumDepth: Int64?

    init() {}

    init(_ fields: inout FieldReader) throws(FieldError) {
        for member in Member.allCases {
            if let patterns = try Self.patterns(member.rawValue, in: &fields) { names[member] = patterns }
        }
        data = try Self.patterns("data", in: &fields)
        minimumDepth = try fields.optionalInteger("min_depth", in: 0...RuleMatch.deepest)
        maximumDepth = try fields.optionalInteger("max_depth", in: 0...RuleMatch.deepest)
        if let values = try fields.values("tiers", maximumCount: RiskTier.allCases.count) {
            tiers = []
            for (value, path) in values {
                guard let tier = value.integerValue.flatMap({ RiskTier(rawValue: Int(clamping: $0)) }) else {
                    throw FieldError(path: path, problem: .outOfRange(minimum: 1, maximum: 4))
                }
                tiers?.append(tier)
            }
        }
        try fields.finish()
    }

    private static let deepest: Int64 = 64

    private static func patterns(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [NamePattern]? {
        guard
            let texts = try fields.strings(
                name, maximumCount: maximumElements, maximumLength: NamePattern.maximumLength)
        else { return nil }
        var patterns: [NamePattern] = []
        for text in texts {
            guard let pattern = NamePattern(text) else {
                throw fields.failure(
                    name, .invalid(rule: "a name is visible ASCII; a * stands at the end only, for example tickets:*"))
            }
            patterns.append(pattern)
        }
        // A list that was emptied must not turn into a rule about everything.
        guard !patterns.isEmpty else {
            throw fields.failure(name, .invalid(rule: "must name something; leave it out to match everything"))
        }
        return patterns
    }

    /// Whether a request is one that the rule is about, `scope` being the one that is judged.
    func holds(for facts: PolicyFacts, scope: String?, tier: RiskTier, isPermit: Bool) -> Bool {
        if let tiers, !tiers.contains(tier) { return false }
        guard names(facts, scope: scope) else { return false }
        guard let data else { return true }
        let isNamed = { (kind: String) in data.contains { $0.matches(kind) } }
        // A permit about data says nothing about a request that does not tell what data it touches.
        return isPermit
            ? !facts.context.data.isEmpty && facts.context.data.allSatisfy(isNamed)
            : facts.context.data.contains(where: isNamed)
    }

    /// Whether the members hold that name the request and not its case.
    func names(_ facts: PolicyFacts, scope: String?) -> Bool {
        if let minimumDepth, facts.depth < minimumDepth { return false }
        if let maximumDepth, facts.depth > maximumDepth { return false }
        for member in Member.allCases {
            guard let patterns = names[member] else { continue }
            guard Self.any(patterns, member, facts, scope) else { return false }
        }
        return true
    }

    /// Whether some member compares with what the request says of its case.
    var looksAtContext: Bool { data != nil || tiers != nil }

    private static func any(
        _ patterns: [NamePattern], _ member: Member, _ facts: PolicyFacts, _ scope: String?
    ) -> Bool {
        func matches(_ name: String?) -> Bool { name.map { name in patterns.contains { $0.matches(name) } } ?? false }
        return switch member {
        case .agents: matches(facts.agent.id)
        case .kinds: matches(facts.agent.kind)
        case .roles: facts.agent.roles.contains { matches($0) }
        case .risks: matches(facts.agent.risk)
        case .owners: matches(facts.agent.owner)
        case .resources: matches(facts.resource)
        case .scopes: matches(scope)
        case .actions: matches(facts.action)
        }
    }

    /// Whether every request that `other` is about is one that this is about; false when that is not certain.
    func covers(_ other: RuleMatch, bothPermit: Bool) -> Bool {
        for (member, mine) in names {
            guard let theirs = other.names[member], Self.covers(mine, theirs) else { return false }
        }
        if let data {
            guard bothPermit, let theirs = other.data, Self.covers(data, theirs) else { return false }
        }
        if let tiers { guard let theirs = other.tiers, theirs.allSatisfy(tiers.contains) else { return false } }
        if let minimumDepth { guard let theirs = other.minimumDepth, theirs >= minimumDepth else { return false } }
        if let maximumDepth { guard let theirs = other.maximumDepth, theirs <= maximumDepth else { return false } }
        return true
    }

    private static func covers(_ mine: [NamePattern], _ theirs: [NamePattern]) -> Bool {
        theirs.allSatisfy { pattern in mine.contains { $0.covers(pattern) } }
    }
}
