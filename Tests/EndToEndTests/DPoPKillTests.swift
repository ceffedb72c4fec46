import MayflyCrypto
import MayflyModel
import Testing

/// A proof that was used stays used, however the broker ended, and a nonce that it gave stays good.
@Suite struct DPoPKillTests {
    @Test(arguments: RestartTests.Ending.allCases)
    func aProofIsGoodOnceOverBothRuns(_ ending: RestartTests.Ending) throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let key = try PrivateKey.generate(.es256)
        let nonce = try #require(try ask(desk, key, nonce: nil).answer.header("DPoP-Nonce"))

        let (minted, used) = try ask(desk, key, nonce: nonce)
        #expect(minted.status == 200 && minted["token_type"] == "DPoP", "\(minted)")
        let token = try #require(minted["access_token"])
        let url = "https://tickets.example.com/tickets/7"
        let shown = try proof(key, "GET", url, token: token)
        #expect(try verify(desk, token, shown) == 200)

        switch ending {
        case .stopped: #expect(try broker.stop() == 0)
        case .killed: try broker.kill()
        }
        try broker.start()

        #expect(try send(desk, used)["error"] == "invalid_dpop_proof")
        #expect(try verify(desk, token, shown) == 401)
        // Alive all the same, and the nonce of before still is one.
        #expect(try verify(desk, token, try proof(key, "GET", url, token: token)) == 200)
        #expect(try ask(desk, key, nonce: nonce).answer.status == 200)
    }

    private func ask(
        _ desk: Desk, _ key: PrivateKey, nonce: String?
    ) throws -> (answer: HTTPAnswer, proof: String) {
        let proof = try proof(key, "POST", desk.broker.url + "/oauth2/token", nonce: nonce)
        return (try send(desk, proof), proof)
    }

    private func send(_ desk: Desk, _ proof: String) throws -> HTTPAnswer {
        try desk.form(
            "/oauth2/token",
            [("grant_type", "client_credentials"), ("resource", "tickets"), ("scope", "tickets:read")]
                + desk.proof(try desk.agent("orchestrator")),
            [("DPoP", proof)])
    }

    private func verify(_ desk: Desk, _ token: String, _ proof: String) throws -> Int {
        try HTTP.send(
            "GET", "/verify",
            [
                ("X-Mayfly-Resource", try desk.basic("tickets")), ("X-Original-Method", "GET"),
                ("X-Original-URI", "/tickets/7"), ("Authorization", "DPoP " + token), ("DPoP", proof),
            ], [], to: desk.broker.port
        ).status
    }

    private func proof(
        _ key: PrivateKey, _ method: String, _ url: String, token: String? = nil, nonce: String? = nil
    ) throws -> String {
        var claims: JSONObject = [
            "jti": .string(try SecureRandom.token(byteCount: 16)), "htm": .string(method), "htu": .string(url),
            "iat": .integer(SystemClock().now().seconds),
        ]
        claims["ath"] = token.map { .string(Base64URL.encode(SHA256.digest(of: Array($0.utf8)).bytes)) }
        claims["nonce"] = nonce.map { .string($0) }
        return try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims)),
            header: JWS.encodedHeader(algorithm: .es256, type: "dpop+jwt", keyID: nil, jwk: key.publicKey.jwk),
            with: key)
    }
}
