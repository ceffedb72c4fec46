internal import COpenSSL
internal import MayflyModel

/// Unpredictable bytes from OpenSSL's generator for private values.
package enum SecureRandom {
    /// `count` fresh bytes; throws when the generator cannot be seeded.
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        precondition((0...Int(Int32.max)).contains(count), "the number of random bytes comes from our own code")
        var output = [UInt8](repeating: 0, count: count)
        let status = unsafe output.withUnsafeMutableBufferPointer {
            unsafe RAND_priv_bytes($0.baseAddress, Int32($0.count))
        }
        guard status == 1 else { throw .takeFromOpenSSL() }
        return output
    }

    /// `byteCount` fresh bytes in base64url, without padding.
    package static func token(byteCount: Int) throws(CryptoError) -> String {
        Base64URL.encode(try bytes(byteCount))
    }
}
