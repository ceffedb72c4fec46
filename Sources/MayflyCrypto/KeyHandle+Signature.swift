internal import COpenSSL

/// Signatures by RSA and Ed25519, set up anew for each; ES256 goes by `ECDSAOperation`.
extension KeyHandle {
    /// Verifies a signature in OpenSSL's own shape; every failure is false.
    func verifies(_ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        // A refused signature leaves entries that would explain a later, unrelated failure.
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        var settings: OpaquePointer?  // EVP_PKEY_CTX *, owned by `context`
        guard
            unsafe EVP_DigestVerifyInit(context, &settings, Self.method(for: algorithm), nil, pointer) == 1,
            unsafe Self.setPadding(settings, for: algorithm)
        else { return false }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, message.baseAddress, message.count) == 1
            }
        }
    }

    /// Signs in OpenSSL's own shape.
    func signature(over message: [UInt8], with algorithm: SignatureAlgorithm) throws(CryptoError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .outOfMemory }
        defer { unsafe EVP_MD_CTX_free(context) }
        var settings: OpaquePointer?
        guard
            unsafe EVP_DigestSignInit(context, &settings, Self.method(for: algorithm), nil, pointer) == 1,
            unsafe Self.setPadding(settings, for: algorithm)
        else { throw .takeFromOpenSSL() }
        var output = [UInt8](repeating: 0, count: Int(unsafe EVP_PKEY_get_size(pointer)))
        var length = output.count
        let status = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSign(context, output.baseAddress, &length, message.baseAddress, message.count)
            }
        }
        guard status == 1, length <= output.count else { throw .takeFromOpenSSL() }
        output.removeLast(output.count - length)
        return output
    }

    /// Ed25519 hashes by itself (RFC 8032 §5.1.6).
    private static func method(for algorithm: SignatureAlgorithm) -> OpaquePointer? {
        switch algorithm {
        case .es256, .rs256, .ps256: unsafe SHA256Method.shared.pointer
        case .edDSA: nil
        }
    }

    private static func setPadding(_ settings: OpaquePointer?, for algorithm: SignatureAlgorithm) -> Bool {
        switch algorithm {
        case .es256, .edDSA: true
        case .rs256: unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) == 1
        case .ps256:
            // RFC 7518 §3.5: the salt is as long as the hash, and MGF1 uses the same hash, which is OpenSSL's default.
            unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1
        }
    }
}
