import MayflyModel

/// What governance did in a stretch of time, counted from the ledger's entries.
///
/// Decisions are those about agents. Tokens with which people administer the broker or vote say nothing about policy,
/// and reading the report makes some; they count as entries only.
struct GovernanceReport {
    /// One day's decisions.
    struct Day {
        let date: String
        var decisions = 0
        var denied = 0

        var denyRate: Double { decisions == 0 ? 0 : Double(denied) / Double(decisions) }
    }

    /// One workflow's decisions.
    struct Workflow {
        let task: String
        var allowed = 0
        var denied = 0
        /// How many came out in each way.
        var outcomes: [String: Int] = [:]
    }

    /// A question to people, as far as the entries tell.
    private struct Question {
        var expires = ""
        var isEnded = false
    }

    /// Days before one that its rate of refusals is compared with, and decisions that a day needs to be compared.
    static let comparedDays = 7
    static let leastDecisions = 20
    /// Workflows that are listed.
    static let listedTasks = 20

    /// The end of the stretch, as the entries write times; empty when nothing is known to have expired by then.
    var until = ""
    private(set) var entries = 0
    /// Of requests for tokens and of actions: how many came out in each way.
    private(set) var mints: [String: Int] = [:]
    private(set) var actions: [String: Int] = [:]
    private(set) var tiers: [Int: Int] = [:]
    private var workflows: [String: Workflow] = [:]
    private var daysByDate: [String: Day] = [:]
    private(set) var approvals: [String: Int] = [:]
    /// Questions by their id.
    private var questions: [String: Question] = [:]
    /// Seconds from the question to the vote that settled it.
    private(set) var latencies: [Int64] = []
    /// Requests that came back with an agreement to something else: policy or the registration had changed the digest.
    private(set) var mismatches = 0
    /// Actions that needed an agreement which the token's did not cover.
    private(set) var uncovered = 0
    private(set) var budgetRefusals = 0
    /// Tokens and actions for which a quota had no room.
    private(set) var quotaRefusals = 0
    /// What tier 2 let through under supervision, and what of it was taken back.
    private(set) var supervised = 0
    private(set) var reversed = 0
    private(set) var deviations = 0
    /// Entries that nobody took whom the configuration wanted told.
    private(set) var untold = 0
    private(set) var settlements = 0
    private(set) var shadowDifferences = 0
    /// Decisions of tier 2 and above that went through, and those of them that limits, people or either stood behind.
    private(set) var risky = 0
    private(set) var limited = 0
    private(set) var agreed = 0
    private(set) var mitigated = 0
    /// Reviews of agents that were recorded, came due, or were overdue; end dates that were near or passed.
    private(set) var reviews: [String: Int] = [:]
    private(set) var completeness = Completeness.all

    /// In the order of time.
    var days: [Day] { daysByDate.values.sorted { $0.date < $1.date } }

    /// Counts one entry, in any order.
    mutating func take(_ entry: JSONObject) {
        func text(_ name: String) -> String { entry[name]?.stringValue ?? "" }
        let event = text("event")
        entries += 1
        Completeness.check(entry, in: &completeness)
        switch event {
        case "token.issued", "token.delegated", "ticket.issued", "token.refused":
            guard !Self.isPeople(text("actor")) else { break }
            let isDenied = event == "token.refused"
            decide(entry, isDenied ? denial(text("decision")) : text("decision"), isDenied: isDenied, \.mints)
            if isDenied, text("rule") == "approval.superseded" { mismatches += 1 }
        case "action.decided":
            let isDenied = text("outcome") == "denied"
            decide(entry, isDenied ? denial(text("decision")) : text("decision"), isDenied: isDenied, \.actions)
            if text("rule") == "budget_exhausted" { budgetRefusals += 1 }
            if isDenied, text("decision") == "require_approval" { uncovered += 1 }
        case "budget.settled": settlements += 1
        case "supervision.opened": supervised += 1
        case "supervision.reversed": reversed += 1
        case "behaviour.deviated": deviations += 1
        case "notice.failed": untold += 1
        case let name where name.hasPrefix("approval."): ask(entry, String(name.dropFirst("approval.".count)))
        case "agent.reviewed", "agent.review_due", "agent.review_overdue", "agent.ending", "agent.ended":
            reviews[String(event.dropFirst("agent.".count)), default: 0] += 1
        default: break
        }
        if entry["shadow"] != nil { shadowDifferences += 1 }
        if text("rule").hasPrefix("quota.") { quotaRefusals += 1 }
    }

    /// Whether a token was for a person at the broker itself.
    static func isPeople(_ actor: String) -> Bool { actor.hasPrefix("admin:") || actor.hasPrefix("owner:") }

    private mutating func ask(_ entry: JSONObject, _ step: String) {
        approvals[step, default: 0] += 1
        if step == "approved" || step == "denied", let seconds = entry["seconds"]?.integerValue {
            latencies.append(seconds)
        }
        if step == "superseded" { mismatches += 1 }
        guard let id = entry["approval"]?.stringValue else { return }
        if let expires = entry["expires"]?.stringValue { questions[id, default: Question()].expires = expires }
        if ["denied", "expired", "superseded", "used"].contains(step) {
            questions[id, default: Question()].isEnded = true
        }
    }

    /// Questions that expired without anybody coming back, of which the ledger has no entry.
    var lapsed: Int { questions.values.count { !$0.isEnded && !$0.expires.isEmpty && $0.expires <= until } }

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
            if tier >= 2, !isDenied { weigh(entry, outcome) }
        }
        if let task = entry["task"]?.stringValue {
            workflows[task, default: Workflow(task: task)].outcomes[outcome, default: 0] += 1
            if isDenied { workflows[task]?.denied += 1 } else { workflows[task]?.allowed += 1 }
        }
        let date = String((entry["time"]?.stringValue ?? "").prefix(10))
        daysByDate[date, default: Day(date: date)].decisions += 1
        if isDenied { daysByDate[date]?.denied += 1 }
    }

    /// Counts what stood behind a risky decision: what it took of a budget shows limits of any origin.
    private mutating func weigh(_ entry: JSONObject, _ outcome: String) {
        let isLimited =
            outcome == "allow_with_constraints"
            || ["reservation", "cost", "records"].contains { entry[$0] != nil }
        let isAgreed = outcome == "require_approval" || entry["approval"] != nil
        risky += 1
        if isLimited { limited += 1 }
        if isAgreed { agreed += 1 }
        if isLimited || isAgreed { mitigated += 1 }
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

    /// The smallest latency that so many of a hundred stayed within (nearest rank); nil without any.
    func latency(percent: Int) -> Int64? {
        let sorted = latencies.sorted()
        guard !sorted.isEmpty else { return nil }
        let rank = (sorted.count * percent + 99) / 100
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// The workflows with the most decisions, by name where equal.
    var busiestTasks: [Workflow] {
        Array(
            workflows.values.sorted { ($1.allowed + $1.denied, $0.task) < ($0.allowed + $0.denied, $1.task) }
                .prefix(Self.listedTasks))
    }
}
