import MayflyModel
import Testing

/// The policy's whole life from the command line: check, apply, shadow, explain, simulate, diff, rollback.
@Suite struct PolicyTests {
    private static let folder = Files.repository + "/config/policies/"
    private static let payment = #"{"amount":"250.00","currency":"USD"}"#

    /// Runs the program without a broker.
    private static func alone(_ arguments: [String]) throws -> CommandResult {
        try CommandResult.run(try RunningMayfly.program(), arguments, in: try TemporaryFolder())
    }

    @Test(arguments: ["support-desk", "infrastructure", "payments"])
    func theShippedBundlesHoldTheirOwnExamples(_ name: String) throws {
        let answer = try Self.alone(["policy", "check", Self.folder + name + ".yaml"])
        #expect(answer.status == 0, "\(answer)")
        #expect(answer.output.contains("0 errors, 0 warnings"))
    }

    @Test func aBadBundleIsRefusedWithItsPlace() throws {
        let folder = try TemporaryFolder()
        let text = try Files.text(Self.folder + "support-desk.yaml")
        let cases = [
            ("min_depth: 2", "min_depht: 2", "min_depht"),
            ("context.records > 1000", "contxt.records > 1000", "when"),
        ]
        for (old, new, word) in cases {
            let path = folder.path + "/bad.yaml"
            try Files.write(text.replacing(old, with: new), to: path, mode: 0o644)
            let answer = try Self.alone(["policy", "check", path])
            let said = answer.output + answer.errors
            #expect(answer.status != 0, "\(answer)")
            #expect(said.contains(word) && said.contains(":"), "\(said)")
            let line = text.split(separator: "\n", omittingEmptySubsequences: false)
                .firstIndex { $0.contains(old) }.map { $0 + 1 }
            #expect(said.contains("bad.yaml:\(line ?? 0):"), "\(said)")
        }
    }

    @Test func aBundleIsTriedAppliedExplainedAndRolledBack() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let bundle = Self.folder + "support-desk.yaml"
        func mayfly(_ arguments: [String]) throws -> CommandResult {
            try broker.run(["policy"] + arguments + ["--dir", broker.directory, "--server", broker.url])
        }
        let before = try desk.mint("support", [("resource", "knowledge"), ("scope", "articles:read")])
        let writer = try desk.mint("research", [("resource", "knowledge"), ("scope", "articles:suggest")])

        // What was decided so far, under the bundle: suggesting articles is allowed by no rule.
        let simulated = try mayfly(["simulate", bundle, "--since", "1h"])
        #expect(simulated.status == 0, "\(simulated)")
        #expect(simulated.output.contains("articles:suggest"), "\(simulated.output)")
        #expect(simulated.output.contains("2 decisions replayed, 1 would change"), "\(simulated.output)")
        // Without a bundle nothing of the context was written down, and this one grades it.
        #expect(
            simulated.output.contains(
                "2 are uncertain: for them the bundle looks at what the ledger does not have, context (2)"),
            "\(simulated.output)")

        let shadow = try mayfly(["apply", bundle, "--rationale", "trial", "--shadow"])
        #expect(shadow.status == 0, "\(shadow)")
        #expect(try desk.introspect(writer, as: "knowledge").object["active"]?.boolValue == true)
        let applied = try mayfly(["apply", bundle, "--rationale", "first policy"])
        #expect(applied.status == 0, "\(applied)")
        #expect(applied.output.contains("version 2 of the policy is in force"), "\(applied.output)")
        // What is out is judged by it.
        #expect(try desk.introspect(before, as: "knowledge").object["active"]?.boolValue == true)
        #expect(try desk.introspect(writer, as: "knowledge").object["active"]?.boolValue == false)

        let token = try desk.mint("support", [("resource", "tickets"), ("scope", "refunds:issue")])
        let details = try desk.introspect(token).object["authorization_details"]?.arrayValue ?? []
        #expect(details.contains { $0.objectValue?["type"] == .string("mayfly_limits") }, "\(details)")
        let refused = try desk.token(
            as: try desk.agent("support"), [("resource", "knowledge"), ("scope", "articles:suggest")])
        #expect(refused.object["error"]?.stringValue != nil)

        let explained = try mayfly([
            "explain", "--agent", "support", "--resource", "tickets", "--scope", "refunds:issue", "--action", "refund",
            "--context", "{\"cost\": \(Self.payment)}",
        ])
        #expect(explained.status == 0, "\(explained)")
        #expect(explained.output.contains("require_approval"), "\(explained.output)")
        #expect(explained.output.contains("tier.3"), "\(explained.output)")

        let guarded = try Self.simulateAGuard(broker, desk, mayfly)
        #expect(guarded.output.contains("3 are uncertain"), "\(guarded.output)")
        #expect(guarded.output.contains("context.properties.account (3)"), "\(guarded.output)")

        let diff = try mayfly(["diff", "0", "active"])
        #expect(diff.output.contains("+ rule health-data: deny"), "\(diff.output)")
        #expect(try mayfly(["diff", "2", bundle]).output == "no difference\n")

        let rolled = try mayfly(["rollback", "0", "--rationale", "back to the registry"])
        #expect(rolled.status == 0, "\(rolled)")
        #expect(try desk.introspect(writer, as: "knowledge").object["active"]?.boolValue == true)
        let list = try mayfly(["list"])
        #expect(list.output.contains("first policy"), "\(list.output)")
        #expect(try broker.stop() == 0)
    }

    /// Replays tokens at one resource under a bundle that refuses some of them by a member that is not in the ledger.
    private static func simulateAGuard(
        _ broker: RunningMayfly, _ desk: Desk, _ mayfly: ([String]) throws -> CommandResult
    ) throws -> CommandResult {
        for account in ["open", "closed", "closed"] {
            _ = try desk.mint(
                "support",
                [
                    ("resource", "tickets"), ("scope", "tickets:read"),
                    ("context", #"{"account": "\#(account)", "env": "production"}"#),
                ])
        }
        let path = broker.folder.path + "/guard.yaml"
        let bundle = """
            policy: guard
            rules:
            - {id: all, decision: allow, rationale: r}
            - id: closed-accounts
              match: {scopes: ["tickets:read"]}
              when: "has(context.properties.account) && context.properties.account == 'closed'"
              decision: deny
              rationale: r
            - id: staging
              match: {scopes: ["tickets:read"]}
              when: "has(context.properties.env) && context.properties.env == 'staging'"
              decision: deny
              rationale: r
            """
        try Files.write(bundle, to: path, mode: 0o644)
        return try mayfly(["simulate", path, "--since", "1h"])
    }
}
