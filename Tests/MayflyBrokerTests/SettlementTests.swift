internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// What an action reserved and did not use comes back: once, to its tree, and never more than that.
struct SettlementTests {
    private static let limits = #""max_calls":5,"max_cost":{"amount":"10.00","currency":"USD"},"max_records":100"#
    private static let question = #"{"cost":{"amount":"8.00","currency":"USD"},"records":60}"#

    private struct Open {
        let desk: SpendingDesk
        let token: String
        let reservation: String

        init() throws {
            desk = try SpendingDesk()
            token = try desk.minted(SettlementTests.limits)
            reservation = try #require(try desk.ask(token, "close", SettlementTests.question).reservation)
        }
    }

    @Test func whatWasNotUsedMayBeSpentAgain() throws {
        let open = try Open()
        let (desk, token) = (open.desk, open.token)
        #expect(try desk.reason(token, "close", Self.question) == "budget_exhausted max_cost")
        let settled = try desk.settle(open.reservation, #"{"cost":{"amount":"1.25","currency":"USD"},"records":10}"#)
        #expect(settled.status == 200, "\(settled.text)")
        #expect(settled["reservation"] == .string(open.reservation))
        #expect(
            settled["returned"]
                == .object([
                    "cost": .object(["amount": .string("6.75"), "currency": .string("USD")]), "records": .integer(50),
                ]))
        #expect(settled.remaining("calls") == .integer(4) && settled.remaining("records") == .integer(90))
        let again = try desk.ask(token, "close", Self.question)
        #expect(again["decision"] == .bool(true))
        #expect(again.remaining("cost") == .object(["amount": .string("0.75"), "currency": .string("USD")]))
    }

