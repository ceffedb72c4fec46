import MayflyCrypto
import MayflyModel
import Testing

@testable import mayfly

/// What the report counts, and that its page cannot be made to do anything.
@Suite struct GovernanceReportTests {
    private static func entry(_ event: String, _ day: Int = 1, _ members: JSONObject = [:]) -> JSONObject {
        var entry: JSONObject = [
            "v": .integer(1), "time": .string("2026-03-\(day < 10 ? "0" : "")\(day)T10:00:00.000Z"),
            "event": .string(event), "outcome": .string("ok"), "retention": .string("access"),
            "actor": .string("agent:a"),
        ]
        for member in members.members { entry[member.name] = member.value }
        return entry
    }

    private static func action(_ day: Int, isDenied: Bool, _ members: JSONObject = [:]) -> JSONObject {
        var all: JSONObject = [
            "outcome": .string(isDenied ? "denied" : "allowed"), "decision": .string(isDenied ? "deny" : "allow"),
            "rule": .string("r"), "resource": .string("https://t.example"), "task": .string("t"),
        ]
        for member in members.members { all[member.name] = member.value }
        return entry("action.decided", day, all)
    }

    @Test func outcomesTiersAndWorkflowsAreCounted() {
        var report = GovernanceReport()
        report.take(
            Self.entry("token.issued", 1, ["decision": .string("allow"), "task": .string("t"), "tier": .integer(1)]))
        report.take(
            Self.entry("token.delegated", 1, ["decision": .string("allow_with_constraints"), "tier": .integer(2)]))
        report.take(Self.entry("token.refused", 1, ["decision": .string("deny"), "rule": .string("x")]))
        report.take(Self.action(1, isDenied: false, ["tier": .integer(3)]))
        report.take(Self.action(1, isDenied: true, ["rule": .string("budget_exhausted")]))
        #expect(report.mints == ["allow": 1, "allow_with_constraints": 1, "deny": 1])
        #expect(report.actions == ["allow": 1, "deny": 1])
        #expect(report.tiers == [1: 1, 2: 1, 3: 1])
        #expect((report.risky, report.mitigated, report.budgetRefusals) == (2, 1, 1))
        #expect(report.busiestTasks.first?.task == "t")
    }

    @Test func whatWasTakenBackRefusedByQuotasUnusualOrUntoldIsCounted() {
        var report = GovernanceReport()
        for event in ["supervision.opened", "supervision.opened", "supervision.reversed", "behaviour.deviated"] {
            report.take(Self.entry(event, 1, ["rule": .string("r")]))
        }
        report.take(Self.entry("notice.failed"))
        report.take(Self.action(1, isDenied: true, ["rule": .string("quota.refunds")]))
        report.take(Self.entry("token.refused", 1, ["decision": .string("deny"), "rule": .string("quota.tokens")]))
        #expect((report.supervised, report.reversed, report.quotaRefusals) == (2, 1, 2))
        #expect((report.deviations, report.untold) == (1, 1))
        let names = ["supervised", "reversed", "quota_refusals", "deviations", "notices_failed"]
        #expect(names.map { report.json[$0]?.integerValue } == [2, 1, 2, 1, 1])
    }

    @Test func aMissingFieldIsFoundByItsName() {
        var report = GovernanceReport()
        report.take(Self.action(1, isDenied: false))
        report.take(Self.action(1, isDenied: true))
        var bare = Self.action(1, isDenied: true)
        bare["rule"] = nil
        report.take(bare)
        let denied = report.completeness.first { $0.label == "action.decided, denied" }
        #expect(denied?.entries == 2)
        #expect(denied?.complete == 1)
        #expect(denied?.missing == ["rule": 1])
        // What was let through must say for whom.
        let allowed = report.completeness.first { $0.label == "action.decided, allowed" }
        #expect(allowed?.missing["subject"] == 1)
        var other = Self.entry("store.resumed")
        other["actor"] = nil
        report.take(other)
        #expect(report.completeness.last?.missing == ["actor": 1])
    }

