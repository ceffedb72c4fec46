import MayflyCrypto
import MayflyModel

/// Someone who holds a key, and makes proofs of it for a running broker and its tools (RFC 9449).
struct ProofHolder {
    let desk: Desk
    let key: PrivateKey

    init(_ desk: Desk) throws {
        self.desk = desk
        key = try PrivateKey.generate(.es256)
    }

    func proof(_ method: String, _ url: String, token: String? = nil, nonce: String? = nil) throws -> String {
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

    /// A proof for the token endpoint.
    func proof(nonce: String?) throws -> String {
        try proof("POST", desk.broker.url + "/oauth2/token", nonce: nonce)
    }

    func ask(_ name: String, _ fields: [(String, String)], _ proof: String) throws -> HTTPAnswer {
        try desk.form(
            "/oauth2/token",
            [("grant_type", "client_credentials")] + fields + desk.proof(try desk.agent(name)), [("DPoP", proof)])
    }

    /// A nonce, as a first request without one is told it.
    func nonce(_ name: String) throws -> String {
        let answer = try ask(name, [("resource", "tickets")], try proof(nonce: nil))
        guard let nonce = answer.header("DPoP-Nonce") else { throw HarnessError("no nonce: \(answer)") }
        return nonce
    }

    /// A bound token that must be granted.
    func mint(_ name: String, _ fields: [(String, String)]) throws -> String {
        let answer = try ask(name, fields, try proof(nonce: try nonce(name)))
        guard answer.status == 200, answer["token_type"] == "DPoP", let token = answer["access_token"] else {
            throw HarnessError("no bound token for \(name): \(answer)")
        }
        return token
    }

    /// What the broker tells a proxy about a request of the holder's to `/tickets/7`.
    func verify(_ token: String, _ proof: String) throws -> Int {
        try HTTP.send(
            "GET", "/verify",
            [
                ("X-Mayfly-Resource", try desk.basic("tickets")), ("X-Original-Method", "GET"),
                ("X-Original-URI", "/tickets/7"), ("Authorization", "DPoP " + token), ("DPoP", proof),
            ], [], to: desk.broker.port
        ).status
    }
}
