import MayflyModel

extension GovernanceReport {
    private static let outcomes = ["allow", "allow_with_constraints", "require_approval", "remediate", "deny"]

    /// A table that is shown: its title, its head, its rows.
    struct Section {
        let title: String
        let head: [String]
        let rows: [[String]]
    }

    /// Everything that is counted, in the order of showing.
    var sections: [Section] {
        [
            Section(
                title: "Decisions", head: ["OUTCOME", "TOKENS", "ACTIONS"],
                rows: Self.outcomes.map { [$0, String(mints[$0] ?? 0), String(actions[$0] ?? 0)] }),
            Section(
                title: "Tiers", head: ["TIER", "DECISIONS"], rows: (1...4).map { [String($0), String(tiers[$0] ?? 0)] }),
            Section(title: "Measures", head: ["WHAT", "VALUE"], rows: measures),
            Section(
                title: "Workflows", head: ["TASK", "ALLOWED", "DENIED"],
                rows: busiestTasks.map { [$0.task, String($0.allowed), String($0.denied)] }),
            Section(
                title: "Ledger completeness", head: ["EVENT", "ENTRIES", "COMPLETE", "MISSING"],
                rows: completeness.map { kind in
                    [
                        kind.event, String(kind.entries), Self.percent(kind.complete, of: kind.entries),
                        kind.missing.keys.sorted().joined(separator: " "),
                    ]
                }),
            Section(
                title: "Days", head: ["DAY", "DECISIONS", "DENIED", "RATE"],
                rows: days.map {
                    [$0.date, String($0.decisions), String($0.denied), Self.percent($0.denied, of: $0.decisions)]
                }),
        ]
    }

    private var measures: [[String]] {
        func count(_ name: String) -> String { String(approvals[name] ?? 0) }
        func seconds(_ value: Int64?) -> String { value.map { "\($0) s" } ?? "-" }
        return [
            ["entries read", String(entries)],
            ["approvals raised, approved, denied", "\(count("raised")), \(count("approved")), \(count("denied"))"],
            [
                "approvals expired, superseded, reopened",
                "\(count("expired")), \(count("superseded")), \(count("reopened"))",
            ],
            [
                "approval latency, half and nine tenths",
                "\(seconds(latency(percent: 50))), \(seconds(latency(percent: 90)))",
            ],
            ["risky decisions let through (tier 2 and above)", String(risky)],
            ["of these behind limits or an agreement", Self.percent(mitigated, of: risky)],
            ["refused because a budget was spent", String(budgetRefusals)],
            ["settlements", String(settlements)],
            ["decided otherwise by the shadow", String(shadowDifferences)],
            ["days with a sudden drop of refusals", suddenDrops.map(\.date).joined(separator: " ")],
        ]
    }

    private static func percent(_ part: Int, of whole: Int) -> String {
        whole == 0 ? "-" : "\(part * 100 / whole) %"
    }

    var json: JSONObject {
        func counts(_ counts: [String: Int]) -> JSONValue {
            .object(
                counts.keys.sorted().reduce(into: JSONObject()) { $0[$1] = .integer(Int64(counts[$1] ?? 0)) })
        }
        var latency: JSONObject = ["count": .integer(Int64(latencies.count))]
        latency["p50_seconds"] = self.latency(percent: 50).map { .integer($0) }
        latency["p90_seconds"] = self.latency(percent: 90).map { .integer($0) }
        return [
            "entries": .integer(Int64(entries)), "tokens": counts(mints), "actions": counts(actions),
            "tiers": counts(
                Dictionary(uniqueKeysWithValues: tiers.map { (String($0.key), $0.value) })),
            "approvals": counts(approvals), "approval_latency": .object(latency),
            "risky": .integer(Int64(risky)), "mitigated": .integer(Int64(mitigated)),
            "budget_refusals": .integer(Int64(budgetRefusals)), "settlements": .integer(Int64(settlements)),
            "shadow_differences": .integer(Int64(shadowDifferences)),
            "sudden_drops": .array(suddenDrops.map { .string($0.date) }),
            "tasks": .array(
                busiestTasks.map {
                    .object([
                        "task": .string($0.task), "allowed": .integer(Int64($0.allowed)),
                        "denied": .integer(Int64($0.denied)),
                    ])
                }),
            "completeness": .array(
                completeness.map { kind in
                    .object([
                        "event": .string(kind.event), "entries": .integer(Int64(kind.entries)),
                        "complete": .integer(Int64(kind.complete)), "missing": counts(kind.missing),
                    ])
                }),
            "days": .array(
                days.map {
                    .object([
                        "date": .string($0.date), "decisions": .integer(Int64($0.decisions)),
                        "denied": .integer(Int64($0.denied)),
                    ])
                }),
        ]
    }
}
