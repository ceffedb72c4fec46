import MayflyCrypto
package import MayflyModel

extension Administration {
    /// Registers a key of an agent or owner: the code says whose, `proof` shows that the key's holder sent it.
    ///
    /// `proof` is a JWS of type `mayfly-key-proof+jwt`, signed with the new key, whose payload is
    /// `{"aud": issuer, "sub": agent or owner, "jwk": key, "nonce": SHA-256 of the code}`.
    package func enrol(
        code: String, proof: [UInt8], label: String, _ completion: @escaping Completion<KeyHolderRecord>
    ) {
        let digest = SHA256.digest(of: Array(code.utf8))
        do throws(BrokerError) {
            let opened = try KeyProof.open(proof, issuer: settings.issuer)
            guard opened.nonce.utf8.elementsEqual(Base64URL.encode(digest.bytes).utf8) else {
                throw KeyProof.refusal
            }
            writer.submit(
                EnrolCommand(code: digest, holder: opened.holder, key: opened.key, label: label), completion)
        } catch {
            completion(.failure(error))
        }
    }

    /// Registers a further key of an agent or owner: `client` was authenticated with an older key, `proof` is the new
    /// key's, with the `jti` of the client's assertion as its nonce.
    package func addKey(
        proof: [UInt8], label: String, expires: Timestamp?, for client: AuthenticatedClient, assertionID: String,
        _ completion: @escaping Completion<KeyHolderRecord>
    ) {
        do throws(BrokerError) {
            guard let holder = client.client.keyHolder, let mark = client.mark else {
                throw .oauth(ClientAuthenticator.refusal)
            }
            let opened = try KeyProof.open(proof, issuer: settings.issuer)
            guard opened.holder == holder, opened.nonce.utf8.elementsEqual(assertionID.utf8) else {
                throw KeyProof.refusal
            }
            writer.submit(
                AddKeyCommand(holder: holder, key: opened.key, label: label, expires: expires, mark: mark), completion)
        } catch {
            completion(.failure(error))
        }
    }
}

/// A new key's own signature over what it is to be registered for.
struct KeyProof {
    let holder: KeyHolder
    let key: PublicKey
    /// Ties the proof to one code or one assertion, so that it cannot be used for another.
    let nonce: String

    static let refusal = BrokerError.oauth(OAuthError(.invalidRequest, "the key proof is not valid"))

    static func open(_ compact: [UInt8], issuer: String) throws(BrokerError) -> KeyProof {
        guard let jws = try? JWS.parse(compact), jws.type == TokenKind.keyProof.rawValue,
            let claims = try? jws.claims(), let audience = claims["aud"]?.stringValue,
            audience.utf8.elementsEqual(issuer.utf8),
            let holder = claims["sub"]?.stringValue.flatMap({ KeyHolder($0) }),
            let nonce = claims["nonce"]?.stringValue, let jwk = claims["jwk"]?.objectValue
        else { throw refusal }
        guard let key = try? PublicKey(jwk: jwk) else {
            throw .invalid(
                FieldError(
                    path: FieldPath.root.member("proof").member("jwk"),
                    problem: .invalid(
                        rule: "a public JWK: EC P-256, Ed25519, or RSA of 2048 to 4096 bits, no private member")))
        }
        // What it signs with here it signs with from now on.
        guard jws.isSigned(by: key), let key = jws.algorithm.flatMap({ key.pinned(to: $0) }) else { throw refusal }
        return KeyProof(holder: holder, key: key, nonce: nonce)
    }
}
