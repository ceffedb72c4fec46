import MayflyClient
import MayflyCrypto
import MayflyModel
import Testing

private struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
    func elapsed() -> Int64 { 0 }
}

@Suite struct AssertionMakerTests {
    private let maker = AssertionMaker(issuer: "https://mayfly.example.com", clock: FixedClock())

    @Test(arguments: [SignatureAlgorithm.es256, .edDSA])
    func anAssertionNamesClientIssuerAndOneMinute(_ algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let made = try maker.assertion(for: AgentCredential(clientID: "agent:support", key: key))
        let jws = try JWS.parse(Array(made.compact.utf8))
        let claims = try jws.claims()
        #expect(jws.type == "client-authentication+jwt")
        #expect(jws.algorithm == algorithm)
        #expect(jws.keyID == key.publicKey.thumbprint)
        #expect(jws.isSigned(by: key.publicKey))
        #expect(claims.names == ["iss", "sub", "aud", "iat", "exp", "jti"])
        #expect(claims["iss"] == .string("agent:support"))
        #expect(claims["sub"] == .string("agent:support"))
        // The issuer alone and as a string, so that no other server can use it (rfc7523bis).
        #expect(claims["aud"] == .string("https://mayfly.example.com"))
        #expect(claims["iat"] == .integer(1_800_000_000))
        #expect(claims["exp"] == .integer(1_800_000_060))
        #expect(claims["jti"] == .string(made.id))
        #expect(made.id.utf8.count >= 22)
    }

    @Test func noTwoAssertionsShareAnID() throws {
        let credential = AgentCredential(clientID: "agent:a", key: try PrivateKey.generate(.es256))
        var ids: Set<String> = []
        for _ in 0..<100 { ids.insert(try maker.assertion(for: credential).id) }
        #expect(ids.count == 100)
    }

    @Test func aKeyProofIsSignedByTheKeyThatItCarries() throws {
        let key = try PrivateKey.generate(.es256)
        let jws = try JWS.parse(Array(try maker.keyProof(of: key, for: "agent:a", nonce: "n").utf8))
        let claims = try jws.claims()
        let jwk = try #require(claims["jwk"]?.objectValue)
        #expect(jws.type == "mayfly-key-proof+jwt")
        #expect(jws.isSigned(by: try PublicKey(jwk: jwk)))
        #expect(jwk["d"] == nil)
        #expect(claims["aud"] == .string("https://mayfly.example.com"))
        #expect(claims["sub"] == .string("agent:a"))
        #expect(claims["nonce"] == .string("n"))
    }

    @Test func aCredentialDescribesItselfWithoutItsKey() throws {
        let key = try PrivateKey.generate(.es256)
        let text = "\(AgentCredential(clientID: "agent:a", key: key))"
        #expect(text == "agent:a (key \(key.publicKey.thumbprint))")
        #expect("\(Asker.secret(name: "tickets", secret: "hunter2"))" == "tickets")
    }
}
