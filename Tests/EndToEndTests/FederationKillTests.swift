import MayflyCrypto
import MayflyModel
import Testing

/// A provider's token that was used stays used, however the broker ended, also for several that send it at once.
@Suite struct FederationKillTests {
    private static let subject = "repo:acme/app:ref:refs/heads/main"
    private static let issuer = "https://ci.example"

    /// The provider's token for the agent's workload, with a `jti` of its own.
    private static func token(_ id: String, for broker: RunningMayfly, key: PrivateKey) throws -> String {
        let now = SystemClock().now().seconds
        let claims: JSONObject = [
            "iss": .string(issuer), "sub": .string(subject), "aud": .string(broker.issuer), "jti": .string(id),
            "iat": .integer(now), "exp": .integer(now + 300),
        ]
        return try JWS.sign(payload: JSONWriter.bytes(of: .object(claims)), type: "JWT", keyID: nil, with: key)
    }

    private static func form(_ token: String) -> [(String, String)] {
        [
            ("grant_type", "client_credentials"), ("resource", "tickets"), ("scope", "tickets:read"),
            ("client_assertion_type", Desk.assertionType), ("client_assertion", token),
        ]
    }

    @Test(arguments: RestartTests.Ending.allCases)
    func aTokenIsGoodOnceOverBothRuns(_ ending: RestartTests.Ending) throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let key = try PrivateKey.generate(.es256)
        let provider: JSONObject = [
            "id": .string("provider:ci"), "issuer": .string(Self.issuer),
            "jwks": .object(["keys": .array([.object(key.publicKey.jwk)])]),
        ]
        let agent: JSONObject = [
            "id": .string("agent:deployer"), "purpose": .string("tests"), "owner": .string("owner:support-lead"),
            "resources": .array([.string("tickets")]), "scopes": .array([.string("tickets:read")]),
            "trust": .array([
                .object(["provider": .string("provider:ci"), "subject": .string(Self.subject)])
            ]),
        ]
        _ = try desk.change(
            "POST", "/api/v1/apply",
            .object(["providers": .array([.object(provider)]), "agents": .array([.object(agent)])]))
        let used = try Self.token("run-1", for: broker, key: key)
        let first = try desk.form("/oauth2/token", Self.form(used))
        #expect(first.status == 200, "\(first)")

        switch ending {
        case .stopped: #expect(try broker.stop() == 0)
        case .killed: try broker.kill()
        }
        try broker.start()

        #expect(try desk.form("/oauth2/token", Self.form(used)).status == 401)
        let fresh = try Self.token("run-2", for: broker, key: key)
        #expect(try desk.form("/oauth2/token", Self.form(fresh)).status == 200)
        #expect(try desk.form("/oauth2/token", Self.form(fresh)).status == 401)
    }
}
