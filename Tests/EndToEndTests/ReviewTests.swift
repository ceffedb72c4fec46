import MayflyModel
import Testing

/// Granted against used, and the narrower registration that comes of it.
@Suite struct ReviewTests {
    @Test func whatAnAgentDidNotUseCanBeTakenAwayByApplyingTheReview() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let server = ["--dir", broker.directory, "--server", broker.url]
        let token = try desk.mint("support", [("resource", "tickets"), ("scope", "tickets:read tickets:reply")])
        let read = try desk.evaluate(token, "read", "note", "1", [:])
        #expect(read.object["decision"]?.boolValue == true, "\(read)")

        let shown = try broker.run(["agent", "review", "support", "--json"] + server)
        #expect(shown.status == 0, "\(shown)")
        let review = try JSONParser.parseObject(Array(shown.output.utf8))
        let lost = review["could_lose"]?.objectValue
        #expect(
            lost?["scopes"]?.stringArrayValue == [
                "knowledge articles:read", "tickets refunds:issue", "tickets tickets:reply",
            ])
        #expect(lost?["resources"]?.stringArrayValue == ["knowledge"])

        let patch = try broker.run(["agent", "review", "support", "--patch"] + server)
        let file = broker.folder.path + "/narrower.yaml"
        try Files.write(patch.output, to: file, mode: 0o644)
        let applied = try broker.run(["apply", "-f", file] + server)
        #expect(applied.status == 0, "\(applied)")
        #expect(applied.output.contains("1 updated"), "\(applied.output)")
        let agent = try desk.agent("support")
        #expect(try desk.token(as: agent, [("resource", "tickets"), ("scope", "tickets:read")]).status == 200)
        for scope in ["tickets:reply", "refunds:issue"] {
            #expect(try desk.token(as: agent, [("resource", "tickets"), ("scope", scope)]).status == 400)
        }
        #expect(try desk.token(as: agent, [("resource", "knowledge")]).status == 400)
        // The role serves others as before.
        #expect(try desk.token(as: try desk.agent("orchestrator"), [("scope", "tickets:reply")]).status == 200)
    }
}
