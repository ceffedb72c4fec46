import MayflyModel
import MayflyPolicy

/// Decisions of the policy as they are shown.
enum PolicyOutput {
    static func lines(_ decision: PolicyDecision, _ traces: [RuleTrace]) -> [String] {
        var pairs = [
            ("decision", decision.outcome.name), ("rule", decision.rule), ("reason", decision.reason),
            ("tier", String(decision.tier.rawValue)),
        ]
        if !decision.limits.isNone { pairs.append(("constraints", JSONText.line(decision.limits.json))) }
        for terms in decision.approvals { pairs.append(("approval", JSONText.line(.object(terms.json)))) }
        if let remedy = decision.remedy { pairs.append(("remedy", JSONText.line(.object(remedy.json)))) }
        let rows = traces.map { [$0.rule, $0.outcome.name, $0.scope ?? "", text($0.part)] }
        return Table.pairs(pairs) + [""] + Table.lines(["RULE", "DECISION", "SCOPE", "PART"], rows)
    }

    static func json(_ decision: PolicyDecision, _ traces: [RuleTrace]) -> JSONObject {
        var object: JSONObject = [
            "decision": .string(decision.outcome.name), "rule": .string(decision.rule),
            "reason": .string(decision.reason), "tier": .integer(Int64(decision.tier.rawValue)),
        ]
        if !decision.limits.isNone { object["constraints"] = decision.limits.json }
        object["approvals"] = .array(decision.approvals.map { .object($0.json) })
        object["remedy"] = decision.remedy.map { .object($0.json) }
        object["rules"] = .array(
            traces.map { trace in
                var rule: JSONObject = [
                    "rule": .string(trace.rule), "decision": .string(trace.outcome.name),
                    "part": .string(text(trace.part)),
                ]
                rule["scope"] = trace.scope.map { .string($0) }
                return .object(rule)
            })
        return object
    }

    private static func text(_ part: RuleTrace.Part) -> String {
        switch part {
        case .otherMatter: "is about something else"
        case .conditionFalse: "condition is false"
        case .conditionFailed(let error, counts: true): "counts: condition has no value, \(error)"
        case .conditionFailed(let error, counts: false): "does not count: condition has no value, \(error)"
        case .counts: "counts"
        }
    }
}
