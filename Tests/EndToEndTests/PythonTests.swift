import Glibc
import MayflyCrypto
import MayflyModel
import Testing

/// Other people's OAuth, JWT, OpenAPI and Prometheus code, and a collector, against the real broker; see
/// `Tests/Python`.
@Suite struct PythonTests {
    private static let python = getenv("MAYFLY_TEST_PYTHON").map { String(cString: $0) }

    @Test(
        .enabled(
            if: python != nil, "make test sets MAYFLY_TEST_PYTHON, to a Python with Tests/Python/requirements.txt"),
        arguments: [
            "test_authlib.py", "test_pyjwt.py", "test_dpop.py", "test_openapi.py", "test_metrics.py", "test_tracing.py",
            "test_webhooks.py", "test_federation.py",
        ])
    func otherPeoplesCodeAgrees(_ script: String) throws {
        let python = try #require(Self.python)
        let broker = try RunningMayfly()
        // The scripts listen where nobody does yet: what is sent before is dropped by the one and waits for the other.
        let (collector, hook, provider) = (try ListeningSocket(), try ListeningSocket(), try ListeningSocket())
        collector.close()
        hook.close()
        provider.close()
        let authority = "\(broker.folder.path)/providers-ca.pem"
        let secret = "\(broker.keysFolder)/hook.webhook"
        #expect(try broker.run(["notice", "secret", "--out", secret]).status == 0)
        try Files.write(
            try Files.text(broker.configFile)
                + "\ntracing: {endpoint: \"http://127.0.0.1:\(collector.port)/v1/traces\"}\n"
                + "providers: {allow_local_addresses: true, ca_file: \"\(authority)\"}\n"
                + "notices: {webhooks: [{name: hook, url: \"http://127.0.0.1:\(hook.port)/mayfly\", "
                + "secret_file: ../keys/hook.webhook, events: [\"token.*\"], agents: [\"agent:orchestrator\"]}]}\n",
            to: broker.configFile, mode: 0o644)
        try broker.start()
        let desk = try Desk.open(broker)
        let agent = try desk.agent("orchestrator")
        let folder = broker.folder.path
        try PrivateKeyFile.write(agent.key, to: folder + "/agent.pem")
        let context: JSONObject = [
            "issuer": .string(broker.url), "agent": .string(agent.id), "agent_key": .string(folder + "/agent.pem"),
            "resource": .string("tickets"), "identifier": .string("https://tickets.example.com"),
            "secret": .string(try #require(desk.secrets["tickets"])), "scope": .string("tickets:read tickets:reply"),
            "admin_token": .string(try desk.adminToken()), "collector": .integer(Int64(collector.port)),
            "provider": .integer(Int64(provider.port)), "provider_ca": .string(authority),
            "folder": .string(folder), "owner": .string("owner:support-lead"),
            "hook": .integer(Int64(hook.port)), "hook_secret": .string(secret),
        ]
        try Files.write(
            String(decoding: JSONWriter.bytes(of: .object(context)), as: UTF8.self), to: folder + "/context.json")
        let result = try CommandResult.run(
            python, ["-B", "\(Files.repository)/Tests/Python/\(script)"],
            // Authlib wants TLS wherever it is not told that this is a test.
            environment: ["MAYFLY_TEST_CONTEXT": folder + "/context.json", "AUTHLIB_INSECURE_TRANSPORT": "1"],
            in: broker.folder)
        #expect(result.status == 0, "\(result)")
        #expect(broker.isRunning)
    }
}
