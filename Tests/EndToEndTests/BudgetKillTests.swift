import MayflyCrypto
import MayflyModel
import Testing

/// kill -9 in the middle of spending: what was answered is spent, and nothing is spent twice.
@Suite struct BudgetKillTests {
    private static let budget = 240
    private static let workers = 8

    @Test func aBudgetIsReachedExactlyThoughTheBrokerIsKilled() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint(
            "orchestrator",
            [
                ("resource", "tickets"), ("scope", "tickets:read"),
                ("authorization_details", #"[{"type":"mayfly_limits","max_calls":\#(Self.budget)}]"#),
            ])
        let id = try #require(try JWS.parse(Array(token.utf8)).claims()["jti"]?.stringValue)
        // One is given back before: that too must not come undone, or be done again.
        let cancelled = try #require(try context(of: try ask(desk, token))["reservation"]?.stringValue)
        #expect(try settle(desk, cancelled, #"{"calls":0}"#).status == 200)

        let answered = try SpendingCrowd(desk: desk, tokens: [token], workers: Self.workers)
            .spendUntilKilled(after: 40)
        try broker.start()
        #expect(try settle(desk, cancelled, #"{"calls":0}"#).status == 409)
        let first = try context(of: try ask(desk, token))["remaining"]?.objectValue?["calls"]?.integerValue
        let spent = Self.budget - Int(try #require(first)) - 1
        // At most one question of each worker was written down and not answered.
        #expect(answered <= spent && spent <= answered + Self.workers, "\(answered) answered, \(spent) spent")
        // The cancelled one and the one that just asked are in the ledger as well.
        #expect(try allowed(desk, id) == spent + 2)

        var more = 0
        while more <= Self.budget, try ask(desk, token).object["decision"]?.boolValue == true { more += 1 }
        #expect(spent + 1 + more == Self.budget)
        #expect(try context(of: try ask(desk, token))["reason"]?.stringValue == "budget_exhausted")
        #expect(try allowed(desk, id) == Self.budget + 1)
    }

    private func ask(_ desk: Desk, _ token: String) throws -> HTTPAnswer {
        try desk.evaluate(token, "read", "note", "1")
    }

    private func context(of answer: HTTPAnswer) throws -> JSONObject {
        try #require(answer.object["context"]?.objectValue, "\(answer)")
    }

    private func settle(_ desk: Desk, _ reservation: String, _ used: String) throws -> HTTPAnswer {
        try HTTP.send(
            "POST", "/access/v1/settle",
            [("Content-Type", "application/json"), ("Authorization", try desk.basic("tickets"))],
            Array(#"{"reservation":"\#(reservation)","used":\#(used)}"#.utf8), to: desk.broker.port)
    }

    /// Decisions in the ledger that allowed something with the token.
    private func allowed(_ desk: Desk, _ token: String) throws -> Int {
        var count = 0
        var cursor: String?
        repeat {
            let page = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try desk.call("GET", "/api/v1/ledger?token=\(token)&outcome=allowed&limit=500" + page)
            guard answer.status == 200 else { throw HarnessError("\(answer)") }
            count += answer.object["entries"]?.arrayValue?.count ?? 0
            cursor = answer["next_cursor"]
        } while cursor != nil
        return count
    }
}
