internal import MayflyModel

extension PublicKeyMaterial {
    /// Members that only a private or a symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2).
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    // Shared by all keys of a type: a registry holds many.
    private static let p256Algorithms: [SignatureAlgorithm] = [.es256]
    private static let rsaAlgorithms: [SignatureAlgorithm] = [.rs256, .ps256]
    private static let ed25519Algorithms: [SignatureAlgorithm] = [.edDSA]

    /// Reads a public JWK and the algorithms that its type and its `alg` leave.
    static func read(
        _ jwk: JSONObject
    ) throws(CryptoError) -> (material: PublicKeyMaterial, algorithms: [SignatureAlgorithm]) {
        for name in privateMembers where jwk[name] != nil { throw .privateMember }
        try checkUse(jwk)
        let type = try text("kty", in: jwk)
        let material: PublicKeyMaterial
        let possible: [SignatureAlgorithm]
        if type.isExactly("EC") {
            guard try text("crv", in: jwk).isExactly("P-256") else { throw .unsupportedKey }
            material = try .p256Point(x: try bytes("x", in: jwk), y: try bytes("y", in: jwk))
            possible = p256Algorithms
        } else if type.isExactly("RSA") {
            material = .rsa(modulus: try bytes("n", in: jwk), exponent: try bytes("e", in: jwk))
            possible = rsaAlgorithms
        } else if type.isExactly("OKP") {
            guard try text("crv", in: jwk).isExactly("Ed25519") else { throw .unsupportedKey }
            material = .ed25519(try bytes("x", in: jwk))
            possible = ed25519Algorithms
        } else {
            throw .unsupportedKey
        }
        guard jwk["alg"] != nil else { return (material, possible) }
        let declared = SignatureAlgorithm(exactly: try text("alg", in: jwk))
        let algorithms = possible.filter { $0 == declared }
        guard !algorithms.isEmpty else { throw .forbiddenUse }
        return (material, algorithms)
    }

    /// RFC 7517 §4.2, §4.3: each member that is present must allow verifying.
    private static func checkUse(_ jwk: JSONObject) throws(CryptoError) {
        if let use = jwk["use"] {
            guard let use = use.stringValue else { throw .invalidKey }
            guard use.isExactly("sig") else { throw .forbiddenUse }
        }
        if let operations = jwk["key_ops"] {
            guard let operations = operations.stringArrayValue else { throw .invalidKey }
            guard operations.contains(where: { $0.isExactly("verify") }) else { throw .forbiddenUse }
        }
    }

    private static func text(_ name: String, in jwk: JSONObject) throws(CryptoError) -> String {
        guard let text = jwk[name]?.stringValue else { throw .invalidKey }
        return text
    }

    private static func bytes(_ name: String, in jwk: JSONObject) throws(CryptoError) -> [UInt8] {
        // Longer than the longest modulus that could pass, so that no work is spent on what will be refused.
        let encoded = Array(try text(name, in: jwk).utf8)
        guard encoded.count <= 1024, let bytes = Base64URL.decode(encoded) else { throw .invalidKey }
        return bytes
    }
}
