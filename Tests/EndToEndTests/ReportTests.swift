import MayflyModel
import Testing

/// The report of what a real broker wrote.
@Suite struct ReportTests {
    @Test func whatABrokerWritesIsCompleteAndCounted() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let server = ["--dir", broker.directory, "--server", broker.url]
        let bundle = Files.repository + "/config/policies/payments.yaml"
        _ = try desk.mint("orchestrator", [("resource", "tickets"), ("scope", "tickets:read"), ("task", "case-1")])
        let token = try desk.mint("support", [("resource", "tickets"), ("scope", "tickets:read"), ("task", "case-2")])
        #expect(try desk.evaluate(token, "read", "note", "1", [:]).object["decision"]?.boolValue == true)
        #expect(try desk.evaluate(token, "refund", "note", "1", [:]).object["decision"]?.boolValue == false)
        #expect(try desk.evaluate("nonsense", "read", "note", "1", [:]).object["decision"]?.boolValue == false)
        let support = try desk.agent("support")
        #expect(try desk.token(as: support, [("resource", "tickets"), ("scope", "nope")]).status == 400)
        let applied = try broker.run(["policy", "apply", bundle, "--rationale", "first policy"] + server)
        #expect(applied.status == 0, "\(applied)")
        #expect(try desk.token(as: support, [("resource", "knowledge"), ("scope", "articles:suggest")]).status == 400)
        #expect(try broker.run(["agent", "reviewed", "support", "--reason", "kept"] + server).status == 0)
        #expect(try broker.run(["revoke", "agent", "support", "--reason", "test"] + server).status == 0)

        let answer = try broker.run(["report", "--since", "1h", "--json"] + server)
        #expect(answer.status == 0, "\(answer)")
        let report = try JSONParser.parseObject(Array(answer.output.utf8))
        var seen: [String] = []
        for value in report["completeness"]?.arrayValue ?? [] {
            let kind = try #require(value.objectValue)
            let label = kind["event"]?.stringValue ?? ""
            #expect(kind["entries"] == kind["complete"], "\(label) lacks \(kind["missing"] ?? .null)")
            if kind["entries"] != .integer(0) { seen.append(label) }
        }
        let written = [
            "token.issued", "token.issued, to people", "token.refused", "action.decided, allowed",
            "action.decided, denied", "registry.changed", "policy.changed", "revoked", "agent.reviewed", "all others",
        ]
        #expect(Set(seen).isSuperset(of: written), "\(seen)")
        #expect(report["tokens"]?.objectValue?["allow"] == .integer(2))
        #expect(report["actions"]?.objectValue?["deny"] == .integer(2))
        let tasks = report["tasks"]?.arrayValue?.compactMap { $0.objectValue?["task"]?.stringValue }
        #expect(tasks?.contains("case-2") ?? false)
        #expect(report["reviews"]?.objectValue?["reviewed"] == .integer(1))
    }
}
