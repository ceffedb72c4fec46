import MayflyModel
import Testing

/// kill -9 while a quota is spent: what was answered is counted, nothing is counted twice, and none gets more.
@Suite struct QuotaKillTests {
    private static let count = 240
    private static let workers = 8
    private static let bundle = """
        policy: quotas
        rules:
        - {id: all, decision: allow, rationale: what the registry allows}
        quotas:
        - id: reading
          on: action
          match: {scopes: ["tickets:read"]}
          count: \(count)
          window: 1d
          per: agent
          rationale: enough for a day
        - {id: tokens, on: mint, count: 60, window: 1h, per: owner, rationale: enough for an hour}
        """

    @Test func aQuotaIsReachedExactlyThoughTheBrokerIsKilled() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let file = broker.folder.path + "/quotas.yaml"
        try Files.write(Self.bundle, to: file, mode: 0o644)
        let applied = try mayfly(broker, ["policy", "apply", file, "--rationale", "test"])
        #expect(applied.status == 0, "\(applied)")
        let fields = [("resource", "tickets"), ("scope", "tickets:read")]
        // Two tokens: the quota is the agent's.
        let tokens = try (0..<2).map { _ in try desk.mint("orchestrator", fields) }

        var answered = 0
        for goal in [40, 80] {
            answered += try SpendingCrowd(desk: desk, tokens: tokens, workers: Self.workers)
                .spendUntilKilled(after: goal - answered)
            try broker.start()
        }
        let spent = try allowed(desk)
        // At most one question of each worker was written down and not answered, in each round.
        #expect(answered <= spent && spent <= answered + 2 * Self.workers, "\(answered) answered, \(spent) spent")
        let review = try mayfly(broker, ["agent", "review", "orchestrator", "--json"])
        let used = (try JSONParser.parseObject(Array(review.output.utf8)))["quotas"]?.arrayValue?
            .compactMap(\.objectValue).first { $0["quota"] == .string("reading") }
        #expect(used?["used"] == .integer(Int64(spent)), "\(review)")

        var more = 0
        while more <= Self.count, try ask(desk, tokens[more % 2]) { more += 1 }
        #expect(spent + more == Self.count)
        #expect(try allowed(desk) == Self.count)
        let denied = try desk.evaluate(tokens[0], "read", "note", "1").object["context"]?.objectValue
        #expect(denied?["reason"] == .string("quota_exhausted") && denied?["about"] == .string("quota.reading"))
        #expect((denied?["retry_after"]?.integerValue ?? 0) > 80_000)

        let explained = try mayfly(
            broker,
            [
                "policy", "explain", "--agent", "orchestrator", "--resource", "tickets", "--scope", "tickets:read",
                "--action", "read",
            ])
        #expect(explained.output.contains("reading  action  agent  240   240    1d"), "\(explained.output)")

        // The owner's tokens, over HTTP: two were given.
        let agent = try desk.agent("orchestrator")
        var statuses: [Int] = []
        while statuses.last != 429, statuses.count < 80 { statuses.append(try desk.token(as: agent, fields).status) }
        #expect(statuses.count { $0 == 200 } == 58, "\(statuses)")
        let refused = try desk.token(as: agent, fields)
        #expect(refused["error"] == "temporarily_unavailable")
        #expect((refused.header("Retry-After").flatMap { Int($0) } ?? 0) > 3000, "\(refused)")
        // A refusal by a quota is not what rules decide: it is not replayed.
        let simulated = try mayfly(broker, ["policy", "simulate", "active", "--since", "1h"])
        #expect(simulated.output.contains(" 0 would change"), "\(simulated.output)")
        // Explained it is: by the rules that allow it, and by what is used.
        let entry = try desk.call("GET", "/api/v1/ledger?event=token.refused&limit=1").object["entries"]?.arrayValue?
            .first?.objectValue?["index"]?.stringValue
        let why = try mayfly(broker, ["policy", "explain", "--entry", try #require(entry)])
        #expect(why.output.contains("tokens  mint  owner  60    60     1h"), "\(why)")
        #expect(try broker.stop() == 0)
    }

    @Test func aQuotaThatIsWrongIsRefusedWithItsPlace() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bad.yaml"
        for (old, new, place) in [
            ("window: 1d", "window: 59s", "bad.yaml:9:11: quotas[0].window: "),
            ("count: \(Self.count)", "count: 0", "bad.yaml:8:"),
            ("id: tokens", "id: reading", "bad.yaml:12:8: quotas[1].id: repeats"),
            ("id: all", "id: quota.all", "bad.yaml:3:3: error: rule quota.all"),
        ] {
            try Files.write(Self.bundle.replacing(old, with: new), to: path, mode: 0o644)
            let answer = try CommandResult.run(try RunningMayfly.program(), ["policy", "check", path], in: folder)
            #expect(answer.status != 0)
            #expect((answer.output + answer.errors).contains(place), "\(answer)")
        }
        try Files.write(Self.bundle, to: path, mode: 0o644)
        let other = folder.path + "/other.yaml"
        try Files.write(Self.bundle.replacing("count: \(Self.count)", with: "count: 5"), to: other, mode: 0o644)
        let diff = try CommandResult.run(try RunningMayfly.program(), ["policy", "diff", path, other], in: folder)
        #expect(diff.output == "~ quota reading: count\n", "\(diff)")
        let check = try CommandResult.run(try RunningMayfly.program(), ["policy", "check", path], in: folder)
        #expect(check.output.contains("1 rule, 2 quotas"), "\(check)")
    }

    private func mayfly(_ broker: RunningMayfly, _ arguments: [String]) throws -> CommandResult {
        try broker.run(arguments + ["--dir", broker.directory, "--server", broker.url])
    }

    private func ask(_ desk: Desk, _ token: String) throws -> Bool {
        try desk.evaluate(token, "read", "note", "1").object["decision"]?.boolValue == true
    }

    /// Decisions in the ledger that allowed something.
    private func allowed(_ desk: Desk) throws -> Int {
        let answer = try desk.call("GET", "/api/v1/ledger?event=action.decided&outcome=allowed&limit=500")
        return try #require(answer.object["entries"]?.arrayValue?.count, "\(answer)")
    }
}
