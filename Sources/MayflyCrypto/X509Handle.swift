internal import COpenSSL

/// Owns one certificate of OpenSSL's; it is freed when this value ends.
@safe struct X509Handle: ~Copyable {
    let pointer: OpaquePointer  // X509 *, owned here alone

    /// Reads exactly one certificate in DER, in the one encoding that DER has for it.
    static func read(_ der: [UInt8]) throws(X509Error) -> X509Handle {
        guard der.count <= X509Certificate.maximumLength else { throw .tooLarge }
        let found: OpaquePointer? = unsafe der.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var position: UnsafePointer<UInt8>? = unsafe base
            guard let certificate = unsafe d2i_X509(nil, &position, bytes.count) else { return nil }
            if unsafe position == base + bytes.count { return unsafe certificate }
            unsafe X509_free(certificate)
            return nil
        }
        guard let found = unsafe found else {
            ERR_clear_error()
            throw .malformed
        }
        let handle = unsafe X509Handle(adopting: found)
        // A second encoding of the same certificate would have another digest.
        guard encoding(handle).elementsEqual(der) else { throw .malformed }
        return handle
    }

    private init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit { unsafe X509_free(pointer) }

    private static func encoding(_ handle: borrowing X509Handle) -> [UInt8] {
        let certificate = unsafe handle.pointer
        return unsafe bytes { unsafe i2d_X509(certificate, $0) }
    }

    /// What an `i2d` function writes: it is asked for the length first.
    static func bytes(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        let count = encode(nil)
        guard count > 0, count <= X509Certificate.maximumLength else {
            ERR_clear_error()
            return []
        }
        var output = [UInt8](repeating: 0, count: Int(count))
        let written = unsafe output.withUnsafeMutableBufferPointer { buffer in
            var position: UnsafeMutablePointer<UInt8>? = buffer.baseAddress
            return unsafe encode(&position)
        }
        return written == count ? output : []
    }
}