    @Test func tokensOfPeopleAreNoDecisionsAboutAgents() {
        var report = GovernanceReport()
        let people: JSONObject = [
            "decision": .string("allow"), "rule": .string("broker.scope"), "subject": .string("s"),
            "resource": .string("r"), "scope": .string("mayfly.read"), "token": .string("t"),
        ]
        for actor in ["admin:root", "owner:support-lead"] {
            for event in ["token.issued", "token.refused"] {
                var entry = Self.entry(event, 1, people)
                entry["actor"] = .string(actor)
                report.take(entry)
            }
        }
        #expect(report.mints.isEmpty && report.days.isEmpty)
        #expect(report.entries == 4)
        let kind = report.completeness.first { $0.label == "token.issued, to people" }
        #expect((kind?.entries, kind?.complete) == (2, 2))
    }

    @Test func aRefusalByPolicyKeepsItsNameInEveryWorkflow() {
        var report = GovernanceReport()
        let task: JSONObject = ["task": .string("t")]
        for decision in ["remediate", "deny", "deny"] {
            var members = task
            members["decision"] = .string(decision)
            report.take(Self.entry("token.refused", 1, members))
        }
        report.take(Self.action(1, isDenied: true, ["decision": .string("require_approval")]))
        report.take(Self.action(1, isDenied: false))
        report.take(Self.entry("ticket.issued", 1, ["task": .string("t"), "decision": .string("allow")]))
        #expect(report.mints == ["remediate": 1, "deny": 2, "allow": 1])
        #expect(report.uncovered == 1)
        let workflow = report.busiestTasks.first
        #expect(workflow?.outcomes == ["remediate": 1, "deny": 2, "require_approval": 1, "allow": 2])
        #expect((workflow?.allowed, workflow?.denied) == (2, 4))
    }

    /// What stands behind a risky action: limits by policy or by a budget, people, or nothing.
    @Test func limitsAndAgreementsBehindRiskyActionsAreToldApart() {
        var report = GovernanceReport()
        let tier: JSONObject = ["tier": .integer(3)]
        let behind: [JSONObject] = [
            ["decision": .string("allow_with_constraints")], ["reservation": .string("r")],
            ["records": .integer(3)], ["approval": .string("a"), "decision": .string("require_approval")],
            ["approval": .string("a"), "reservation": .string("r")], [:],
        ]
        for members in behind {
            var all = tier
            for member in members.members { all[member.name] = member.value }
            report.take(Self.action(1, isDenied: false, all))
        }
        report.take(Self.action(1, isDenied: true, tier))
        #expect((report.risky, report.limited, report.agreed, report.mitigated) == (6, 4, 2, 5))
    }

    @Test func questionsThatNobodyCameBackToAreCountedWhenTheirWindowHasEnded() {
        var report = GovernanceReport()
        report.until = "2026-03-02T00:00:00.000Z"
        func step(_ step: String, _ id: String, expires: String? = nil) {
            var members: JSONObject = ["approval": .string(id)]
            members["expires"] = expires.map { .string($0) }
            report.take(Self.entry("approval." + step, 1, members))
        }
        let past = "2026-03-01T11:00:00.000Z"
        step("raised", "forgotten", expires: past)
        step("approved", "agreed and forgotten", expires: past)
        step("raised", "open", expires: "2026-03-02T00:00:00.001Z")
        // Entries come in any order.
        for end in ["used", "denied", "expired", "superseded"] {
            step(end, end, expires: past)
            step("raised", end, expires: past)
        }
        step("raised", "of an older broker")
        #expect(report.lapsed == 2)
        #expect(report.mismatches == 1)
        report.take(Self.entry("token.refused", 1, ["rule": .string("approval.superseded")]))
        #expect(report.mismatches == 2)
    }

