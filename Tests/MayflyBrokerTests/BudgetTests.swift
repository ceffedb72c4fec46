internal import MayflyBroker
internal import MayflyModel
internal import Synchronization
internal import Testing

/// A budget belongs to the whole tree, and is spent once.
struct BudgetTests {
    private static func usd(_ amount: String) -> String { #"{"cost":{"amount":"\#(amount)","currency":"USD"}}"# }

    @Test func aBudgetIsSpentToTheLastUnitAndNoFurther() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":3,"max_cost":{"amount":"1.00","currency":"USD"},"max_records":9"#)
        let first = try desk.ask(token, "close", #"{"cost":{"amount":"0.70","currency":"USD"},"records":4}"#)
        #expect(first["decision"] == .bool(true))
        #expect(first.reservation?.utf8.count == 22)
        #expect(first.remaining("calls") == .integer(2) && first.remaining("records") == .integer(5))
        #expect(first.remaining("cost") == .object(["amount": .string("0.3"), "currency": .string("USD")]))
        #expect(
            try desk.reason(token, "close", #"{"cost":{"amount":"0.31","currency":"USD"},"records":1}"#)
                == "budget_exhausted max_cost")
        #expect(
            try desk.reason(token, "close", #"{"cost":{"amount":"0","currency":"USD"},"records":6}"#)
                == "budget_exhausted max_records")
        // What was denied took nothing of any member.
        let exact = try desk.ask(token, "close", #"{"cost":{"amount":"0.30","currency":"USD"},"records":5}"#)
        #expect(exact["decision"] == .bool(true), "\(exact.text)")
        let nothing = #"{"cost":{"amount":"0","currency":"USD"},"records":0}"#
        #expect(try desk.isAllowed(token, "close", nothing))
        #expect(try desk.reason(token, "close", nothing) == "budget_exhausted max_calls")
        #expect(try desk.world.isActive(token))
        let metrics = desk.world.broker.metrics
        #expect(ExhaustedLimit.allCases.map { metrics.exhausted[$0] } == [1, 1, 1])
    }

    @Test func deniedAndForeignQuestionsSpendNothing() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":2"#)
        #expect(try desk.reason(token, "tickets.admin") == "scope_missing tickets.admin")
        #expect(try desk.reason(token, "erase") == "unknown_action")
        #expect(try desk.verify(token, "DELETE").status == 403)
        let mail = Wire.basic("mail", try desk.world.secret(of: "mail"))
        let foreign = try desk.world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, (name: "Authorization", value: mail)],
            body: desk.body(token, "close", "{}"))
        #expect(foreign["decision"] == .bool(false))
        #expect(try desk.allowances(token) == 2)
    }

    @Test func forwardAuthCountsACall() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":3"#)
        #expect(try desk.verify(token).status == 200)
        #expect(try desk.verify(token, "GET").status == 200)
        #expect(try desk.ask(token).remaining("calls") == .integer(0))
        #expect(try desk.verify(token).status == 403)
        #expect(try desk.entry("action.decided")["rule"] == .string("budget_exhausted"))
        #expect(desk.world.broker.state.read { $0.reservations.count } == 1)
    }

    @Test func siblingsShareTheRootsBudget() throws {
        let desk = try SpendingDesk()
        let root = try desk.minted(#""max_calls":6"#)
        let child = try desk.world.delegated(from: "agent:root", parent: root, to: "agent:child")
        let other = try desk.world.delegated(from: "agent:root", parent: root, to: "agent:other")
        #expect(desk.world.broker.state.read { $0.budgets.count } == 1)
        #expect(try desk.isAllowed(child) && desk.isAllowed(other) && desk.isAllowed(root))
        #expect(try desk.ask(child).remaining("calls") == .integer(2))
        #expect(try desk.allowances(other) == 2)
        for token in [root, child, other] { #expect(try desk.reason(token) == "budget_exhausted max_calls") }
    }

    @Test func aChildsSmallerBudgetBoundsItToo() throws {
        let desk = try SpendingDesk()
        let world = desk.world
        let root = try desk.minted(#""max_calls":6"#)
        let child = try world.delegated(
            from: "agent:root", parent: root, to: "agent:child", [SpendingDesk.details(#""max_calls":4"#)])
        let leaf = try world.delegated(
            from: "agent:child", parent: child, to: "agent:leaf", [SpendingDesk.details(#""max_records":1"#)])
        #expect(world.broker.state.read { $0.budgets.count } == 3)
        #expect(try desk.ask(leaf, "view", #"{"records":1}"#).remaining("calls") == .integer(3))
        #expect(try desk.reason(leaf, "view", #"{"records":1}"#) == "budget_exhausted max_records")
        #expect(try desk.allowances(child) == 3)
        #expect(try desk.reason(leaf, "view", #"{"records":0}"#) == "budget_exhausted max_calls")
        #expect(try desk.allowances(root) == 2)
    }

    @Test func aTicketsSmallerLimitIsTheRedeemersAlone() throws {
        let desk = try SpendingDesk()
        let root = try desk.minted(#""max_calls":6"#)
        let limit = [SpendingDesk.details(#""max_calls":2"#)]
        let child = try desk.world.delegated(from: "agent:root", parent: root, to: "agent:child", limit)
        let other = try desk.world.delegated(from: "agent:root", parent: root, to: "agent:other", limit)
        #expect(try desk.allowances(child) == 2)
        #expect(try desk.allowances(other) == 2)
        #expect(try desk.allowances(root) == 2)
    }

    @Test func aLimitThatTheChildBringsInBoundsTheChildAlone() throws {
        let desk = try SpendingDesk()
        let root = try desk.world.minted("agent:root")
        let limit = [SpendingDesk.details(#""max_calls":1"#)]
        let child = try desk.world.delegated(from: "agent:root", parent: root, to: "agent:child", limit)
        #expect(try desk.allowances(child) == 1)
        #expect(try desk.isAllowed(root))
    }

    @Test(arguments: [false, true])
    func sixteenThreadsReachTheBudgetExactly(_ ofSiblings: Bool) throws {
        let desk = try SpendingDesk()
        let world = desk.world
        let root = try desk.minted(#""max_calls":60,"max_cost":{"amount":"5.00","currency":"USD"}"#)
        var tokens = [root]
        if ofSiblings {
            tokens = [
                try world.delegated(from: "agent:root", parent: root, to: "agent:child"),
                try world.delegated(from: "agent:root", parent: root, to: "agent:other"),
            ]
        }
        let holders = tokens
        let allowed = concurrently(16) { index -> Int in
            let token = holders[index % holders.count]
            // Every thread tries past the end.
            return (0..<8).filter { _ in (try? desk.isAllowed(token, "close", Self.usd("0.10"))) ?? false }.count
        }
        #expect(allowed.reduce(0, +) == 50)
        #expect(try desk.reason(root, "close", Self.usd("0.01")) == "budget_exhausted max_cost")
        #expect(try desk.ask(root, "close", Self.usd("0")).remaining("calls") == .integer(9))
    }

    @Test func questionsOfOneRequestSpendInTheirOrder() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":2"#)
        let items = [String](repeating: #"{"action":{"name":"close"}}"#, count: 4).joined(separator: ",")
        let answer = try desk.world.handler.send(
            "POST", "/access/v1/evaluations",
            headers: [Wire.jsonType, (name: "Authorization", value: Wire.basic("tickets", desk.secret))],
            body: #"{"subject":{"type":"access_token","id":"\#(token)"},"resource":{"type":"t","id":"1"},"#
                + #""evaluations":[\#(items)]}"#)
        let decisions = answer["evaluations"]?.arrayValue?.compactMap { $0.objectValue?["decision"]?.boolValue }
        #expect(decisions == [true, true, false, false], "\(answer.text)")
    }

    // MARK: Crash

    @Test func whatWasSpentSurvivesARestart() throws {
        var desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":4"#)
        for spent in 1...4 {
            #expect(try desk.ask(token).remaining("calls") == .integer(Int64(4 - spent)))
            desk = try SpendingDesk(restarting: desk)
        }
        #expect(try desk.reason(token) == "budget_exhausted max_calls")
    }

    /// A crash while a spend is on its way to the disk: it is there with its ledger entry, or neither is.
    @Test(arguments: [true, false])
    func aCrashNeitherLosesNorDoublesASpend(_ commits: Bool) throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":3"#)
        #expect(try desk.isAllowed(token))
        let before = try desk.world.store.head().ledgerSize
        if commits {
            #expect(try desk.isAllowed(token))
        } else {
            desk.world.store.fail(.inputOutput(code: 5))
            #expect(try desk.ask(token).status == 503)
            desk.world.store.fail(nil)
        }
        let again = try SpendingDesk(restarting: desk)
        // The start is an entry too, written when the broker gets to it.
        again.world.settle()
        #expect(try desk.world.store.head().ledgerSize - before == (commits ? 2 : 1))
        #expect(try again.allowances(token) == (commits ? 1 : 2))
    }

    @Test func aBudgetWithoutItsRecordHasNothingLeft() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_records":3"#)
        let claims = try #require(desk.world.broker.verifier.verify(Array(token.utf8), as: .accessToken)?.claims)
        let key = RecordKey(kind: .budget, key: Array(claims.tokenID.utf8))
        desk.world.broker.stop()
        var batch = Batch(head: try desk.world.store.head())
        batch.deletes = [key]
        try desk.world.store.commit(batch)
        let again = try SpendingDesk(restarting: desk)
        #expect(try again.reason(token, "close", #"{"records":0}"#) == "budget_exhausted max_records")
    }

    @Test func budgetsAndReservationsGoWithTheirTree() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_calls":3"#)
        #expect(try desk.isAllowed(token))
        #expect(desk.world.broker.state.read { ($0.budgets.count, $0.reservations.count) } == (1, 1))
        desk.world.clock.advance(329)
        while try desk.world.broker.removeExpired() {}
        #expect(desk.world.broker.state.read { ($0.budgets.count, $0.reservations.count) } == (1, 1))
        desk.world.clock.advance(2)
        _ = try desk.world.adminToken()
        while try desk.world.broker.removeExpired() {}
        #expect(desk.world.broker.state.read { ($0.budgets.count, $0.reservations.count) } == (0, 0))
        var left = 0
        try desk.world.store.loadRecords { if [.budget, .reservation].contains($0.key.kind) { left += 1 } }
        #expect(left == 0)
    }

    /// The sum of two amounts may have more digits than one may be written with; it is stored whole all the same.
    @Test func aSumOfManyDigitsIsReadBack() throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(#""max_cost":{"amount":"100000000000000000","currency":"USD"}"#)
        #expect(try desk.isAllowed(token, "close", Self.usd("0.00000000000000001")))
        #expect(try desk.isAllowed(token, "close", Self.usd("99999999999999999")))
        let again = try SpendingDesk(restarting: desk)
        #expect(try again.reason(token, "close", Self.usd("1")) == "budget_exhausted max_cost")
        #expect(
            try again.ask(token, "close", Self.usd("0.5")).remaining("cost")?.objectValue?["amount"]
                == .string("0.49999999999999999"))
    }
}
