import MayflyCrypto
import MayflyModel

/// A client of the broker with its key, and the requests that it makes.
struct BenchAgent {
    let id: String
    let key: PrivateKey

    /// Asks for a token; each call signs a new assertion, which is good once.
    func tokenRequest(scope: String, lifetime: Int? = nil) throws(BenchError) -> HTTPRequestBytes {
        var fields = [("grant_type", "client_credentials"), ("scope", scope)]
        if let lifetime { fields.append(("lifetime", "\(lifetime)")) }
        return .form("/oauth2/token", fields + (try authentication()))
    }

    /// Trades `token`, whose holder may delegate to this agent, for one of its own.
    func exchangeRequest(_ token: String, lifetime: Int? = nil) throws(BenchError) -> HTTPRequestBytes {
        var fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ]
        if let lifetime { fields.append(("lifetime", "\(lifetime)")) }
        return .form("/oauth2/token", fields + (try authentication()))
    }

    /// Bytes that are hashed to verify one of this agent's assertions.
    func assertionSize() throws(BenchError) -> Int {
        let assertion = try assertion()
        return assertion.utf8.count - (assertion.split(separator: ".").last?.utf8.count ?? 0) - 1
    }

    private func authentication() throws(BenchError) -> [(String, String)] {
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", try assertion()),
        ]
    }

    private func assertion() throws(BenchError) -> String {
        try BenchError.wrap("cannot sign") { () throws(CryptoError) in
            let claims: JSONObject = [
                "iss": .string(id), "sub": .string(id), "aud": .string(BenchSite.issuer),
                "exp": .integer(Moment.wall() + 290), "jti": .string(try SecureRandom.token(byteCount: 16)),
            ]
            return try JWS.sign(
                payload: JSONWriter.bytes(of: .object(claims)), type: "client-authentication+jwt", keyID: nil,
                with: key)
        }
    }
}
