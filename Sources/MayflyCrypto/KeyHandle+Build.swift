internal import COpenSSL

extension KeyHandle {
    /// A P-256 public key from its uncompressed point; OpenSSL refuses a coordinate outside the field and a point off
    /// the curve.
    static func p256(point: [UInt8]) throws(CryptoError) -> KeyHandle {
        let pointer: OpaquePointer? = unsafe point.withUnsafeBytes { bytes in
            unsafe fromParameters("EC") { builder in
                unsafe mayfly_push_p256(builder, bytes.baseAddress, bytes.count) == 1
            }
        }
        guard let pointer = unsafe pointer else {
            ERR_clear_error()
            throw .invalidKey
        }
        let key = unsafe KeyHandle(adopting: pointer)
        guard key.passesPublicCheck() else {
            ERR_clear_error()
            throw .invalidKey
        }
        return key
    }

    /// An RSA public key from big-endian numbers whose ranges the caller has checked.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) -> KeyHandle {
        guard let n = unsafe number(modulus) else { throw .takeFromOpenSSL() }
        defer { unsafe BN_free(n) }
        guard let e = unsafe number(exponent) else { throw .takeFromOpenSSL() }
        defer { unsafe BN_free(e) }
        let pointer = unsafe fromParameters("RSA") { builder in
            unsafe mayfly_push_rsa(builder, n, e) == 1
        }
        guard let pointer = unsafe pointer else { throw .takeFromOpenSSL() }
        return unsafe KeyHandle(adopting: pointer)
    }

    /// An Ed25519 public key from its 32 bytes; OpenSSL decodes the point only when it verifies.
    static func ed25519(_ raw: [UInt8]) throws(CryptoError) -> KeyHandle {
        let pointer: OpaquePointer? = unsafe raw.withUnsafeBufferPointer {
            unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, $0.baseAddress, $0.count)
        }
        guard let pointer = unsafe pointer else { throw .takeFromOpenSSL() }
        return unsafe KeyHandle(adopting: pointer)
    }

    /// A fresh private key: P-256, RSA 2048 with exponent 65537, or Ed25519.
    ///
    /// A PS256 key has OpenSSL's type RSA-PSS, restricted to SHA-256 with a salt of 32 bytes, so that its PKCS#8 form
    /// still says what it is for (RFC 4055 §1.2).
    static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> KeyHandle {
        let type: StaticString =
            switch algorithm {
            case .es256: "EC"
            case .rs256: "RSA"
            case .ps256: "RSA-PSS"
            case .edDSA: "ED25519"
            }
        guard let context = unsafe newContext(type) else { throw .takeFromOpenSSL() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var pointer: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe configure(context, for: algorithm),
            unsafe EVP_PKEY_generate(context, &pointer) == 1, let pointer = unsafe pointer
        else { throw .takeFromOpenSSL() }
        return unsafe KeyHandle(adopting: pointer)
    }

    private static func configure(_ context: OpaquePointer, for algorithm: SignatureAlgorithm) -> Bool {
        switch algorithm {
        case .es256:
            return unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
        case .rs256:
            return unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1
        case .ps256:
            let method = unsafe SHA256Method.shared.pointer
            return unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1
                && EVP_PKEY_CTX_set_rsa_pss_keygen_md(context, method) == 1
                && EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context, method) == 1
                && EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context, Int32(SHA256Digest.byteCount)) == 1
        case .edDSA:
            return true
        }
    }

    /// On its curve, in range and not infinity.
    ///
    /// P-256 has cofactor 1, so the slow check of the order would add nothing.
    private func passesPublicCheck() -> Bool {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe EVP_PKEY_public_check_quick(context) == 1
    }

    /// Builds a public key from parameters; what `fill` pushes must outlive this call, since the builder only points.
    private static func fromParameters(_ type: StaticString, _ fill: (OpaquePointer) -> Bool) -> OpaquePointer? {
        guard let builder = unsafe OSSL_PARAM_BLD_new() else { return nil }
        defer { unsafe OSSL_PARAM_BLD_free(builder) }
        guard unsafe fill(builder), let parameters = unsafe OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let context = unsafe newContext(type) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var pointer: OpaquePointer?
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &pointer, mayfly_public_key_selection(), parameters) == 1
        else { return nil }
        return unsafe pointer
    }

    /// OpenSSL keeps the pointer to the name, so it must be a literal's, which is NUL-terminated and stays.
    private static func newContext(_ type: StaticString) -> OpaquePointer? {
        let name = unsafe UnsafeRawPointer(type.utf8Start).assumingMemoryBound(to: CChar.self)
        return unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil)
    }

    private static func number(_ bytes: [UInt8]) -> OpaquePointer? {
        guard let count = Int32(exactly: bytes.count) else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { unsafe BN_bin2bn($0.baseAddress, count, nil) }
    }
}
