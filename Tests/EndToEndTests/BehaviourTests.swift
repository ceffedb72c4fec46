import MayflyModel
import Testing

/// What is usual for an agent, from the command line: read, raised, explained, kept.
@Suite struct BehaviourTests {
    private static let bundle = """
        policy: unusual
        rules:
          - id: all
            decision: allow
            rationale: The registry bounds it.
          - id: unusual
            on: [mint]
            when: "behaviour.known && behaviour.anomaly > 0.8"
            decision: require_approval
            rationale: People look at what an agent does not usually do.
        examples:
          - name: a new scope is looked at
            request: {agent: {id: "agent:support"}, resource: tickets, scopes: ["refunds:issue"], behaviour: {new_scope: 1}}
            expect: {decision: require_approval, rule: unusual}
          - name: an agent that nobody knows is let through
            request: {agent: {id: "agent:support"}, resource: tickets, scopes: ["refunds:issue"]}
            expect: {decision: allow}
        """

    @Test func anUnusualScopeIsRaisedExplainedAndPutToPeopleAlsoAfterARestart() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        func mayfly(_ arguments: [String]) throws -> CommandResult {
            try broker.run(arguments + ["--dir", broker.directory, "--server", broker.url])
        }
        let unknown = try mayfly(["agent", "behaviour", "support"])
        #expect(unknown.output.contains("no: 0 of 20 requests"), "\(unknown)")
        for _ in 0..<22 { _ = try desk.mint("support", [("resource", "tickets"), ("scope", "tickets:read")]) }
        let shown = try mayfly(["agent", "behaviour", "support"])
        #expect(shown.status == 0, "\(shown)")
        for word in ["known", "yes", "tickets:read", "22", "USUAL PEAK"] {
            #expect(shown.output.contains(word), "\(word) in \(shown.output)")
        }

        let file = broker.folder.path + "/unusual.yaml"
        try Files.write(Self.bundle, to: file, mode: 0o644)
        let checked = try broker.run(["policy", "check", file])
        #expect(checked.output.contains("0 errors, 0 warnings"), "\(checked)")
        let applied = try mayfly(["policy", "apply", file, "--rationale", "test"])
        #expect(applied.status == 0, "\(applied)")

        func explained(_ more: [String]) throws -> String {
            let answer = try mayfly(["policy", "explain", "--agent", "support", "--resource", "tickets"] + more)
            #expect(answer.status == 0, "\(answer)")
            return answer.output.split(separator: "\n").first.map(String.init) ?? ""
        }
        #expect(try explained(["--scope", "refunds:issue"]).contains("require_approval"))
        #expect(try explained(["--scope", "tickets:read"]).hasSuffix("allow"))
        #expect(try explained(["--scope", "refunds:issue", "--behaviour", "{\"known\": false}"]).hasSuffix("allow"))
        #expect(
            try explained(["--scope", "tickets:read", "--behaviour", "{\"anomaly\": 0.9}"])
                .contains("require_approval"))
        let wrong = try mayfly([
            "policy", "explain", "--agent", "support", "--resource", "tickets", "--behaviour", "{\"anomaly\": 2}",
        ])
        #expect(wrong.status == 2, "\(wrong)")

        // What was learned outlives a stop; then the request is put to people, and nothing of it teaches.
        #expect(try broker.stop() == 0)
        try broker.start()
        let support = try desk.agent("support")
        let asked = try desk.token(as: support, [("resource", "tickets"), ("scope", "refunds:issue")])
        #expect(asked.object["error"]?.stringValue == "authorization_pending", "\(asked)")
        #expect(try desk.token(as: support, [("resource", "tickets"), ("scope", "tickets:read")]).status == 200)

        // Under the registry alone it is given, and raised.
        let back = try mayfly(["policy", "rollback", "0", "--rationale", "test"])
        #expect(back.status == 0, "\(back)")
        _ = try desk.mint("support", [("resource", "tickets"), ("scope", "refunds:issue")])
        // The raised entry is a command of its own: one that comes after it finds it written.
        _ = try desk.mint("support", [("resource", "tickets"), ("scope", "tickets:read")])
        let raised = try mayfly(["ledger", "query", "--event", "behaviour.deviated", "--json"])
        #expect(raised.output.contains("behaviour.new_scope"), "\(raised)")
        #expect(raised.output.contains("refunds:issue"), "\(raised)")
        let page = try HTTP.get("/metrics", from: broker.port)
        #expect(page.text.contains("mayfly_behaviour_deviations_total{sign=\"new_scope\"} 1"), "\(page.text)")

        // The ledger holds what was asked: of all those decisions one was made while the bundle asked.
        let other = Self.bundle.replacing("behaviour.anomaly > 0.8", with: "behaviour.new_scope < 0.1")
            .split(separator: "examples:").first.map(String.init)
        try Files.write(try #require(other), to: file, mode: 0o644)
        let simulated = try mayfly(["policy", "simulate", file, "--since", "1h"])
        #expect(simulated.status == 0, "\(simulated)")
        #expect(simulated.output.contains("decisions replayed, 1 would change"), "\(simulated.output)")
    }
}
