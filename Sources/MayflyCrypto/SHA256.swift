internal import COpenSSL

/// SHA-256 (FIPS 180-4) of whole byte arrays.
package enum SHA256 {
    package static func digest(of bytes: [UInt8]) -> SHA256Digest {
        var output = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        let status = unsafe output.withUnsafeMutableBufferPointer { out in
            unsafe bytes.withUnsafeBytes {
                unsafe EVP_Digest($0.baseAddress, $0.count, out.baseAddress, nil, EVP_sha256(), nil)
            }
        }
        // A digest of bytes in memory fails only when OpenSSL itself is broken or out of memory: nothing can go on.
        precondition(status == 1, "OpenSSL could not compute SHA-256")
        guard let digest = SHA256Digest(bytes: output) else { preconditionFailure("SHA-256 gave a wrong length") }
        return digest
    }
}
