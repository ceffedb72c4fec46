package import MayflyModel

/// A public key that verifies, parsed once, together with the algorithms that may be used with it.
///
/// The algorithms belong to the key and never come from a token (RFC 8725 §3.1).
package final class PublicKey: Sendable {
    /// What the key's type allows: ES256, EdDSA, or RS256 and PS256, of which a JWK's `alg` picks one.
    package let algorithms: [SignatureAlgorithm]
    /// RFC 7638, SHA-256, base64url.
    package let thumbprint: String
    /// The public members alone in their canonical encoding, without `kid`, `alg` and `use`.
    package let jwk: JSONObject

    private let material: PublicKeyMaterial
    private let key: KeyHandle

    init(_ material: PublicKeyMaterial, for algorithms: [SignatureAlgorithm]) throws(CryptoError) {
        key = try material.makeHandle()
        self.material = material
        self.algorithms = algorithms
        let members = material.requiredMembers
        thumbprint = PublicKeyMaterial.thumbprint(of: members)
        jwk = PublicKeyMaterial.jwk(of: members)
    }

    /// Reads a public JWK: EC P-256, RSA of 2048 to 4096 bits, or OKP Ed25519 (RFC 7518 §6, RFC 8037 §2).
    ///
    /// Refuses private members, coordinates of another length, numbers with leading zeros, points off the curve, and a
    /// `use`, `key_ops` or `alg` that does not fit. Other members, `kid` among them, are ignored.
    package convenience init(jwk: JSONObject) throws(CryptoError) {
        let (material, algorithms) = try PublicKeyMaterial.read(jwk)
        try self.init(material, for: algorithms)
    }

    /// Takes the 32 bytes of an Ed25519 public key (RFC 8032 §5.1.5).
    package convenience init(ed25519Raw raw: [UInt8]) throws(CryptoError) {
        try self.init(.ed25519(raw), for: [.edDSA])
    }

    /// The 32 bytes of an Ed25519 key, nil for another type.
    package var ed25519Raw: [UInt8]? {
        if case .ed25519(let raw) = material { raw } else { nil }
    }

    /// Whether `signature`, in the shape that JWS gives it, holds; every failure is false.
    ///
    /// ES256 takes exactly R‖S of 64 bytes with both in 1..n-1 (RFC 7518 §3.4). With (r, s) the pair (r, n-s) holds
    /// too, so a signature or a hash of one never identifies anything.
    package func verify(
        _ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        guard algorithm == .es256 else { return key.verifies(signature, over: message, with: algorithm) }
        guard let der = ECDSASignature.der(fromRaw: signature) else { return false }
        return key.verifies(der, over: message, with: algorithm)
    }

    /// SubjectPublicKeyInfo in PEM.
    func pem() throws(CryptoError) -> [UInt8] {
        try PEM.publicKey(key)
    }
}

extension PublicKey: Equatable {
    /// The same key for the same algorithms.
    package static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.material == right.material && left.algorithms == right.algorithms
    }
}
