import MayflyModel

/// What a record of a request does not say, although a policy may ask for it.
package struct FactGaps: Equatable, Sendable {
    /// Whether nothing of the context was recorded; otherwise its members that policy knows by name were.
    package var lacksContext = false
    /// Fields of `request` that were not recorded.
    package var requestFields: Set<String> = []
    /// Whether nothing was recorded of how usual the request was.
    package var lacksBehaviour = false

    package init() {}

    /// What of a reference the record may not have, as it is written in a condition; nil when it has all of it.
    fileprivate func gap(at reference: CELReference) -> String? {
        let first = reference.fields.first
        switch reference.variable {
        case "tier" where lacksContext: return "context"
        case "context":
            guard first == "properties" || first == nil else { return lacksContext ? "context" : nil }
            guard let member = reference.fields.dropFirst().first else { return "context.properties" }
            if PolicyContext.knownMembers.contains(member) { return lacksContext ? "context" : nil }
            return "context.properties.\(member)"
        case "request":
            guard let first else { return requestFields.isEmpty ? nil : "request" }
            return requestFields.contains(first) ? "request.\(first)" : nil
        case "behaviour": return lacksBehaviour ? "behaviour" : nil
        default: return nil
        }
    }
}

extension PolicyBundle {
    /// What this bundle looks at to decide a recorded request, and the record does not have: sorted, each once.
    ///
    /// Only rules that may be about the request count. When there is any, the request itself may have come out
    /// otherwise than its record does.
    package func blindSpots(_ facts: PolicyFacts, gaps: FactGaps) -> [String] {
        let tier = tiers?.tier(of: facts.context) ?? .autonomous
        var spots: Set<String> = gaps.lacksContext && tiers != nil ? ["context"] : []
        for scope in facts.scopes.isEmpty ? [nil] : facts.scopes.map(Optional.some) {
            index.forEachCandidate(facts, scope: scope) { place in
                let rule = rules[place]
                guard
                    gaps.lacksContext
                        ? rule.match.names(facts, scope: scope)
                        : rule.match.holds(for: facts, scope: scope, tier: tier, isPermit: rule.outcome.isPermit)
                else { return }
                if gaps.lacksContext, rule.match.looksAtContext { spots.insert("context") }
                spots.formUnion((rule.condition?.references ?? []).compactMap { gaps.gap(at: $0) })
            }
        }
        return spots.sorted()
    }
}