    @Test func aCancelledCallGivesAllOfItBack() throws {
        let open = try Open()
        let settled = try open.desk.settle(
            open.reservation, #"{"calls":0,"cost":{"amount":"0","currency":"USD"},"records":0}"#)
        #expect(settled.remaining("calls") == .integer(5) && settled.remaining("records") == .integer(100))
        #expect(settled.remaining("cost") == .object(["amount": .string("10"), "currency": .string("USD")]))
        #expect(try open.desk.entry("budget.settled")["rule"] == .string("budget.cancelled"))
    }

    @Test func whatIsNotStatedWasUsed() throws {
        let open = try Open()
        let settled = try open.desk.settle(open.reservation, "{}")
        #expect(settled.status == 200 && settled["returned"] == .object([:]))
        #expect(settled.remaining("records") == .integer(40))
        let entry = try open.desk.entry("budget.settled")
        #expect(entry["records"] == .integer(60))
        #expect(entry["cost"] == .object(["amount": .string("8"), "currency": .string("USD")]))
    }

    @Test func aReservationIsSettledOnceAndTwiceGainsNothing() throws {
        let open = try Open()
        let used = #"{"records":10}"#
        let statuses = concurrently(8) { _ in (try? open.desk.settle(open.reservation, used).status) ?? 0 }
        #expect(statuses.sorted() == [200] + [Int](repeating: 409, count: 7))
        let restarted = try SpendingDesk(restarting: open.desk)
        let late = try restarted.settle(open.reservation, used)
        #expect(late.status == 409)
        #expect(late.text.contains("settled before"))
        #expect(
            try restarted.ask(open.token, "close", #"{"cost":{"amount":"0","currency":"USD"},"records":0}"#)
                .remaining("records") == .integer(90))
    }

    @Test func anotherResourceOrAdministratorCannotSettleIt() throws {
        let open = try Open()
        let world = open.desk.world
        let unknown = try open.desk.settle("AAAAAAAAAAAAAAAAAAAAAA", "{}")
        #expect(unknown.status == 409)
        let foreign = try open.desk.settle(
            open.reservation, "{}", basic: Wire.basic("mail", try world.secret(of: "mail")))
        #expect(foreign.status == 409 && foreign.text == unknown.text)
        let admin = try open.desk.settle(
            open.reservation, "{}", basic: "Bearer \(try world.adminToken("mayfly.introspect"))")
        #expect(admin.status == 409 && admin.text == unknown.text)
        for (credential, status) in [
            ("Bearer \(open.token)", 401), (Wire.basic("tickets", "wrong"), 401),
            ("Bearer \(try world.adminToken("mayfly.read"))", 403),
        ] {
            #expect(try open.desk.settle(open.reservation, "{}", basic: credential).status == status)
        }
        #expect(try open.desk.settle(open.reservation, #"{"calls":0}"#).status == 200)
    }

    @Test(arguments: [
        #"{"cost":{"amount":"8.01","currency":"USD"}}"#, #"{"cost":{"amount":"1","currency":"EUR"}}"#,
        #"{"records":61}"#, #"{"records":-1}"#, #"{"calls":2}"#, #"{"calls":-1}"#, #"{"calls":0,"records":1}"#,
        #"{"calls":0,"cost":{"amount":"0.01","currency":"USD"}}"#, #"{"cost":"8"}"#, #"{"cost":{"amount":8}}"#,
        #"{"records":"1"}"#, #"{"records":1.5}"#, #"{"tokens":1}"#, "[]", "5",
    ])
    func whatCannotHaveBeenUsedIsRefusedWithoutEffect(_ used: String) throws {
        let open = try Self.shared.get()
        let answer = try open.desk.settle(open.reservation, used)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.text.hasPrefix("\"") && answer["remaining"] == nil)
        #expect(open.desk.world.broker.state.read { $0.reservations[open.reservation]?.amounts.records } == 60)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"used":{}}"#, #"{"reservation":5,"used":{}}"#, #"{"reservation":"x"}"#,
        #"{"reservation":"x","used":{},"more":1}"#,
        #"{"reservation":"\#(String(repeating: "x", count: TokenID.maximumLength + 1))","used":{}}"#,
    ])
    func malformedSettlementIsRefused(_ body: String) throws {
        #expect(try Self.shared.get().desk.send(body).status == 400)
    }

    private static let shared = Result { try Open() }

    @Test func everyBudgetOfTheChainGetsItBack() throws {
        let desk = try SpendingDesk()
        let root = try desk.minted(#""max_calls":9,"max_records":100"#)
        let child = try desk.world.delegated(
            from: "agent:root", parent: root, to: "agent:child", [SpendingDesk.details(#""max_records":50"#)])
        let reservation = try #require(try desk.ask(child, "close", #"{"records":40}"#).reservation)
        #expect(try desk.reason(child, "close", #"{"records":11}"#) == "budget_exhausted max_records")
        #expect(try desk.settle(reservation, #"{"records":1}"#).remaining("records") == .integer(49))
        #expect(try desk.ask(root, "close", #"{"records":0}"#).remaining("records") == .integer(99))
        #expect(try desk.ask(child, "close", #"{"records":49}"#)["decision"] == .bool(true))
    }

    @Test func aLateSettlementReachesWhatIsLeftOfTheTree() throws {
        let desk = try SpendingDesk()
        let root = try desk.minted(#""max_calls":3"#, [("lifetime", "300")])
        let child = try desk.world.delegated(
            from: "agent:root", parent: root, to: "agent:child",
            [SpendingDesk.details(#""max_calls":2,"timeout":30"#)])
        let reservation = try #require(try desk.ask(child).reservation)
        desk.world.clock.advance(120)
        while try desk.world.broker.removeExpired() {}
        #expect(desk.world.broker.state.read { $0.budgets.count } == 1)
        #expect(try desk.settle(reservation, #"{"calls":0}"#).remaining("calls") == .integer(3))
        let last = try #require(try desk.ask(root).reservation)
        desk.world.clock.advance(220)
        #expect(try desk.settle(last, "{}").status == 409)
    }

    @Test func openReservationsAreBounded() throws {
        let desk = try SpendingDesk()
        let most = Int(Budget.maximumReservations)
        let token = try desk.minted(#""max_calls":\#(most + 2)"#)
        var reservations: [String] = []
        for _ in 0..<most { reservations.append(try #require(try desk.ask(token).reservation)) }
        // One past it is allowed and spent for good.
        let past = try desk.ask(token)
        #expect(past["decision"] == .bool(true) && past.reservation == nil)
        #expect(past.remaining("calls") == .integer(1))
        #expect(desk.world.broker.state.read { $0.reservations.count } == most)
        // A settled one makes room, also after a start.
        let again = try SpendingDesk(restarting: desk)
        #expect(try again.settle(try #require(reservations.first), "{}").status == 200)
        #expect(try again.ask(token).reservation != nil)
        #expect(try again.reason(token) == "budget_exhausted max_calls")
    }

    @Test func theLedgerSaysWhatWasTakenAndWhatWasUsed() throws {
        let open = try Open()
        let decided = try open.desk.entry("action.decided")
        #expect(decided["cost"] == .object(["amount": .string("8"), "currency": .string("USD")]))
        #expect(decided["records"] == .integer(60))
        #expect(decided["reservation"] == .string(open.reservation))
        _ = try open.desk.settle(open.reservation, #"{"records":7}"#)
        let settled = try open.desk.entry("budget.settled")
        #expect(settled["records"] == .integer(7) && settled["rule"] == .string("budget.used"))
        #expect(settled["actor"] == .string("tickets") && settled["agent"] == .string("agent:root"))
        #expect(settled["token"] == decided["token"] && settled["task"] == decided["task"])
        // A question of an unlimited token states a cost to nobody.
        let free = try open.desk.world.minted("agent:other", [("resource", "tickets")])
        #expect(try open.desk.isAllowed(free, "close", Self.question))
        let entry = try open.desk.entry("action.decided")
        #expect(entry["cost"] == nil && entry["records"] == nil && entry["reservation"] == nil)
    }

    /// Settling in any order and any way never lets a tree spend more than its budget.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func noSequenceOfSettlementsGainsAnything(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var desk = try SpendingDesk()
        let root = try desk.minted(#""max_calls":40,"max_records":100"#)
        let child = try desk.world.delegated(
            from: "agent:root", parent: root, to: "agent:child", [SpendingDesk.details(#""max_records":60"#)])
        var open: [(id: String, records: Int64, isChild: Bool)] = []
        var closed: [String] = []
        var (used, usedByChild): (Int64, Int64) = (0, 0)
        for step in 0..<150 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                let (isChild, records) = (Bool.random(using: &random), Int64.random(in: 0...30, using: &random))
                let answer = try desk.ask(isChild ? child : root, "close", #"{"records":\#(records)}"#)
                let fits = used + records <= 100 && (!isChild || usedByChild + records <= 60)
                guard answer["decision"] == .bool(true) else {
                    let isOutOfCalls = answer.context["about"] == .string("max_calls")
                    #expect(!fits || isOutOfCalls, "seed \(seed) step \(step): \(answer.text)")
                    continue
                }
                #expect(fits, "seed \(seed) step \(step)")
                used += records
                if isChild { usedByChild += records }
                open.append((try #require(answer.reservation), records, isChild))
            case 3:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let reserved = open.remove(at: index)
                let spent = Int64.random(in: 0...reserved.records, using: &random)
                #expect(try desk.settle(reserved.id, #"{"records":\#(spent)}"#).status == 200)
                used -= reserved.records - spent
                if reserved.isChild { usedByChild -= reserved.records - spent }
                closed.append(reserved.id)
            case 4:
                guard let replayed = closed.randomElement(using: &random) else { continue }
                #expect(try desk.settle(replayed, #"{"calls":0}"#).status == 409)
            default: if step % 10 == 0 { desk = try SpendingDesk(restarting: desk) }
            }
        }
        let spent = desk.world.broker.state.read { tables in tables.budgets.all.map(\.records).sorted() }
        #expect(spent == [usedByChild, used].sorted(), "seed \(seed)")
    }
}
