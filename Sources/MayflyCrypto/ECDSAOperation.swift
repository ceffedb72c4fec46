internal import COpenSSL

/// ECDSA with P-256 and SHA-256 under one key, set up once: for signing, or for verifying.
///
/// Setting up looks five methods up under OpenSSL's locks, which costs more than it does to copy what came of it. Each
/// use takes a copy. `@unchecked Sendable`: openssl-threads(7) says "Objects are thread-safe as long as the API's being
/// invoked don't modify the object", and copying takes the original as `const`.
@safe struct ECDSAOperation: ~Copyable, @unchecked Sendable {
    private let original: OpaquePointer  // EVP_PKEY_CTX *, with a reference to the key

    /// Nil when OpenSSL cannot verify with `key`.
    init?(verifyingWith key: borrowing KeyHandle) {
        unsafe self.init(key) { unsafe EVP_PKEY_verify_init($0) }
    }

    /// Nil when OpenSSL cannot sign with `key`.
    init?(signingWith key: borrowing KeyHandle) {
        unsafe self.init(key) { unsafe EVP_PKEY_sign_init($0) }
    }

    private init?(_ key: borrowing KeyHandle, setUp: (OpaquePointer) -> Int32) {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else {
            ERR_clear_error()
            return nil
        }
        guard unsafe setUp(context) == 1 else {
            unsafe EVP_PKEY_CTX_free(context)
            ERR_clear_error()
            return nil
        }
        unsafe original = context
    }

    deinit { unsafe EVP_PKEY_CTX_free(original) }

    /// Whether R‖S holds (RFC 7518 §3.4); every failure is false.
    func verifies(_ raw: [UInt8], over message: [UInt8]) -> Bool {
        guard let signature = ECDSASignature.der(fromRaw: raw) else { return false }
        // A refused signature leaves entries that would explain a later, unrelated failure.
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_PKEY_CTX_dup(original) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe Self.withDigest(of: message) { digest in
            unsafe signature.withUnsafeBufferPointer { signature in
                unsafe EVP_PKEY_verify(
                    context, signature.baseAddress, signature.count, digest.baseAddress, digest.count) == 1
            }
        }
    }

    /// R‖S.
    func signature(over message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = unsafe EVP_PKEY_CTX_dup(original) else { throw .takeFromOpenSSL() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: ECDSASignature.maximumLength)
        var length = output.count
        let status = unsafe Self.withDigest(of: message) { digest in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_PKEY_sign(context, output.baseAddress, &length, digest.baseAddress, digest.count)
            }
        }
        guard status == 1, length <= output.count else { throw .takeFromOpenSSL() }
        output.removeLast(output.count - length)
        return try ECDSASignature.raw(fromDER: output)
    }

    private static func withDigest<Result>(
        of message: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let digest = SHA256.digest(of: message)
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SHA256Digest.byteCount) { buffer in
            unsafe digest.copy(to: UnsafeMutableRawBufferPointer(buffer))
            return unsafe body(UnsafeBufferPointer(buffer))
        }
    }
}
