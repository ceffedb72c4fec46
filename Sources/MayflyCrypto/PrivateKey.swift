internal import COpenSSL

/// A key that signs, with the one algorithm it is for.
package final class PrivateKey: Sendable {
    package let algorithm: SignatureAlgorithm
    package let publicKey: PublicKey

    private let key: KeyHandle

    /// Finds out what `key` is for and proves that both halves belong together.
    private init(adopting key: consuming KeyHandle) throws(CryptoError) {
        let (algorithm, material) = try Self.inspect(key)
        publicKey = try PublicKey(material, for: [algorithm])
        self.algorithm = algorithm
        self.key = key
        let probe = Array("Mayfly key probe".utf8)
        guard publicKey.verify(try sign(probe), over: probe, with: algorithm) else { throw .invalidKey }
    }

    /// Makes a fresh key: P-256, RSA of 2048 bits, or Ed25519.
    package static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> PrivateKey {
        try PrivateKey(adopting: try KeyHandle.generate(algorithm))
    }

    /// Reads exactly one unencrypted PKCS#8 key in PEM (RFC 7468 §10).
    ///
    /// A plain RSA key is for RS256, one of type RSASSA-PSS for PS256.
    package convenience init(pem: [UInt8]) throws(CryptoError) {
        try self.init(adopting: try PEM.privateKey(pem))
    }

    /// The key as unencrypted PKCS#8 in PEM; the caller keeps it secret.
    package func pem() throws(CryptoError) -> [UInt8] {
        try PEM.privateKey(key)
    }

    /// Signs `message` in the shape that JWS wants: R‖S for ES256, a salt as long as the hash for PS256.
    package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        let signature = try key.signature(over: message, with: algorithm)
        return algorithm == .es256 ? try ECDSASignature.raw(fromDER: signature) : signature
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
