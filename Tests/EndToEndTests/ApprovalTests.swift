import MayflyModel
import Testing

/// People, agents and a bundle that asks people, all by the command line at a broker that serves.
@Suite struct ApprovalTests {
    private static let registry = """
        owners:
          - {id: owner:support-lead, name: Support, email: support@example.com}
          - {id: owner:finance-lead, name: Finance, email: finance@example.com, groups: [finance]}
        resources:
          - {name: tickets, identifier: "https://tickets.example.com", scopes: ["tickets:read", "refunds:issue"]}
        agents:
          - id: agent:support
            purpose: answers tickets
            owner: owner:support-lead
            resources: [tickets]
            scopes: ["tickets:read", "refunds:issue"]
        """

    /// A refund needs the word of somebody in finance.
    private static let policy = """
        policy: desk
        rules:
          - {id: work, decision: allow, rationale: "it is what the agent is for"}
          - id: refunds
            match: {scopes: ["refunds:issue"]}
            decision: require_approval
            approval: {groups: [finance], quorum: 1}
            rationale: money leaves by agreement only
        """

    /// A broker, and a folder with everybody's keys.
    private struct Shop {
        let broker: Result<RunningMayfly, any Error>

        /// On a fixed port the broker is the same issuer after another start.
        init(onFixedPort: Bool = false) {
            broker = Result {
                let broker = onFixedPort ? try RunningMayfly.onFixedPort() : try RunningMayfly()
                try broker.start()
                return broker
            }
        }

        func run(_ words: String, _ more: [String] = []) throws -> CommandResult {
            let broker = try broker.get()
            let arguments = words.split(separator: " ").map(String.init) + more
            return try CommandResult.run(
                try RunningMayfly.program(), arguments + ["--server", broker.url, "--json"],
                environment: ["MAYFLY_KEYS": broker.folder.path], in: broker.folder)
        }

        func admin(_ words: String, _ more: [String] = []) throws -> CommandResult {
            try run(words, more + ["--dir", try broker.get().directory])
        }

        func object(_ result: CommandResult) throws -> JSONObject {
            try #require(result.status == 0, "\(result)")
            return try JSONParser.parseObject(Array(result.output.utf8))
        }

        func enrol(_ kind: String, _ name: String) throws {
            let code = try #require(try object(try admin("\(kind) enroll-code \(name)"))["code"]?.stringValue)
            let enrolled = try object(try run("\(kind) enroll \(name)", ["--code", code]))
            #expect(enrolled[kind] == .string("\(kind):\(name)"))
        }
    }

    @Test func anOwnerApprovesFromTheCommandLineAndTheAgentGetsItsTokenOnce() throws {
        let shop = Shop()
        let folder = try shop.broker.get().folder.path
        try Files.write(Self.registry, to: folder + "/registry.yaml")
        try Files.write(Self.policy, to: folder + "/policy.yaml")
        _ = try shop.object(try shop.admin("apply --file", [folder + "/registry.yaml"]))
        _ = try shop.object(try shop.admin("policy apply", [folder + "/policy.yaml", "--rationale", "first"]))
        try shop.enrol("owner", "finance-lead")
        try shop.enrol("owner", "support-lead")
        try shop.enrol("agent", "support")

        let refund = "token request --agent support --resource tickets --scope refunds:issue"
        _ = try shop.object(try shop.run("token request --agent support --resource tickets --scope tickets:read"))
        let asked = try shop.run(refund)
        #expect(asked.status == 1 && asked.errors.contains("authorization_pending"), "\(asked)")

        let list = try shop.object(try shop.run("approval list --as finance-lead --state pending"))
        let found = try #require(list["approvals"]?.arrayValue?.first?.objectValue)
        let id = try #require(found["id"]?.stringValue)
        #expect(found["agent"] == .string("agent:support") && found["scopes"] == .array([.string("refunds:issue")]))

        // The agent's own owner, and an administrator, cannot agree; nobody can without a reason.
        let own = try shop.run("approval approve --as support-lead", [id, "--reason", "mine"])
        #expect(own.status == 1 && own.errors.contains("not-yours-to-do"), "\(own)")
        #expect(try shop.admin("approval approve", [id, "--reason", "r"]).status == 2)
        #expect(try shop.run("approval approve --as finance-lead", [id]).status == 2)
        #expect(try shop.run(refund).status == 1)

        let reason = ["--reason", "checked with the customer"]
        let approved = try shop.object(try shop.run("approval approve --as finance-lead", [id] + reason))
        #expect(approved["state"] == .string("approved"))
        let granted = try shop.object(try shop.run(refund))
        #expect(granted["access_token"]?.stringValue?.isEmpty == false)
        #expect(try shop.object(try shop.admin("approval show", [id]))["state"] == .string("used"))

        #expect(try shop.run(refund).status == 1)
        let next = try shop.object(try shop.admin("approval list --state pending"))
        let second = try #require(next["approvals"]?.arrayValue?.first?.objectValue?["id"]?.stringValue)
        #expect(second != id)
        let denied = try shop.object(try shop.admin("approval deny", [second, "--reason", "enough"]))
        #expect(denied["state"] == .string("denied"))
        let refused = try shop.run(refund)
        #expect(refused.status == 1 && refused.errors.contains("access_denied"), "\(refused)")
        #expect(try shop.run("approval show --as finance-lead", ["none"]).status == 1)
    }

