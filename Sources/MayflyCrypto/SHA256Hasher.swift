internal import COpenSSL

/// A running SHA-256 (FIPS 180-4) of more than fits into memory; OpenSSL's context is freed when this value ends.
@safe package struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer  // EVP_MD_CTX *, owned here alone

    package init() throws(CryptoError) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .outOfMemory }
        guard unsafe EVP_DigestInit_ex(context, SHA256Method.shared.pointer, nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw .takeFromOpenSSL()
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) throws(CryptoError) {
        let status = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard status == 1 else { throw .takeFromOpenSSL() }
    }

    /// The digest of everything so far, which ends it.
    package consuming func finish() throws(CryptoError) -> SHA256Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let status = unsafe withUnsafeMutableBytes(of: &words) { output in
            unsafe EVP_DigestFinal_ex(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        guard status == 1 else { throw .takeFromOpenSSL() }
        return SHA256Digest(bigEndianWords: words)
    }
}
