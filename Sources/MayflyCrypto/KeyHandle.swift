internal import COpenSSL

/// Owns one OpenSSL key, public or private, that never changes; it is freed when this value ends.
///
/// `@unchecked Sendable`: openssl-threads(7) says "Objects are thread-safe as long as the API's being invoked don't
/// modify the object", warns only of "setting elements of a private or public key, while another thread is using that
/// object", and promises that "two threads can calculate a signature using two different EVP_PKEY_CTX objects". Nothing
/// here sets an element after construction, and every signature has a context of its own.
@safe struct KeyHandle: ~Copyable, @unchecked Sendable {
    let pointer: OpaquePointer  // EVP_PKEY *, owned here alone

    /// Takes over the caller's reference.
    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    /// Whether OpenSSL's name for the key's type is `type`, for example `RSA-PSS`.
    func isA(_ type: String) -> Bool {
        unsafe EVP_PKEY_is_a(pointer, type) == 1
    }

    /// A non-negative parameter, big-endian, padded with zeros on the left to at least `width` bytes.
    func integer(_ name: String, width: Int32 = 0) throws(CryptoError) -> [UInt8] {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(pointer, name, &number) == 1, let number = unsafe number else {
            throw .takeFromOpenSSL()
        }
        defer { unsafe BN_free(number) }
        let length = max(unsafe (BN_num_bits(number) + 7) / 8, width)
        var output = [UInt8](repeating: 0, count: Int(length))
        let written = unsafe output.withUnsafeMutableBufferPointer {
            unsafe BN_bn2binpad(number, $0.baseAddress, length)
        }
        guard written == length else { throw .takeFromOpenSSL() }
        return output
    }

    /// The name of an elliptic curve in OpenSSL's spelling, or nil when the key has none.
    func groupName() -> String? {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        let status = unsafe name.withUnsafeMutableBufferPointer {
            unsafe EVP_PKEY_get_group_name(pointer, $0.baseAddress, $0.count, &length)
        }
        guard status == 1, length < name.count else {
            ERR_clear_error()
            return nil
        }
        return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
