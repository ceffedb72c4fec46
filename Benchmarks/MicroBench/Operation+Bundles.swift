import MayflyModel
import MayflyPolicy

extension Operation {
    /// Decisions of a bundle of ten rules and of one of a thousand, of which the same ten can match.
    static func bundles() throws -> [Operation] {
        let (small, large) = (try bundle(of: 10), try bundle(of: 1000, quotas: 1000))
        let facts = PolicyFacts(
            phase: .action,
            agent: .init(
                id: "agent:a7", kind: "worker", risk: "medium", owner: "owner:lead",
                roles: ["role:desk-worker", "role:reader"], createdAt: Timestamp(seconds: 1_700_000_000)),
            resource: "tickets", scopes: ["tickets:reply"], action: "reply", depth: 1,
            chain: ["agent:root", "agent:a7"],
            task: "case-1042", context: try context(), now: Timestamp(seconds: 1_760_000_000))
        guard small.decide(facts).outcome == .allow, small.decide(facts) == large.decide(facts) else {
            throw MicroError("the bundles do not decide alike")
        }
        guard large.quotas(for: facts, tier: .autonomous).isEmpty else {
            throw MicroError("a quota counts the action")
        }
        return [
            Operation(name: "bundle.decide.10") { keep(small.decide(facts)) },
            Operation(name: "bundle.decide.1000") { keep(large.decide(facts)) },
            Operation(name: "bundle.quotas.0") { keep(small.quotas(for: facts, tier: .autonomous)) },
            Operation(name: "bundle.quotas.1000") { keep(large.quotas(for: facts, tier: .autonomous)) },
        ]
    }

    private static func context() throws -> PolicyContext {
        try PolicyContext(
            try JSONParser.parseObject(
                Array(#"{"env": "staging", "cost": {"amount": "12.50", "currency": "USD"}, "records": 3}"#.utf8)))
    }

    /// Ten rules that may be about the request, each with a condition, and others, and all quotas, about other actions.
    private static func bundle(of count: Int, quotas: Int = 0) throws -> PolicyBundle {
        var rules: [String] = []
        for number in 0..<count {
            let action = number < 10 ? "reply" : "other\(number)"
            let decision = number == 0 ? "allow" : "deny"
            let condition = number == 0 ? "context.amount < 100.0" : "context.records > \(100 + number) || tier == 4"
            rules.append(
                #"{"id": "rule\#(number)", "match": {"actions": ["\#(action)"]}, "when": "\#(condition)","#
                    + #" "decision": "\#(decision)", "rationale": "measured"}"#)
        }
        let tiers = #"{"missing": 1, "cost": {"USD": {"tier2": "100", "tier3": "1000"}}}"#
        let limits = (0..<quotas).map { number in
            #"{"id": "quota\#(number)", "on": "action", "match": {"actions": ["other\#(number)"]}, "count": 1,"#
                + #" "window": "1h", "rationale": "measured"}"#
        }
        let text =
            #"{"policy": "measured", "tiers": \#(tiers), "rules": [\#(rules.joined(separator: ","))],"#
            + #" "quotas": [\#(limits.joined(separator: ","))]}"#
        return try PolicyBundle(FieldReader(try JSONParser.parseObject(Array(text.utf8))))
    }
}
