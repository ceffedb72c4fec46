import MayflyBroker
import MayflyConfig
import MayflyCrypto
import MayflyLedger
import MayflyModel
import MayflyPolicy
import MayflyServer
import MayflyStorage
import Testing

/// A policy that wants two eyes more on every refund.
private struct CarefulGovernance: Governance {
    func bundle(in tables: borrowing Tables) -> String { "sha256:careful" }

    func approvals(
        for subject: ApprovalSubject, of agent: Agent, ruling: PolicyRuling?, at now: Timestamp
    ) throws(OAuthError) -> [ApprovalTerms] {
        let isRefund = subject.scopes.scopes.contains { $0.text == "refunds:issue" }
        return isRefund ? [ApprovalTerms(groups: ["finance"])] : []
    }
}

private struct NoLog: BrokerLog {
    func note(_ notice: BrokerNotice) {}
}

/// The real program's people and agents, at a broker whose policy asks people.
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

    /// A broker in this process, behind the real server, and the program that speaks to it.
    private final class Shop {
        static let issuer = "https://broker.example"
        let folder: TemporaryFolder
        let broker: Broker
        let server: HTTPServer

        init() throws {
            folder = try TemporaryFolder()
            let (store, vault) = (MemoryStore(), FileKeyVault(directory: folder.path))
            let admin = try PrivateKey.generate(.es256)
            try PrivateKeyFile.write(admin, to: folder.path + "/admin.pem")
            try Broker.create(
                in: store, vault: vault, admin: try #require(AdminID("admin:root")), adminKey: admin.publicKey,
                wall: SystemClock())
            broker = try Broker(
                settings: BrokerSettings(issuer: Self.issuer), store: store, vault: vault, wall: SystemClock(),
                signer: try Ed25519NoteSigner(name: "broker.example", privateKey: try PrivateKey.generate(.edDSA)),
                log: NoLog(), governance: CarefulGovernance())
            server = try HTTPServer(
                address: try #require(ListenAddress.parse("127.0.0.1:0")), limits: HTTPLimits(),
                handler: BrokerHandler(broker: broker))
        }

        deinit {
            server.stop()
            broker.stop()
        }

        func run(_ words: String, _ more: [String] = []) throws -> CommandResult {
            let arguments = words.split(separator: " ").map(String.init) + more
            return try CommandResult.run(
                try RunningMayfly.program(),
                arguments + ["--server", "http://127.0.0.1:\(server.port)", "--issuer", Self.issuer, "--json"],
                environment: ["MAYFLY_KEYS": folder.path], in: folder)
        }

        func admin(_ words: String, _ more: [String] = []) throws -> CommandResult {
            try run(words, more + ["--admin-key", folder.path + "/admin.pem"])
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
        let shop = try Shop()
        let file = shop.folder.path + "/registry.yaml"
        try Files.write(Self.registry, to: file)
        _ = try shop.object(try shop.admin("apply --file", [file]))
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
}
