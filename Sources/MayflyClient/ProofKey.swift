package import MayflyCrypto
internal import MayflyModel
internal import Synchronization

/// A key that tokens are bound to, and the maker of the proofs that go with them (RFC 9449).
///
/// A token that was asked for with it is worth nothing without it. It remembers the broker's latest nonce, so that
/// most requests need no second try.
public final class ProofKey: Sendable {
    package let key: PrivateKey
    private let nonce = Mutex<String?>(nil)

    /// A fresh P-256 key, which ends with the process unless it is kept.
    public convenience init() throws(ClientError) {
        do {
            self.init(key: try PrivateKey.generate(.es256))
        } catch {
            throw .cryptography(error.description)
        }
    }

    /// Reads the key from a PKCS#8 PEM file that only its owner can read (mode 0600).
    public convenience init(keyFile: String) throws(ClientError) {
        do {
            self.init(key: try PrivateKeyFile.read(keyFile))
        } catch {
            throw .keyFile(error.description)
        }
    }

    /// Binds tokens to the key by which an agent proves who it is, for example one that stays in a PKCS#11 token.
    ///
    /// Throws for an agent that is known by its certificate and has no such key.
    public convenience init(_ credential: AgentCredential) throws(ClientError) {
        guard let key = credential.key else {
            throw .invalidInput("the agent has no key of its own: it is known by its certificate")
        }
        self.init(key: key)
    }

    package init(key: PrivateKey) {
        self.key = key
    }

    /// Writes the key to a new file of mode 0600; throws where there is one already.
    public func write(to path: String) throws(ClientError) {
        do {
            try PrivateKeyFile.write(key, to: path)
        } catch {
            throw .keyFile(error.description)
        }
    }

    /// The RFC 7638 thumbprint, which stands in the tokens as `cnf.jkt`.
    public var thumbprint: String { key.publicKey.thumbprint }

    /// A proof for one request with `token`: its method, and its URL, whose query and fragment are left out.
    ///
    /// The tool that gets it checks it, or passes it on to the broker. `nonce` is what that tool asked for, if it did.
    public func proof(
        method: String, url: String, token: String, nonce: String? = nil
    ) throws(ClientError) -> String {
        try proof(method, url, token: token, nonce: nonce, at: SystemClock().now())
    }

    func proof(
        _ method: String, _ url: String, token: String?, nonce: String?, at now: Timestamp
    ) throws(ClientError) -> String {
        var claims: JSONObject = [
            "htm": .string(method),
            "htu": .string(String(url.prefix { $0 != "?" && $0 != "#" })),
            "iat": .integer(now.seconds),
        ]
        claims["ath"] = token.map { .string(Base64URL.encode(SHA256.digest(of: Array($0.utf8)).bytes)) }
        claims["nonce"] = nonce.map { .string($0) }
        do {
            claims["jti"] = .string(try SecureRandom.token(byteCount: 16))
            let header = JWS.encodedHeader(
                algorithm: key.algorithm, type: "dpop+jwt", keyID: nil, jwk: key.publicKey.jwk)
            return try JWS.sign(payload: JSONWriter.bytes(of: .object(claims)), header: header, with: key)
        } catch {
            throw .cryptography(error.description)
        }
    }

    /// The nonce that the broker gave last; nil before it gave any.
    var latestNonce: String? { nonce.withLock { $0 } }

    /// Takes over the nonce of an answer, if it brings one (RFC 9449 §8.2).
    func learn(from answer: ClientAnswer) {
        if let fresh = answer.header("DPoP-Nonce") { nonce.withLock { $0 = fresh } }
    }
}

extension ProofKey: CustomStringConvertible {
    /// The public thumbprint alone.
    public var description: String { "key \(thumbprint)" }
}
