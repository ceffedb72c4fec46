import MayflyModel

/// What governance did in a stretch of time, counted from the ledger's entries.
struct GovernanceReport {
    /// One day's decisions.
    struct Day {
        let date: String
        var decisions = 0
        var denied = 0

        var denyRate: Double { decisions == 0 ? 0 : Double(denied) / Double(decisions) }
    }

    /// What a kind of entry must state, and how often it did.
    struct Completeness {
        let event: String
        let required: [String]
        var entries = 0
        var complete = 0
        var missing: [String: Int] = [:]
    }

    /// Days before one that its rate of refusals is compared with, and decisions that a day needs to be compared.
    static let comparedDays = 7
    static let leastDecisions = 20
    /// Workflows that are listed.
    static let listedTasks = 20

    private(set) var entries = 0
    /// Of requests for tokens and of actions: how many came out in each way.
    private(set) var mints: [String: Int] = [:]
    private(set) var actions: [String: Int] = [:]
    private(set) var tiers: [Int: Int] = [:]
    private(set) var tasks: [String: (allowed: Int, denied: Int)] = [:]
    private var daysByDate: [String: Day] = [:]
    private(set) var approvals: [String: Int] = [:]
    /// Seconds from the question to the vote that settled it.
    private(set) var latencies: [Int64] = []
    private(set) var budgetRefusals = 0
    private(set) var settlements = 0
    private(set) var shadowDifferences = 0
    /// Decisions of tier 2 and above that went through, and those of them that limits or people stood behind.
    private(set) var risky = 0
    private(set) var mitigated = 0
    private(set) var completeness: [Completeness] = [
        Completeness(
            event: "token.issued",
            required: [
                "time", "actor", "subject", "agent", "owner", "resource", "decision", "rule", "task", "trace", "token",
            ]),
        Completeness(
            event: "token.delegated",
            required: [
                "time", "actor", "subject", "agent", "owner", "resource", "decision", "rule", "task", "trace", "token",
                "chain",
            ]),
        Completeness(event: "token.refused", required: ["time", "actor", "decision", "rule", "reason"]),
        Completeness(event: "action.decided", required: ["time", "actor", "resource", "decision", "rule"]),
        Completeness(event: "registry.changed", required: ["time", "actor", "action", "target", "sha256"]),
        Completeness(event: "revoked", required: ["time", "actor"]),
        Completeness(event: "approval.voted", required: ["time", "actor", "agent", "approval", "reason", "seconds"]),
    ]

    /// In the order of time.
    var days: [Day] { daysByDate.values.sorted { $0.date < $1.date } }

    /// Counts one entry, in any order.
    mutating func take(_ entry: JSONObject) {
        func text(_ name: String) -> String { entry[name]?.stringValue ?? "" }
        let event = text("event")
        entries += 1
        check(entry, event)
        switch event {
        case "token.issued", "token.delegated": decide(entry, text("decision"), isDenied: false, \.mints)
        case "token.refused": decide(entry, "deny", isDenied: true, \.mints)
        case "action.decided":
            let isDenied = text("outcome") == "denied"
            decide(entry, isDenied ? denial(text("decision")) : text("decision"), isDenied: isDenied, \.actions)
            if text("rule") == "budget_exhausted" { budgetRefusals += 1 }
        case "budget.settled": settlements += 1
        case let name where name.hasPrefix("approval."):
            approvals[String(name.dropFirst("approval.".count)), default: 0] += 1
            if name == "approval.approved" || name == "approval.denied", let seconds = entry["seconds"]?.integerValue {
                latencies.append(seconds)
            }
        default: break
        }
        if entry["shadow"] != nil { shadowDifferences += 1 }
    }

    /// A refusal by policy keeps its name; whatever else refused is a denial.
    private func denial(_ decision: String) -> String {
        decision == "require_approval" || decision == "remediate" ? decision : "deny"
    }

    private mutating func decide(
        _ entry: JSONObject, _ outcome: String, isDenied: Bool, _ counts: WritableKeyPath<Self, [String: Int]>
    ) {
        self[keyPath: counts][outcome, default: 0] += 1
        if let tier = entry["tier"]?.integerValue {
            tiers[Int(clamping: tier), default: 0] += 1
            if tier >= 2, !isDenied {
                risky += 1
                if outcome == "allow_with_constraints" || outcome == "require_approval" { mitigated += 1 }
            }
        }
        if let task = entry["task"]?.stringValue {
            var sums = tasks[task] ?? (0, 0)
            if isDenied { sums.denied += 1 } else { sums.allowed += 1 }
            tasks[task] = sums
        }
        let date = String((entry["time"]?.stringValue ?? "").prefix(10))
        daysByDate[date, default: Day(date: date)].decisions += 1
        if isDenied { daysByDate[date]?.denied += 1 }
    }

    private mutating func check(_ entry: JSONObject, _ event: String) {
        guard let index = completeness.firstIndex(where: { $0.event == event }) else { return }
        let missing = completeness[index].required.filter { entry[$0] == nil }
        completeness[index].entries += 1
        if missing.isEmpty { completeness[index].complete += 1 }
        for name in missing { completeness[index].missing[name, default: 0] += 1 }
    }

    /// Days whose rate of refusals is less than half of that of the days before: something may have stopped refusing.
    var suddenDrops: [Day] {
        let days = days
        return days.indices.compactMap { index in
            let day = days[index]
            let before = days[max(0, index - Self.comparedDays)..<index]
            let decisions = before.map(\.decisions).reduce(0, +)
            let denied = before.map(\.denied).reduce(0, +)
            guard day.decisions >= Self.leastDecisions, decisions >= Self.leastDecisions, denied > 0 else { return nil }
            return day.denyRate < Double(denied) / Double(decisions) / 2 ? day : nil
        }
    }

    /// The latency that so many of a hundred stayed within; nil without any.
    func latency(percent: Int) -> Int64? {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return nil }
        return sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }

    /// The workflows with the most decisions, by name where equal.
    var busiestTasks: [(task: String, allowed: Int, denied: Int)] {
        tasks.map { ($0.key, $0.value.allowed, $0.value.denied) }
            .sorted { ($1.1 + $1.2, $0.0) < ($0.1 + $0.2, $1.0) }
            .prefix(Self.listedTasks).map { (task: $0.0, allowed: $0.1, denied: $0.2) }
    }
}
