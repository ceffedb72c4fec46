package import MayflyCrypto
package import MayflyModel

/// Makes client assertions (RFC 7523 §2.2, draft-ietf-oauth-rfc7523bis), each for one request.
package struct AssertionMaker: Sendable {
    package static let type = "client-authentication+jwt"
    /// The type of a proof that a key's holder signs when the key is registered.
    package static let keyProofType = "mayfly-key-proof+jwt"
    package static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// Seconds from `iat` to `exp`.
    package static let life: Int64 = 60

    private let issuer: String
    private let clock: any WallClock

    package init(issuer: String, clock: any WallClock) {
        (self.issuer, self.clock) = (issuer, clock)
    }

    var now: Timestamp { clock.now() }

    /// A signed assertion and its `jti`.
    package struct Assertion: Sendable {
        package let compact: String
        package let id: String
    }

    /// Says that `credential`'s client speaks to the issuer, for a minute and once.
    package func assertion(for credential: AgentCredential) throws(ClientError) -> Assertion {
        guard let key = credential.key else {
            throw .invalidInput("the client is known by its certificate, and has no key to sign with")
        }
        let id = try random()
        let now = clock.now().seconds
        let claims: JSONObject = [
            "iss": .string(credential.clientID), "sub": .string(credential.clientID), "aud": .string(issuer),
            "iat": .integer(now), "exp": .integer(now + Self.life), "jti": .string(id),
        ]
        return Assertion(compact: try sign(claims, as: Self.type, with: key), id: id)
    }

    /// Proves that the holder of `key` wants it registered for `holder`; `nonce` ties the proof to one code or
    /// assertion.
    package func keyProof(of key: PrivateKey, for holder: String, nonce: String) throws(ClientError) -> String {
        let claims: JSONObject = [
            "aud": .string(issuer), "sub": .string(holder), "jwk": .object(key.publicKey.jwk), "nonce": .string(nonce),
        ]
        return try sign(claims, as: Self.keyProofType, with: key)
    }

    private func sign(_ claims: JSONObject, as type: String, with key: PrivateKey) throws(ClientError) -> String {
        do {
            return try JWS.sign(
                payload: JSONWriter.bytes(of: .object(claims)), type: type, keyID: key.publicKey.thumbprint, with: key)
        } catch {
            throw .cryptography(error.description)
        }
    }

    private func random() throws(ClientError) -> String {
        do {
            return try SecureRandom.token(byteCount: 16)
        } catch {
            throw .cryptography(error.description)
        }
    }
}
