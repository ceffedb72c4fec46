import MayflyModel
import Testing

@testable import mayfly

/// What the report counts, and that its page cannot be made to do anything.
@Suite struct GovernanceReportTests {
    private static func entry(_ event: String, _ day: Int = 1, _ members: JSONObject = [:]) -> JSONObject {
        var entry: JSONObject = [
            "time": .string("2026-03-\(day < 10 ? "0" : "")\(day)T10:00:00.000Z"), "event": .string(event),
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

    @Test func aMissingFieldIsFoundByItsName() {
        var report = GovernanceReport()
        report.take(Self.action(1, isDenied: false))
        var bare = Self.action(1, isDenied: false)
        bare["rule"] = nil
        report.take(bare)
        let kind = report.completeness.first { $0.event == "action.decided" }
        #expect(kind?.entries == 2)
        #expect(kind?.complete == 1)
        #expect(kind?.missing == ["rule": 1])
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
        #expect(report.latency(percent: 50) == 6)
        #expect(report.latency(percent: 90) == 10)
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
    }
}
