package import MayflyModel

/// A public key that verifies, together with the algorithms that may be used with it.
///
/// The algorithms belong to the key and never come from a token (RFC 8725 §3.1).
///
/// OpenSSL's form of a key takes some kilobytes. A key of the broker's own holds it; a *registered* key, of which there
/// are many, finds it in `KeyHandleCache` while it is used.
package final class PublicKey: Sendable {
    /// What the key's type allows: ES256, EdDSA, or RS256 and PS256, of which a JWK's `alg` picks one.
    package let algorithms: [SignatureAlgorithm]
    /// RFC 7638, SHA-256, base64url.
    package let thumbprint: String

    let material: PublicKeyMaterial
    /// Nil for a registered key.
    private let held: ParsedKey?

    private init(
        _ material: PublicKeyMaterial, for algorithms: [SignatureAlgorithm], thumbprint: String, held: ParsedKey?
    ) {
        self.material = material
        self.algorithms = algorithms
        self.thumbprint = thumbprint
        self.held = held
    }

    convenience init(_ material: PublicKeyMaterial, for algorithms: [SignatureAlgorithm]) throws(CryptoError) {
        let parsed = ParsedKey(try material.makeHandle(), for: .verifying)
        self.init(material, for: algorithms, thumbprint: material.thumbprint, held: parsed)
    }

    /// Reads a public JWK: EC P-256, RSA of 2048 to 4096 bits, or OKP Ed25519 (RFC 7518 §6, RFC 8037 §2).
    ///
    /// Refuses private members, coordinates of another length, numbers with leading zeros, points off the curve, and a
    /// `use`, `key_ops` or `alg` that does not fit. Other members, `kid` among them, are ignored.
    package convenience init(jwk: JSONObject) throws(CryptoError) {
        let (material, algorithms) = try PublicKeyMaterial.read(jwk)
        try self.init(material, for: algorithms)
    }

    /// Reads a public JWK that was taken from a `PublicKey` before, and makes OpenSSL's form when it is first used.
    ///
    /// Refuses what `init(jwk:)` refuses, but a point off the curve, under which `verify` is then always false.
    package convenience init(registered jwk: JSONObject) throws(CryptoError) {
        let (material, algorithms) = try PublicKeyMaterial.read(jwk)
        try material.checkForm()
        self.init(material, for: algorithms, thumbprint: material.thumbprint, held: nil)
    }

    /// The same key without OpenSSL's form, to be kept among many.
    package var registered: PublicKey {
        held == nil ? self : PublicKey(material, for: algorithms, thumbprint: thumbprint, held: nil)
    }

    /// The public members alone in their canonical encoding, without `kid`, `alg` and `use`.
    package var jwk: JSONObject { PublicKeyMaterial.jwk(of: material.requiredMembers) }

    /// The same with `alg`, where the type would leave a choice and the key does not.
    package var registeredJWK: JSONObject {
        var jwk = jwk
        if material.kind == .rsa, let only = algorithms.first, algorithms.count == 1 {
            jwk["alg"] = .string(only.rawValue)
        }
        return jwk
    }

    /// The same key for one of its algorithms alone (RFC 8725 §3.1); nil for another one.
    package func pinned(to algorithm: SignatureAlgorithm) -> PublicKey? {
        guard algorithms.contains(algorithm) else { return nil }
        guard algorithms.count > 1 else { return self }
        return PublicKey(material, for: [algorithm], thumbprint: thumbprint, held: held)
    }

    /// Takes the 32 bytes of an Ed25519 public key (RFC 8032 §5.1.5).
    package convenience init(ed25519Raw raw: [UInt8]) throws(CryptoError) {
        try self.init(.ed25519(raw), for: [.edDSA])
    }

    /// The 32 bytes of an Ed25519 key, nil for another type.
    package var ed25519Raw: [UInt8]? {
        material.kind == .ed25519 ? material.bytes : nil
    }

    /// Whether `signature`, in the shape that JWS gives it, holds; every failure is false.
    ///
    /// ES256 takes exactly R‖S of 64 bytes with both in 1..n-1 (RFC 7518 §3.4). With (r, s) the pair (r, n-s) holds
    /// too, so a signature or a hash of one never identifies anything.
    package func verify(
        _ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithms.contains(algorithm), let parsed = held ?? KeyHandleCache.shared.parsed(self) else {
            return false
        }
        return parsed.verifies(signature, over: message, with: algorithm)
    }

    /// SubjectPublicKeyInfo in PEM.
    func pem() throws(CryptoError) -> [UInt8] {
        try PEM.publicKey(try material.makeHandle())
    }
}

extension PublicKey: Equatable {
    /// The same key for the same algorithms.
    package static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.material == right.material && left.algorithms == right.algorithms
    }
}
