@testable import MayflyBroker
import MayflyCrypto
import MayflyModel
import MayflyPolicy
import Testing

/// Quotas at the mint and at the tool: what they let through, what they refuse, and who is told what.
struct QuotaTests {
    /// A broker under a bundle that allows everything within these quotas.
    private static func desk(_ quotas: String..., rules: String = allow) throws -> SpendingDesk {
        let desk = try SpendingDesk()
        try apply(desk.world, quotas, rules: rules)
        return desk
    }

    private static let allow = #"{"id": "all", "decision": "allow", "rationale": "r"}"#

    private static func apply(
        _ world: World, _ quotas: [String], rules: String = allow, mode: String = "enforce"
    ) throws {
        let answer = try world.admin(
            "POST", "/api/v1/policies",
            #"{"bundle": {"policy": "t", "rules": [\#(rules)], "quotas": [\#(quotas.joined(separator: ","))]}, "#
                + #""rationale": "test", "mode": "\#(mode)"}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private static func quota(
        _ id: String, _ count: Int, per: String = "agent", window: String = "1h", on: String = "action",
        _ match: String = ""
    ) -> String {
        #"{"id": "\#(id)", "on": "\#(on)", "count": \#(count), "window": "\#(window)", "per": "\#(per)", "#
            + #""rationale": "because of \#(id)", "match": {\#(match)}}"#
    }

    private static let form: Form = [("resource", "tickets"), ("scope", "tickets.write")]

    @Test func anActionPastTheQuotaIsDeniedUntilTheFirstHaveLeft() throws {
        let desk = try Self.desk(Self.quota("closing", 3, #""scopes": ["tickets.write"]"#))
        let token = try desk.world.minted("agent:root", [("resource", "tickets"), ("lifetime", "3600")])
        #expect(try desk.allowances(token) == 3)
        let denied = try desk.ask(token)
        #expect(denied.status == 200 && denied["decision"] == .bool(false))
        #expect(denied.context["reason"] == .string("quota_exhausted"))
        #expect(denied.context["about"] == .string("quota.closing"))
        #expect(denied.context["retry_after"] == .integer(3600))
        let policy = denied.context["policy"]?.objectValue
        #expect(policy?["decision"] == .string("deny") && policy?["rule"] == .string("quota.closing"))
        #expect(policy?["reason"] == .string("because of closing"))
        let entry = try desk.entry("action.decided")
        #expect(entry["outcome"] == .string("denied") && entry["decision"] == .string("deny"))
        #expect(entry["rule"] == .string("quota.closing") && entry["reason"] == .string("because of closing"))
        // What the quota is not about is not counted, and refusals are not either.
        for _ in 0..<5 { #expect(try desk.isAllowed(token, "view")) }
        desk.world.clock.advance(3599)
        let late = try desk.world.minted("agent:root", [("resource", "tickets")])
        #expect(try desk.ask(late).context["retry_after"] == .integer(1))
        desk.world.clock.advance(1)
        #expect(try desk.allowances(late) == 3)
        #expect(desk.world.broker.metrics.quotaRefusals[.action] == 4)
    }

    @Test func anotherTokenOfTheAgentGainsNothingAndAnotherAgentHasItsOwn() throws {
        let desk = try Self.desk(Self.quota("closing", 2))
        for _ in 0..<2 { #expect(try desk.isAllowed(try desk.world.minted("agent:root", Self.form))) }
        #expect(try !desk.isAllowed(try desk.world.minted("agent:root", Self.form)))
        #expect(try desk.allowances(try desk.world.minted("agent:other", Self.form)) == 2)
    }

    @Test func whoHoldsTheTokenIsCountedAndNotWhoHandedItOn() throws {
        let desk = try Self.desk(Self.quota("closing", 2))
        let parent = try desk.world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.write")])
        let child = try desk.world.delegated(from: "agent:root", parent: parent, to: "agent:child")
        #expect(try desk.allowances(child) == 2)
        #expect(try desk.allowances(parent) == 2)
        // The sub-agent's own token counts with the one that was handed to it.
        #expect(try desk.allowances(try desk.world.minted("agent:child", Self.form)) == 0)
    }

    @Test func agentsOfOneOwnerShareAQuotaPerOwner() throws {
        let desk = try Self.desk(Self.quota("closing", 3, per: "owner"))
        let (root, child) = (
            try desk.world.minted("agent:root", Self.form), try desk.world.minted("agent:child", Self.form)
        )
        #expect(try desk.isAllowed(root))
        #expect(try desk.isAllowed(child))
        #expect(try desk.isAllowed(root))
        #expect(try desk.reason(child) == "quota_exhausted quota.closing")
        #expect(try desk.allowances(try desk.world.minted("agent:other", Self.form)) == 3)
        // Who moves to another owner draws on that owner's.
        #expect(
            try desk.world.change("/api/v1/agents/agent:child") { $0["owner"] = .string("owner:bob") }.status == 200)
        #expect(try desk.allowances(try desk.world.minted("agent:child", Self.form)) == 0)
    }

    @Test func everyMatchingQuotaMustHaveRoomAndNoneIsSpentByARefusal() throws {
        let desk = try Self.desk(
            Self.quota("few", 2, #""actions": ["close"]"#), Self.quota("many", 4, window: "2h"))
        let token = try desk.world.minted("agent:root", [("resource", "tickets")])
        #expect(try desk.allowances(token) == 2)
        for _ in 0..<5 { #expect(try desk.reason(token) == "quota_exhausted quota.few") }
        #expect(try desk.isAllowed(token, "view"))
        #expect(try desk.isAllowed(token, "view"))
        // Both are used up: the one that takes longer is named.
        #expect(try desk.reason(token) == "quota_exhausted quota.many")
        #expect(try desk.ask(token).context["retry_after"] == .integer(7200))
    }

    @Test func aQuotaAndABudgetAreSpentTogetherOrNotAtAll() throws {
        let desk = try Self.desk(Self.quota("closing", 3))
        let small = try desk.minted(#""max_calls":2"#)
        #expect(try desk.allowances(small) == 2)
        // The budget refuses, and the quota is as it was.
        for _ in 0..<3 { #expect(try desk.reason(small) == "budget_exhausted max_calls") }
        let large = try desk.minted(#""max_calls":9"#)
        #expect(try desk.ask(large).remaining("calls") == .integer(8))
        // The quota refuses, and the budget is as it was.
        for _ in 0..<3 { #expect(try desk.reason(large) == "quota_exhausted quota.closing") }
        try Self.apply(desk.world, [])
        let after = try desk.minted(#""max_calls":9"#)
        #expect(try desk.ask(after).remaining("calls") == .integer(8))
        try Self.apply(desk.world, [Self.quota("closing", 5)])
        #expect(desk.world.broker.state.read { tables in tables.budgets.all.map(\.calls).sorted() } == [1, 1, 2])
    }

    @Test func aTokenPastTheQuotaIsAnswered429() throws {
        let desk = try Self.desk(Self.quota("tokens", 2, on: "mint", #""scopes": ["tickets.write"]"#))
        for _ in 0..<2 { _ = try desk.world.minted("agent:root", Self.form) }
        let refused = try desk.world.token("agent:root", Self.form)
        #expect(refused.status == 429 && refused.error == "temporarily_unavailable")
        #expect(refused.header("Retry-After") == "3600")
        let policy = refused["policy"]?.objectValue
        #expect(policy?["decision"] == .string("deny") && policy?["rule"] == .string("quota.tokens"))
        let entry = try desk.entry("token.refused")
        #expect(entry["rule"] == .string("quota.tokens") && entry["reason"] == .string("because of tokens"))
        #expect(entry["token"] == nil)
        // Another scope is not what the quota is about; naming none asks for all.
        #expect(try desk.world.token("agent:root", [("resource", "tickets"), ("scope", "tickets.read")]).status == 200)
        #expect(try desk.world.token("agent:root", [("resource", "tickets")]).status == 429)
        desk.world.clock.advance(3600)
        #expect(try desk.world.token("agent:root", Self.form).status == 200)
        #expect(desk.world.broker.metrics.quotaRefusals[.mint] == 2)
    }

    @Test func aTicketStaysGoodWhenTheQuotaRefusesItsToken() throws {
        let desk = try Self.desk(Self.quota("tokens", 1, window: "1m", on: "mint"))
        let parent = try desk.world.minted("agent:root", Self.form)
        _ = try desk.world.minted("agent:child", Self.form)
        desk.world.clock.advance(30)
        // A ticket is no token: it is counted when it is redeemed, for who redeems it.
        let ticket = try desk.world.ticket("agent:root", parent: parent, for: "agent:child")
        #expect(ticket.status == 200)
        let refused = try desk.world.redeem("agent:child", ticket: ticket.accessToken)
        #expect(refused.status == 429 && refused.header("Retry-After") == "30")
        desk.world.clock.advance(30)
        #expect(try desk.world.redeem("agent:child", ticket: ticket.accessToken).status == 200)
        #expect(try desk.world.redeem("agent:child", ticket: ticket.accessToken).status == 400)
    }

    @Test func aProxyHears403AndWhenToAskAgain() throws {
        let desk = try Self.desk(Self.quota("posts", 1, #""actions": ["http.post"]"#))
        let token = try desk.world.minted("agent:root", [("resource", "tickets")])
        #expect(try desk.verify(token).status == 200)
        let refused = try desk.verify(token)
        #expect(refused.status == 403 && refused.header("Retry-After") == "3600")
        #expect(try desk.verify(token, "GET").status == 200)
    }

    @Test func aShadowSpendsNothingAndRefusesNothing() throws {
        let desk = try SpendingDesk()
        try Self.apply(desk.world, [Self.quota("closing", 1), Self.quota("tokens", 1, on: "mint")], mode: "shadow")
        let token = try desk.world.minted("agent:root", Self.form)
        _ = try desk.world.minted("agent:root", Self.form)
        #expect(try desk.allowances(token, atMost: 5) == 5)
        #expect(desk.world.broker.state.read { $0.quotaUses.count } == 0)
    }

    @Test func whatWasCountedUnderANameStaysWhateverTheBundleSays() throws {
        let desk = try Self.desk(Self.quota("closing", 3))
        func allowed() throws -> Int { try desk.allowances(try desk.world.minted("agent:root", Self.form)) }
        #expect(try allowed() == 3)
        try Self.apply(desk.world, [Self.quota("closing", 5)])
        #expect(try allowed() == 2)
        try Self.apply(desk.world, [Self.quota("closing", 4)])
        #expect(try allowed() == 0)
        // Another name begins at nothing, and the old one is remembered while it is away.
        try Self.apply(desk.world, [Self.quota("others", 1)])
        #expect(try allowed() == 1)
        try Self.apply(desk.world, [Self.quota("closing", 6)])
        #expect(try allowed() == 1)
        desk.world.clock.advance(600)
        try Self.apply(desk.world, [Self.quota("closing", 6, window: "5m")])
        #expect(try allowed() == 6)
        // A longer window takes up what the shorter one still knew.
        desk.world.clock.advance(200)
        try Self.apply(desk.world, [Self.quota("closing", 7, window: "1d")])
        #expect(try allowed() == 1)
    }

    /// The policy is rolled back and put in force again while an action is decided: nobody has asked it.
    @Test func whatTheBundleInForceWasNotAskedIsNotAllowed() throws {
        let desk = try Self.desk(Self.quota("closing", 1))
        let compact = Array(try desk.world.minted("agent:root", Self.form).utf8)
        let broker = desk.world.broker
        let tickets = try #require(ResourceName("tickets"))
        let token = try #require(broker.verification.introspect(compact[...], for: .resource(tickets)))
        func decide(_ number: Int64) throws -> ActionDecision {
            let resource = try #require(broker.state.read { $0.resources[tickets] })
            let command = DecisionCommand(
                decision: .allow(rule: "grant.scope", notAfter: token.claims.expiresAt),
                active: VerificationService.ActiveToken(token: token, resource: resource), proof: nil,
                amounts: .nothing,
                reservation: nil, consent: nil, asker: "tickets", policy: nil, policyNumber: number, supervision: nil,
                event: LedgerEvent(.actionDecided, .allowed, actor: "tickets"))
            let moment = Moment(now: broker.clock.now(), epoch: 1)
            return try broker.state.read { try command.decide($0, moment).answer.decision }
        }
        #expect(try decide(1) == .deny(.policyChanged))
        #expect(try desk.world.admin("POST", "/api/v1/policies/0/activate", #"{"rationale": "r"}"#).status == 200)
        #expect(try decide(0).isAllowed)
    }

    @Test func whatWasCountedOutlivesARestart() throws {
        let desk = try Self.desk(Self.quota("closing", 3))
        let token = try desk.world.minted("agent:root", Self.form)
        #expect(try desk.isAllowed(token))
        #expect(try desk.isAllowed(token))
        let again = try SpendingDesk(restarting: desk)
        #expect(try again.allowances(token) == 1)
        #expect(try again.reason(token) == "quota_exhausted quota.closing")
    }

    @Test func aCommitThatFailsSpendsNothing() throws {
        let desk = try Self.desk(Self.quota("closing", 2))
        let token = try desk.world.minted("agent:root", Self.form)
        desk.world.store.fail(.full)
        for _ in 0..<4 { #expect(try desk.ask(token).status == 503) }
        desk.world.store.fail(nil)
        #expect(try desk.allowances(token) == 2)
    }

    @Test func whatHasLeftEveryWindowIsForgotten() throws {
        let desk = try Self.desk(Self.quota("closing", 3, window: "10m"))
        #expect(try desk.isAllowed(try desk.world.minted("agent:root", Self.form)))
        func records() -> Int { desk.world.broker.state.read { $0.quotaUses.count } }
        func clean() throws { while try desk.world.broker.removeExpired() {} }
        desk.world.clock.advance(599)
        try clean()
        #expect(records() == 1)
        desk.world.clock.advance(81)
        _ = try desk.world.adminToken()
        try clean()
        #expect(records() == 0)
        var stored = 0
        try desk.world.store.loadRecords { if $0.key.kind == .quota { stored += 1 } }
        #expect(stored == 0)
    }

    @Test(arguments: [-3, -100_000])
    func aClockThatStepsBackFreesNothing(_ step: Int64) throws {
        let desk = try Self.desk(Self.quota("closing", 2, window: "1m"))
        let token = try desk.world.minted("agent:root", Self.form)
        #expect(try desk.allowances(token) == 2)
        desk.world.clock.step(step)
        #expect(try desk.reason(token) == "quota_exhausted quota.closing")
        desk.world.clock.advance(58)
        #expect(try desk.reason(token) == "quota_exhausted quota.closing")
        desk.world.clock.advance(70)
        #expect(try desk.allowances(token) == 2)
    }

    @Test func anAcceptedStepBackIsWaitedForNoLongerThanAWindow() throws {
        let desk = try Self.desk(Self.quota("closing", 2))
        desk.world.clock.advance(400 * 86_400)
        #expect(try desk.allowances(try desk.world.minted("agent:root", Self.form)) == 2)
        desk.world.clock.step(-400 * 86_400)
        let world = try World(restarting: desk.world, acceptClock: true)
        world.settle()
        let again = try SpendingDesk(world)
        #expect(try again.allowances(try world.minted("agent:root", Self.form)) == 0)
        world.clock.advance(3600)
        #expect(try again.allowances(try world.minted("agent:root", Self.form)) == 2)
    }

    /// Sixteen threads at once, time and again: exactly as many get through as may, in the ledger too.
    @Test(arguments: ["agent", "owner"])
    func manyThreadsReachAQuotaExactly(_ per: String) throws {
        let desk = try Self.desk(
            Self.quota("closing", 37, per: per),
            Self.quota("tokens", 20, per: per, on: "mint", #""agents": ["agent:child"]"#))
        let tokens = [
            try desk.world.minted("agent:root", Self.form), try desk.world.minted("agent:root", Self.form),
        ]
        let allowed = concurrently(16) { index -> Int in
            (0..<6).count { round in (try? desk.isAllowed(tokens[(index + round) % 2])) ?? false }
        }
        #expect(allowed.reduce(0, +) == 37)
        let minted = concurrently(16) { _ in
            (0..<3).count { _ in (try? desk.world.token("agent:child", Self.form).status) == 200 }
        }
        #expect(minted.reduce(0, +) == 20)
        let entries = try desk.world.store.ledgerEntries(in: 0..<1_000_000)
        #expect(entries.count { $0.terms.event == "action.decided" && $0.terms.outcome == "allowed" } == 37)
        #expect(entries.count { $0.terms.event == "token.issued" && $0.terms.agent == "agent:child" } == 20)
    }

    /// Random questions, clocks, restarts and clean-ups: the ledger never shows more than a quota's count in its
    /// window.
    @Test func theLedgerNeverShowsMoreThanAQuotaAllows() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var desk = try Self.desk(
            Self.quota("short", 3, window: "2m"), Self.quota("long", 9, per: "owner", window: "20m"))
        var steps = 0
        for _ in 0..<250 {
            let agent = ["agent:root", "agent:child", "agent:other"].randomElement(using: &random) ?? "agent:root"
            desk.world.clock.advance(Int64.random(in: 0...40, using: &random))
            let token = try desk.world.minted(agent, Self.form)
            for _ in 0..<Int.random(in: 1...3, using: &random) { _ = try desk.ask(token) }
            switch Int.random(in: 0..<25, using: &random) {
            case 0: desk = try SpendingDesk(restarting: desk)
            case 1...4: while try desk.world.broker.removeExpired() {}
            // Further back nothing is minted.
            case 5 where steps < 2:
                desk.world.clock.step(-2)
                steps += 1
            default: break
            }
        }
        let allowed = try desk.world.store.ledgerEntries(in: 0..<1_000_000)
            .filter { $0.terms.event == "action.decided" && $0.terms.outcome == "allowed" }
        #expect(allowed.count > 60, "seed \(seed)")
        for entry in allowed {
            func others(_ seconds: Int64, _ isSame: (LedgerEntry) -> Bool) -> Int {
                allowed.count {
                    isSame($0) && entry.time <= $0.time && $0.time < entry.time.advanced(bySeconds: seconds)
                }
            }
            #expect(others(120) { $0.terms.agent == entry.terms.agent } <= 3, "seed \(seed)")
            #expect(others(1200) { $0.terms.owner == entry.terms.owner } <= 9, "seed \(seed)")
        }
    }

    @Test func anAgreementOfPeopleIsNotUsedUpByARefusal() throws {
        let bench = try ApprovalBench(governance: PolicyGovernance())
        try Self.apply(
            bench.world, [Self.quota("tokens", 1, window: "5m", on: "mint")],
            rules: Self.allow
                + #", {"id": "people", "decision": "require_approval", "rationale": "r", "#
                + #""match": {"scopes": ["tickets.write"]}, "approval": {"groups": ["finance"]}}"#)
        _ = try bench.approved()
        #expect(try bench.ask([("resource", "tickets"), ("scope", "tickets.read")]).status == 200)
        #expect(try bench.ask().status == 429)
        bench.world.clock.advance(300)
        #expect(try bench.ask().status == 200)
        #expect(try bench.ask().error == "authorization_pending")
    }
}
