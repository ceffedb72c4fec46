import MayflyBroker
import MayflyCrypto
import MayflyModel

extension Operation {
    /// What a proof of possession adds to an issue or a decision: reading it, and one signature.
    static func proofs() throws -> [Operation] {
        let key = try PrivateKey.generate(.es256)
        let url = "https://mayfly.example.com/oauth2/token"
        let claims: JSONObject = [
            "jti": .string("A5UjHZsrDN5XXBcMt5qwfQ"), "htm": .string("POST"), "htu": .string(url),
            "iat": .integer(1_800_000_000), "nonce": .string("AAAAAGtJ0gB2c3V0dnd4eXp7fH1-f4CB"),
        ]
        let header = JWS.encodedHeader(algorithm: .es256, type: "dpop+jwt", keyID: nil, jwk: key.publicKey.jwk)
        let compact = Array(
            try JWS.sign(payload: JSONWriter.bytes(of: .object(claims)), header: header, with: key).utf8)[...]
        let targets = [ProofURI(request: url)].compactMap { $0 }
        let now = Timestamp(seconds: 1_800_000_000)
        let read = try DPoPProof(compact)
        try read.check(method: "POST", targets: targets, at: now, skew: 30)
        let (text, secret) = ([UInt8](repeating: 1, count: 22), [UInt8](repeating: 2, count: 32))
        return [
            Operation(name: "proof.read") { keep(try? DPoPProof(compact)) },
            // The code of a nonce: one to check it, one for the next.
            Operation(name: "proof.nonce") { keep(try? HMACSHA256.code(of: text, key: secret)) },
            // A key that no proof was made with before: OpenSSL's form of it is made, too.
            Operation(name: "proof.key") { keep(try? PublicKey(jwk: key.publicKey.jwk)) },
            Operation(name: "proof.check") {
                keep(try? read.check(method: "POST", targets: targets, at: now, skew: 30))
            },
        ]
    }
}
