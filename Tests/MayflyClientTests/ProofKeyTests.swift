import MayflyClient
import MayflyCrypto
import MayflyModel
import Testing

/// The client's side of RFC 9449: proofs, nonces, and no way back to a bearer token.
struct ProofKeyTests {
    private static func answer(_ status: String, _ headers: [String], _ body: String) -> String {
        (["HTTP/1.1 \(status)", "Content-Type: application/json", "Content-Length: \(body.utf8.count)"] + headers)
            .joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    private static func nonceNeeded(_ nonce: String) -> String {
        answer("400 Bad Request", ["DPoP-Nonce: \(nonce)"], #"{"error":"use_dpop_nonce"}"#)
    }

    private static func token(_ type: String, nonce: String) -> String {
        answer(
            "200 OK", ["DPoP-Nonce: \(nonce)"], #"{"access_token":"t","token_type":"\#(type)","expires_in":300}"#)
    }

    /// The claims of the proof that a request came with.
    private static func proof(in request: String) throws -> (header: JSONObject, claims: JSONObject) {
        let line = try #require(request.split(separator: "\r\n").first { $0.hasPrefix("DPoP: ") })
        let jws = try JWS.parse(Array(line.dropFirst(6).utf8))
        return (jws.header, try jws.claims())
    }

    private static func client(_ server: FakeServer) throws -> BrokerClient {
        try BrokerClient(url: server.url, issuer: "https://m.example")
    }

    private static let credential = Result {
        AgentCredential(clientID: "agent:a", key: try PrivateKey.generate(.es256))
    }

    @Test func aNonceIsTakenFromTheAnswerAndKept() throws {
        let server = try FakeServer([
            Self.nonceNeeded("n1"), Self.token("DPoP", nonce: "n2"), Self.token("DPoP", nonce: "n3"),
        ])
        let client = try Self.client(server)
        let key = try ProofKey()
        for _ in 0..<2 {
            let token = try client.requestToken(TokenRequest(), as: Self.credential.get(), boundTo: key)
            #expect(token.tokenType == "DPoP")
        }
        let proofs = try server.requests.map { try Self.proof(in: $0) }
        #expect(proofs.map { $0.claims["nonce"]?.stringValue } == [nil, "n1", "n2"])
        // Each is a new one, for the issuer's endpoint wherever the server listens.
        #expect(Set(proofs.compactMap { $0.claims["jti"]?.stringValue }).count == 3)
        for proof in proofs {
            #expect(proof.claims["htm"] == .string("POST"))
            #expect(proof.claims["htu"] == .string("https://m.example/oauth2/token"))
            #expect(proof.header["typ"] == .string("dpop+jwt"))
            let jwk = try #require(proof.header["jwk"]?.objectValue)
            #expect(jwk["d"] == nil)
            #expect(try PublicKey(jwk: jwk).thumbprint == key.thumbprint)
        }
        // And a new assertion each time: the broker takes none twice.
        let assertions = server.requests.compactMap {
            $0.split(separator: "&").first { $0.contains("client_assertion=") }
        }
        #expect(Set(assertions).count == 3)
    }

    @Test func aServerThatAlwaysWantsAnotherNonceIsAskedTwice() throws {
        let server = try FakeServer([Self.nonceNeeded("n1"), Self.nonceNeeded("n2"), Self.nonceNeeded("n3")])
        #expect(throws: ClientError.refused(Refusal(status: 400, code: "use_dpop_nonce", detail: nil))) {
            try Self.client(server).requestToken(TokenRequest(), as: Self.credential.get(), boundTo: ProofKey())
        }
        #expect(server.requests.count == 2)
    }

    @Test(arguments: ["Bearer", "bearer"])
    func aBearerTokenIsNotWhatWasAskedFor(_ type: String) throws {
        let server = try FakeServer([Self.token(type, nonce: "n")])
        #expect(throws: ClientError.unexpectedAnswer(status: 200)) {
            try Self.client(server).requestToken(TokenRequest(), as: Self.credential.get(), boundTo: ProofKey())
        }
    }

    @Test func aProofForAToolNamesTheTokenAndNoQuery() throws {
        let key = try ProofKey()
        let compact = try key.proof(method: "GET", url: "https://t.example/a?b=c#d", token: "Kz~8mXK1", nonce: "n")
        let jws = try JWS.parse(Array(compact.utf8))
        let claims = try jws.claims()
        #expect(claims["htu"] == .string("https://t.example/a") && claims["nonce"] == .string("n"))
        #expect(claims["ath"] == .string(Base64URL.encode(SHA256.digest(of: Array("Kz~8mXK1".utf8)).bytes)))
        #expect(jws.isSigned(by: try PublicKey(jwk: try #require(jws.header["jwk"]?.objectValue))))
    }
}
