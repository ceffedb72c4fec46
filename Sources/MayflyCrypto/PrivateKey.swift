internal import COpenSSL

/// A key that signs, with the one algorithm it is for.
package final class PrivateKey: Sendable {
    package let algorithm: SignatureAlgorithm
    package let publicKey: PublicKey

    private enum Place: Sendable {
        case memory(ParsedKey)
        case token(PKCS11Key)
    }

    private let place: Place

    /// Finds out what `key` is for.
    private convenience init(adopting key: consuming KeyHandle) throws(CryptoError) {
        let (algorithm, material) = try Self.inspect(key)
        try self.init(.memory(ParsedKey(key, for: .signing)), algorithm, material)
    }

    /// Takes a key that stays in its token.
    convenience init(
        _ key: PKCS11Key, _ algorithm: SignatureAlgorithm, _ material: PublicKeyMaterial
    ) throws(CryptoError) {
        try self.init(.token(key), algorithm, material)
    }

    /// Proves that both halves belong together.
    private init(
        _ place: Place, _ algorithm: SignatureAlgorithm, _ material: PublicKeyMaterial
    ) throws(CryptoError) {
        publicKey = try PublicKey(material, for: [algorithm])
        self.algorithm = algorithm
        self.place = place
        try prove()
    }

    /// Whether the private half can neither be read nor written.
    package var isInToken: Bool {
        switch place {
        case .memory: false
        case .token: true
        }
    }

    /// Signs a text and looks at the signature: throws when the private half is out of reach, or another one.
    package func prove() throws(CryptoError) {
        let probe = Array("Mayfly key probe".utf8)
        guard publicKey.verify(try sign(probe), over: probe, with: algorithm) else { throw .invalidKey }
    }

    /// Makes a fresh key: P-256, RSA of 2048 bits, or Ed25519.
    package static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey {
        try PrivateKey(adopting: try KeyHandle.generate(algorithm))
    }

    /// Reads exactly one PKCS#8 key in PEM, encrypted (RFC 7468 §11) or not (§10).
    ///
    /// A plain RSA key is for RS256, one of type RSASSA-PSS for PS256.
    package convenience init(pem: [UInt8], passphrase: Secret? = nil) throws(CryptoError) {
        try self.init(adopting: try PEM.privateKey(pem, passphrase))
    }

    /// The key as PKCS#8 in PEM, encrypted if there is a passphrase; without one the caller keeps it secret.
    package func pem(passphrase: Secret? = nil) throws(CryptoError) -> [UInt8] {
        switch place {
        case .memory(let parsed): try PEM.privateKey(parsed.key, passphrase)
        case .token: throw .keyInToken
        }
    }

    /// Signs `message` in the shape that JWS wants: R‖S for ES256, a salt as long as the hash for PS256.
    package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        switch place {
        case .token(let key): try key.signature(over: message, with: algorithm)
        case .memory(let parsed): try parsed.signature(over: message, with: algorithm)
        }
    }

    static func inspect(
        _ key: borrowing KeyHandle
    ) throws(CryptoError) -> (SignatureAlgorithm, PublicKeyMaterial) {
        if key.isA("EC") {
            guard key.groupName() == SN_X9_62_prime256v1 else { throw .unsupportedKey }
            let width = Int32(PublicKeyMaterial.coordinateLength)
            let x = try key.integer(OSSL_PKEY_PARAM_EC_PUB_X, width: width)
            let y = try key.integer(OSSL_PKEY_PARAM_EC_PUB_Y, width: width)
            return (.es256, try .p256Point(x: x, y: y))
        }
        if key.isA("RSA") || key.isA("RSA-PSS") {
            let modulus = try key.integer(OSSL_PKEY_PARAM_RSA_N)
            let exponent = try key.integer(OSSL_PKEY_PARAM_RSA_E)
            return (key.isA("RSA") ? .rs256 : .ps256, .rsa(modulus: modulus, exponent: exponent))
        }
        if key.isA("ED25519") {
            return (.edDSA, .ed25519(try key.rawPublicKey()))
        }
        throw .unsupportedKey
    }
}

extension KeyHandle {
    /// The 32 bytes of an Ed25519 public key.
    fileprivate func rawPublicKey() throws(CryptoError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: PublicKeyMaterial.coordinateLength)
        var length = output.count
        let status = unsafe output.withUnsafeMutableBufferPointer {
            unsafe EVP_PKEY_get_raw_public_key(pointer, $0.baseAddress, &length)
        }
        guard status == 1, length == output.count else { throw .takeFromOpenSSL() }
        return output
    }
}
