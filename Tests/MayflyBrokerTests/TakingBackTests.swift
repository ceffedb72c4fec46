@testable internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// What taking something back does to approvals, quotas, budgets and restarts that meet in one request.
struct TakingBackTests {
    /// Money from 50 dollars on is in tier 2, a hundred records in tier 3.
    static let bundle = bundle(window: 600)

    static func bundle(window: Int, quotas: String = "") -> String {
        #"{"policy": "t", "tiers": {"missing": 1, "records": {"tier3": 100}, "cost": {"USD": {"tier2": "50"}}, "#
            + #""window": \#(window), "approval": {"groups": ["finance"], "quorum": 1, "window": "15m"}}, "#
            + #""rules": [\#(ActionBench.allow)], "quotas": [\#(quotas)]}"#
    }

    private static let costly = #"{"cost": {"amount": "60", "currency": "USD"}}"#

    /// Does something in tier 2 with `token`; answers the name of its supervision.
    private static func supervised(_ bench: ActionBench, _ token: String) throws -> String {
        let answer = try bench.ask(token, costly)
        try #require(answer.isAllowed, "\(answer.text)")
        return try #require(answer.context["supervision"]?.objectValue?["id"]?.stringValue, "\(answer.text)")
    }

    private static func reverse(_ bench: ActionBench, _ id: String) throws -> Answer {
        try bench.desk.call(
            "POST", "/api/v1/supervisions/\(id)/reverse", as: "owner:ann", #"{"reason": "wrong account"}"#)
    }

    @Test func whatIsTakenBackTakesTheQuestionsOfItsTokenAlong() throws {
        let bench = try ActionBench(Self.bundle)
        let token = try bench.token()
        let spared = try bench.approved(try bench.token("agent:other", task: "case-9"), id: "3")
        let agreed = try bench.approved(token)
        let waiting = try bench.raise(token, id: "2")
        #expect(try Self.reverse(bench, try Self.supervised(bench, token)).status == 200)
        for id in [agreed, waiting] { #expect(try bench.desk.show(id).string("state") == "superseded") }
        #expect(try bench.desk.show(spared).string("state") == "approved")
        let entries = try bench.desk.entries("approval.superseded")
        #expect(entries.count == 2 && entries.allSatisfy { $0["actor"] == .string("owner:ann") })
        // Another token of the same agent and task finds none of it.
        let answer = try bench.ask(try bench.token())
        #expect(answer.isWithheld("pending") && answer.approvalID != agreed, "\(answer.text)")
    }

    /// A clock that had run ahead leaves no window open, no question waiting and no denial standing until it comes
    /// there again.
    @Test func whatHappenedWhileTheClockRanAheadEndsInTimeOnceTheClockIsAccepted() throws {
        let bench = try ActionBench(Self.bundle)
        bench.world.clock.advance(400 * 86_400)
        let token = try bench.token()
        let id = try Self.supervised(bench, token)
        let denied = try bench.raise(token)
        #expect(try bench.desk.deny(denied, as: "owner:finance-lead").status == 200)
        let waiting = try bench.raise(token, id: "2")
        bench.world.clock.step(-400 * 86_400)
        let world = try World(restarting: bench.world, acceptClock: true)
        world.settle()
        func state(_ path: String) throws -> String? { try world.admin("GET", "/api/v1/" + path).string("state") }
        #expect(try state("supervisions/\(id)") == "open")
        #expect(try state("approvals/\(denied)") == "denied")
        world.clock.advance(600)
        #expect(try state("supervisions/\(id)") == "final")
        world.clock.advance(300)
        #expect(try state("approvals/\(waiting)") != "pending")
        world.clock.advance(ApprovalLimits.memory + Supervision.memory)
        while try world.broker.removeExpired() {}
        #expect(world.broker.state.read { ($0.approvals.count, $0.supervisions.count) } == (0, 0))
        #expect(world.broker.state.read { ($0.approvalIndex.undecidedCount, $0.supervisionIndex.count) } == (0, 0))
    }

    /// Fills up what can be under supervision of one agent, as if it had been let through.
    private static func fill(_ world: World, _ agent: String) throws {
        let agent = try #require(AgentID(agent))
        let now = world.clock.now()
        var draft = world.broker.state.copy()
        for number in 0..<Supervision.maximumByAgent {
            draft.apply(
                .supervision(
                    Supervision(
                        id: "\(number)", asker: "tickets", agent: agent, resource: World.tickets, scope: nil,
                        action: nil, task: "", trace: "", token: "\(number)", chain: [], cost: nil, records: nil,
                        rule: "all", openedAt: now, lapsesAt: now.advanced(bySeconds: 600))))
        }
        let drafted = draft.drafted
        draft = Tables()
        world.broker.state.endDraft()
        world.broker.state.absorb(drafted)
    }

    /// Nothing is spent by what nobody could take back, whatever else it would have spent.
    @Test func whatSupervisionHasNoRoomForSpendsNothing() throws {
        let quotas = ["mint", "action"].map {
            #"{"id": "\#($0)", "on": "\#($0)", "count": 5, "window": "1h", "rationale": "r"}"#
        }
        let bench = try ActionBench(Self.bundle(window: 600, quotas: quotas.joined(separator: ",")))
        let world = bench.world
        let limits = SpendingDesk.details(#""max_calls":3"#)
        let token = try world.minted("agent:root", [("resource", "tickets"), ("task", "case-1"), limits])
        let before = world.broker.state.read { ($0.quotaUses.all.map(\.slots), $0.budgets.all.map(\.remaining)) }
        try Self.fill(world, "agent:root")
        let answer = try bench.ask(token, Self.costly)
        #expect(!answer.isAllowed && answer.context["reason"] == .string("supervision_full"), "\(answer.text)")
        #expect(answer.context["remaining"] == nil && answer.context["reservation"] == nil)
        let minted = try world.token("agent:root", [("resource", "tickets"), ("context", Self.costly)])
        #expect(minted.error == "temporarily_unavailable", "\(minted.text)")
        let after = world.broker.state.read { ($0.quotaUses.all.map(\.slots), $0.budgets.all.map(\.remaining)) }
        #expect(before.0 == after.0 && before.1 == after.1)
        #expect(try bench.desk.entries("action.decided").first?["outcome"] == .string("denied"))
        // What is not in tier 2 goes on.
        #expect(try bench.ask(token, "{}").isAllowed)
    }
}