    @Test func reviewsAndEndDatesAreCounted() {
        var report = GovernanceReport()
        for event in ["agent.reviewed", "agent.review_due", "agent.review_due", "agent.ended"] {
            report.take(Self.entry(event))
        }
        #expect(report.reviews == ["reviewed": 1, "review_due": 2, "ended": 1])
    }

    /// Refusals of twenty decisions on the eighth day, and whether that is a sudden drop after a tenth before.
    @Test(arguments: [(0, true), (1, false), (2, false)])
    func aSuddenDropOfRefusalsIsNamed(_ denied: Int, _ isDrop: Bool) {
        var report = GovernanceReport()
        for day in 1...7 { for index in 0..<10 { report.take(Self.action(day, isDenied: index == 0)) } }
        for index in 0..<20 { report.take(Self.action(8, isDenied: index < denied)) }
        #expect(report.suddenDrops.map(\.date) == (isDrop ? ["2026-03-08"] : []))
    }

    @Test func latenciesAreThoseOfSettledQuestions() {
        var report = GovernanceReport()
        for seconds in 1...10 {
            report.take(Self.entry("approval.approved", 1, ["seconds": .integer(Int64(seconds))]))
        }
        report.take(Self.entry("approval.raised", 1))
        // Five of ten stayed within five seconds, and nine within nine.
        #expect(report.latency(percent: 50) == 5)
        #expect(report.latency(percent: 90) == 9)
        #expect(report.latency(percent: 100) == 10)
        #expect(report.latency(percent: 0) == 1)
        #expect(report.approvals == ["approved": 10, "raised": 1])
    }

    @Test func whateverAnAgentCallsItsTaskThePageShowsItAsText() {
        var report = GovernanceReport()
        report.take(Self.action(1, isDenied: false, ["task": .string("<script>alert(1)</script>\"'&")]))
        let page = ReportPage.html(report, period: "<b>now</b>")
        #expect(!page.contains("<script"))
        #expect(!page.contains("<b>now"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
        #expect(page.contains("default-src 'none'"))
        #expect(!page.contains("http://") && !page.contains("https://"))
        for word in [" src=", " href=", " style=", " on", "url(", "@import", "unsafe-inline", "<link", "<img"] {
            #expect(!page.contains(word), "\(word)")
        }
    }

    @Test func onlyThePagesOwnStyleCounts() throws {
        let page = ReportPage.html(GovernanceReport(), period: "p")
        let style = try #require(page.split(separator: "<style>").last?.split(separator: "</style>").first)
        let digest = Base64.encode(SHA256.digest(of: Array(style.utf8)).bytes)
        #expect(page.contains("style-src 'sha256-\(digest)'"))
    }

    @Test func barsStandWhereNumbersCanBeCompared() {
        var report = GovernanceReport()
        for index in 0..<4 { report.take(Self.action(1, isDenied: index == 0)) }
        let page = ReportPage.html(report, period: "p")
        func row(_ start: String) -> Substring {
            page.split(separator: "\n").first {
                $0.hasPrefix("<tr><td>\(start)</td>") || $0.hasPrefix("<tr><td>\(start)<")
            } ?? ""
        }
        // Three of the three that were allowed most, one denied of three, and a quarter of all.
        #expect(row("allow").contains("3<svg") && row("allow").contains("width=\"100\""))
        #expect(row("deny").contains("width=\"33\""))
        #expect(row("2026-03-01").contains("25 %<svg") && row("2026-03-01").contains("width=\"25\""))
        #expect(!row("entries read").contains("svg"))
    }

    @Test(arguments: ["\u{202E}gpj", "a\u{0}b", "a\u{1B}[31m", "\u{2028}", "\u{FEFF}x"])
    func nothingInvisibleReachesThePage(_ task: String) {
        let shown = ReportPage.escape(task)
        #expect(shown.contains("?"))
        #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
}
