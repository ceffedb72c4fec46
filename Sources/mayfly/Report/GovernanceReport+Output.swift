import MayflyModel

extension GovernanceReport {
    private static let outcomes = ["allow", "allow_with_constraints", "require_approval", "remediate", "deny"]

    /// A table that is shown: its title, its head, its rows.
    struct Section {
        let title: String
        let head: [String]
        let rows: [[String]]
        /// Columns of which each cell is a number or a share that a bar can show.
        var bars: [Int] = []
    }

    /// Everything that is counted, in the order of showing.
    var sections: [Section] {
        [
            Section(
                title: "Decisions", head: ["OUTCOME", "TOKENS", "ACTIONS"],
                rows: Self.outcomes.map { [$0, String(mints[$0] ?? 0), String(actions[$0] ?? 0)] }, bars: [1, 2]),
            Section(
                title: "Tiers", head: ["TIER", "DECISIONS"],
                rows: (1...4).map { [String($0), String(tiers[$0] ?? 0)] },
                bars: [1]),
            Section(title: "Measures", head: ["WHAT", "VALUE"], rows: measures),
            Section(
                title: "Workflows",
                head: ["TASK", "ALLOWED", "DENIED"] + Self.outcomes.map { $0.uppercased() },
                rows: busiestTasks.map { workflow in
                    [workflow.task, String(workflow.allowed), String(workflow.denied)]
                        + Self.outcomes.map { String(workflow.outcomes[$0] ?? 0) }
                }, bars: [1, 2]),
            Section(
                title: "Ledger completeness", head: ["EVENT", "ENTRIES", "COMPLETE", "MISSING"],
                rows: completeness.filter { $0.entries > 0 }.map { kind in
                    [
                        kind.label, String(kind.entries), Self.percent(kind.complete, of: kind.entries),
                        kind.missing.keys.sorted().joined(separator: " "),
                    ]
                }, bars: [2]),
            Section(
                title: "Days", head: ["DAY", "DECISIONS", "DENIED", "RATE", "NOTE"], rows: dayRows, bars: [1, 2, 3]),
        ]
    }

    private var dayRows: [[String]] {
        let drops = Set(suddenDrops.map(\.date))
        return days.map { day in
            [
                day.date, String(day.decisions), String(day.denied), Self.percent(day.denied, of: day.decisions),
                drops.contains(day.date) ? "sudden drop" : "",
            ]
        }
    }

    private var measures: [[String]] {
        func steps(_ counts: [String: Int], _ names: String...) -> String {
            names.map { String(counts[$0] ?? 0) }.joined(separator: ", ")
        }
        func seconds(_ value: Int64?) -> String { value.map { "\($0) s" } ?? "-" }
        return [
            ["entries read", String(entries)],
            ["approvals raised, approved, denied", steps(approvals, "raised", "approved", "denied")],
            [
                "approval latency, half and nine tenths",
                "\(seconds(latency(percent: 50))), \(seconds(latency(percent: 90)))",
            ],
            ["approvals expired: found out, never asked about again", "\(steps(approvals, "expired")), \(lapsed)"],
            ["approvals reopened, because a vote counts no more", steps(approvals, "reopened")],
            ["digest mismatches: agreed to something else since", String(mismatches)],
            ["actions that no agreement covered", String(uncovered)],
            ["risky decisions let through (tier 2 and above)", String(risky)],
            ["of these behind limits", Self.percent(limited, of: risky)],
            ["of these behind an agreement", Self.percent(agreed, of: risky)],
            ["of these behind either", Self.percent(mitigated, of: risky)],
            ["let through under supervision, taken back", "\(supervised), \(reversed)"],
            ["refused because a budget was spent", String(budgetRefusals)],
            ["refused because a quota had no room", String(quotaRefusals)],
            ["settlements", String(settlements)],
            ["decided otherwise by the shadow", String(shadowDifferences)],
            ["deviations from what is usual", String(deviations)],
            ["notices that nobody took", String(untold)],
            ["reviews recorded, due, overdue", steps(reviews, "reviewed", "review_due", "review_overdue")],
            ["end dates near, passed", steps(reviews, "ending", "ended")],
            ["days with a sudden drop of refusals", suddenDrops.map(\.date).joined(separator: " ")],
        ]
    }

    static func percent(_ part: Int, of whole: Int) -> String {
        whole == 0 ? "-" : "\(part * 100 / whole) %"
    }

    var json: JSONObject {
        func counts(_ counts: [String: Int]) -> JSONValue {
            .object(
                counts.keys.sorted().reduce(into: JSONObject()) { $0[$1] = .integer(Int64(counts[$1] ?? 0)) })
        }
        func number(_ count: Int) -> JSONValue { .integer(Int64(count)) }
        var latency: JSONObject = ["count": number(latencies.count)]
        latency["p50_seconds"] = self.latency(percent: 50).map { .integer($0) }
        latency["p90_seconds"] = self.latency(percent: 90).map { .integer($0) }
        return [
            "entries": number(entries), "tokens": counts(mints), "actions": counts(actions),
            "tiers": counts(Dictionary(uniqueKeysWithValues: tiers.map { (String($0.key), $0.value) })),
            "approvals": counts(approvals), "approval_latency": .object(latency), "approvals_lapsed": number(lapsed),
            "digest_mismatches": number(mismatches), "actions_without_agreement": number(uncovered),
            "risky": number(risky), "risky_limited": number(limited), "risky_agreed": number(agreed),
            "mitigated": number(mitigated), "budget_refusals": number(budgetRefusals),
            "quota_refusals": number(quotaRefusals), "supervised": number(supervised), "reversed": number(reversed),
            "deviations": number(deviations), "notices_failed": number(untold), "settlements": number(settlements),
            "shadow_differences": number(shadowDifferences),
            "reviews": counts(reviews), "sudden_drops": .array(suddenDrops.map { .string($0.date) }),
            "tasks": .array(
                busiestTasks.map {
                    .object([
                        "task": .string($0.task), "allowed": number($0.allowed), "denied": number($0.denied),
                        "outcomes": counts($0.outcomes),
                    ])
                }),
            "completeness": .array(
                completeness.map { kind in
                    .object([
                        "event": .string(kind.label), "entries": number(kind.entries),
                        "complete": number(kind.complete), "missing": counts(kind.missing),
                    ])
                }),
            "days": .array(
                days.map {
                    .object([
                        "date": .string($0.date), "decisions": number($0.decisions), "denied": number($0.denied),
                    ])
                }),
        ]
    }
}
