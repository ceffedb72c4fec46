package import MayflyCrypto
package import MayflyModel

/// A proof of possession as it was sent (RFC 9449 §4.2): its form is good, and nothing of it is believed yet.
///
/// The one place where a key in a JWS header is looked at. The key says only who signed; what it is worth says the
/// token that is bound to it.
package struct DPoPProof: Sendable {
    /// Bytes of a `jti`.
    package static let maximumIDLength = 256
    /// Bytes of a `nonce`.
    package static let maximumNonceLength = 256
    /// Seconds after its `iat` for which a proof is good, beside the clock skew.
    package static let life: Int64 = 60
    /// The algorithms that a proof may be signed with.
    package static let algorithms = SignatureAlgorithm.allCases

    /// The public key of the header.
    let key: PublicKey
    let tokenID: String
    let method: String
    let target: ProofURI
    /// Whole seconds since 1970.
    let issuedAt: Int64
    /// SHA-256 of a token, in base64url; nil when the proof names no token.
    let tokenHash: String?
    let nonce: String?

    private let jws: JWS

    /// Reads a proof strictly; the signature is not looked at.
    package init(_ compact: ArraySlice<UInt8>) throws(ProofFault) {
        guard compact.count <= JWS.maximumLength, let jws = try? JWS.parse(Array(compact)) else { throw .form }
        guard jws.type == TokenKind.dpopProof.rawValue else { throw .type }
        // OpenSSL's form of the key is made when the signature is checked, and kept for the next proof.
        guard let jwk = jws.header["jwk"]?.objectValue, let key = try? PublicKey(registered: jwk) else { throw .key }
        guard let claims = try? jws.claims() else { throw .form }
        guard let tokenID = claims["jti"]?.stringValue, (1...Self.maximumIDLength).contains(tokenID.utf8.count) else {
            throw .tokenID
        }
        guard let method = claims["htm"]?.stringValue else { throw .method }
        guard let target = claims["htu"]?.stringValue.flatMap({ ProofURI(claim: $0) }) else { throw .target }
        guard let issuedAt = AssertionClaims.seconds(claims["iat"], up: false) else { throw .time }
        if let value = claims["ath"] {
            guard let text = value.stringValue else { throw .tokenHash }
            tokenHash = text
        } else {
            tokenHash = nil
        }
        if let value = claims["nonce"] {
            guard let text = value.stringValue, text.utf8.count <= Self.maximumNonceLength else { throw .form }
            nonce = text
        } else {
            nonce = nil
        }
        (self.key, self.tokenID, self.method) = (key, tokenID, method)
        (self.target, self.issuedAt, self.jws) = (target, issuedAt, jws)
    }

    /// The RFC 7638 thumbprint of the key, as `cnf.jkt` has it.
    package var thumbprint: String { key.thumbprint }

    /// Checks what RFC 9449 §4.3 asks of a proof for one request; the signature comes last, because it costs the most.
    package func check(
        method: String, targets: [ProofURI], at now: Timestamp, skew: Int64
    ) throws(ProofFault) {
        guard self.method.utf8.elementsEqual(method.utf8) else { throw .method }
        guard targets.contains(target) else { throw .target }
        guard issuedAt <= now.seconds + skew, now.seconds <= issuedAt + Self.life + skew else { throw .time }
        guard jws.isSigned(by: key) else { throw .signature }
    }

    /// Whether it was made for exactly this token (RFC 9449 §4.3, item 12).
    package func names(token compact: ArraySlice<UInt8>) -> Bool {
        tokenHash.map { $0.utf8.elementsEqual(Self.hash(of: compact).utf8) } ?? false
    }

    /// What `ath` says of a token: SHA-256 of its characters, in base64url.
    static func hash(of compact: ArraySlice<UInt8>) -> String {
        Base64URL.encode(SHA256.digest(of: compact).bytes)
    }

    /// The mark that makes the proof single-use at `place`, a resource's name, or empty for the token endpoint.
    func mark(at place: String) -> UsedMark {
        // By the widest skew: it may be set wider while the mark is kept.
        UsedMark.proof(
            at: place, key: thumbprint, tokenID: tokenID,
            expires: Timestamp(seconds: issuedAt + Self.life + BrokerSettings.widestClockSkew + 1))
    }
}

/// The key that a request has proven to hold, and the mark that its proof leaves.
package struct HeldKey: Equatable, Sendable {
    /// RFC 7638, as `cnf.jkt` has it.
    package let thumbprint: String
    package let mark: UsedMark
    /// The token that the proof names, by its `ath`.
    let tokenHash: String?
}
