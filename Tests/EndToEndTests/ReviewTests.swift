import Glibc
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

    @Test func anOverdueReviewIsShownAndSuspendsOnceTheConfigurationSaysSo() throws {
        let broker = try RunningMayfly.started()
        _ = try Desk.open(broker)
        let server = ["--dir", broker.directory, "--server", broker.url]
        func until(_ arguments: [String], hold text: String) throws -> String {
            // Each question is a process of its own, which is all the waiting that is needed.
            for _ in 0..<1000 {
                let result = try broker.run(arguments + server)
                if result.output.contains(text) { return result.output }
            }
            Issue.record("\(arguments) never said \(text)")
            return ""
        }
        func done(_ arguments: [String]) throws -> CommandResult {
            let result = try broker.run(arguments + server)
            #expect(result.status == 0, "\(result)")
            return result
        }
        let created = try done([
            "agent", "create", "reports", "--owner", "support-lead", "--purpose", "weekly numbers", "--review-every",
            "90d",
        ])
        #expect(created.output.contains("created agent:reports"))
        #expect(
            try done(["agent", "reviewed", "reports", "--reason", "new"]).output.contains("the next review is due"))
        #expect(try done(["agent", "list", "--review", "overdue"]).output.contains("no agents"))

        // Due since long ago; the broker warns by itself, and suspends when it is told to.
        let file = broker.folder.path + "/late.yaml"
        let text = "agents: [{id: agent:late, owner: owner:support-lead, purpose: p, next_review: 2020-01-01}]\n"
        try Files.write(text, to: file, mode: 0o644)
        _ = try done(["apply", "-f", file])
        _ = try until(["ledger", "query", "--event", "agent.review_due"], hold: "agent:late")
        #expect(try done(["agent", "list", "--review", "due"]).output.contains("due since 2020-01-01"))
        try Files.replace("overdue: warn", with: "overdue: suspend", in: broker.configFile)
        try Files.replace("overdue_after: 14d", with: "overdue_after: 0", in: broker.configFile)
        broker.signal(SIGHUP)
        try broker.waitForLog("the configuration was reloaded")
        _ = try until(["agent", "show", "late"], hold: "suspended")
        #expect(try done(["ledger", "query", "--event", "agent.review_overdue"]).output.contains("agent:late"))
        let reviewed = try done(["agent", "reviewed", "late", "--reason", "kept", "--next", "2099-01-01"]).output
        #expect(reviewed.contains("2099-01-01") && reviewed.contains("mayfly agent resume late"))
        #expect(try done(["agent", "review", "late"]).output.contains("(ahead)"))
        _ = try done(["agent", "resume", "late"])
        #expect(try done(["agent", "show", "late"]).output.contains("pending"))
    }
}