    /// The same people, a tool, and a bundle that lets tokens out and asks people about the act.
    @Test func anOwnerApprovesOneActionAndTheToolIsToldYesOnce() throws {
        let shop = Shop(onFixedPort: true)
        let broker = try shop.broker.get()
        let folder = broker.folder.path
        try Files.write(Self.registry, to: folder + "/registry.yaml")
        let policy = Self.policy.replacing("match: {", with: "on: [action]\n    match: {")
        try Files.write(policy, to: folder + "/policy.yaml")
        _ = try shop.object(try shop.admin("apply --file", [folder + "/registry.yaml"]))
        _ = try shop.object(try shop.admin("policy apply", [folder + "/policy.yaml", "--rationale", "first"]))
        try shop.enrol("owner", "finance-lead")
        try shop.enrol("agent", "support")
        let secret = try shop.object(try shop.admin("resource secret tickets"))["client_secret"]?.stringValue
        try Files.write(try #require(secret), to: folder + "/secret")
        let granted = try shop.object(
            try shop.run("token request --agent support --resource tickets --scope refunds:issue --task case-7"))
        let token = try #require(granted["access_token"]?.stringValue)
        func ask(_ more: String...) throws -> (isAllowed: Bool, context: JSONObject) {
            let words = "evaluate \(token) --as tickets --secret-file \(folder)/secret --action refunds:issue"
            let properties = ["--properties", #"{"account":"A-17"}"#]
            let answer = try shop.run(words + " --type note --id N-1 --cost 250.00:USD", properties + more)
            let object = try JSONParser.parseObject(Array(answer.output.utf8))
            #expect(answer.status == (object["decision"] == .bool(true) ? 0 : 1), "\(answer)")
            return (object["decision"] == .bool(true), object["context"]?.objectValue ?? [:])
        }
        #expect(try ask("--ask-nobody").context["access_request"] == nil)
        let asked = try ask()
        let request = try #require(asked.context["access_request"]?.objectValue, "\(asked)")
        let id = try #require(request["auth_req_id"]?.stringValue)
        #expect(!asked.isAllowed && request["status"] == .string("pending"))

        // People see what they are asked: the kind in the list, and everything in full.
        let table = try CommandResult.run(
            try RunningMayfly.program(), ["approval", "list", "--as", "finance-lead", "--server", broker.url],
            environment: ["MAYFLY_KEYS": folder], in: broker.folder)
        #expect(table.output.contains("OPERATION") && table.output.contains("action"), "\(table)")
        let shown = try shop.object(try shop.run("approval show --as finance-lead", [id]))
        #expect(shown["action"] == .string("refunds:issue"))
        #expect(shown["thing"] == .object(["type": .string("note"), "id": .string("N-1")]))
        #expect(shown["context"]?.objectValue?["account"] == .string("A-17"))
        let approved = try shop.object(
            try shop.run("approval approve --as finance-lead", [id, "--reason", "checked with the customer"]))
        #expect(approved["state"] == .string("approved"))

        try broker.kill()
        try broker.start()
        #expect(try ask().isAllowed)
        #expect(try shop.object(try shop.admin("approval show", [id]))["state"] == .string("used"))
        #expect(try !ask().isAllowed)
        let decided = try shop.object(try shop.admin("ledger query --event action.decided --outcome allowed"))
        #expect(decided["entries"]?.arrayValue?.count == 1)
        #expect(String(decoding: JSONWriter.bytes(of: .object(decided)), as: UTF8.self).contains(id))
        let report = try shop.object(try shop.admin("report --since 1h"))
        #expect(report["approvals"]?.objectValue?["used"] == .integer(1), "\(report)")
    }
}
