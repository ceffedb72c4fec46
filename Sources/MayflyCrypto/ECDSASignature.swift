internal import COpenSSL

/// P-256 signatures in the two shapes: R‖S of 64 bytes in JWS (RFC 7518 §3.4), DER in OpenSSL.
enum ECDSASignature {
    static let rawLength = 64

    /// The order n of P-256 (FIPS 186-4 §D.1.2.3).
    static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    /// The DER form, or nil for another length than 64 and for r or s outside 1..n-1 (the "psychic" signatures).
    static func der(fromRaw raw: [UInt8]) -> [UInt8]? {
        guard raw.count == rawLength else { return nil }
        let r = raw.prefix(rawLength / 2)
        let s = raw.suffix(rawLength / 2)
        guard isInRange(r), isInRange(s), let pair = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(pair) }
        guard let rNumber = unsafe number(r) else { return nil }
        guard let sNumber = unsafe number(s) else {
            unsafe BN_free(rNumber)
            return nil
        }
        // From here on the pair owns both numbers; with two non-null numbers this cannot fail.
        guard unsafe ECDSA_SIG_set0(pair, rNumber, sNumber) == 1 else {
            unsafe BN_free(rNumber)
            unsafe BN_free(sNumber)
            return nil
        }
        var output = [UInt8](repeating: 0, count: rawLength + 8)  // two INTEGERs of at most 33 bytes, three headers
        let length = unsafe output.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard unsafe i2d_ECDSA_SIG(pair, nil) <= buffer.count else { return 0 }
            var position = buffer.baseAddress
            return unsafe i2d_ECDSA_SIG(pair, &position)
        }
        guard length > 0 else { return nil }
        output.removeLast(output.count - Int(length))
        return output
    }

    /// The 64 bytes for a DER signature that OpenSSL has just made.
    static func raw(fromDER der: [UInt8]) throws(CryptoError) -> [UInt8] {
        let pair: OpaquePointer? = unsafe der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &position, buffer.count)
        }
        guard let pair = unsafe pair else { throw .takeFromOpenSSL() }
        defer { unsafe ECDSA_SIG_free(pair) }
        let half = Int32(rawLength / 2)
        var output = [UInt8](repeating: 0, count: rawLength)
        let complete = unsafe output.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return unsafe BN_bn2binpad(ECDSA_SIG_get0_r(pair), start, half) == half
                && BN_bn2binpad(ECDSA_SIG_get0_s(pair), start + Int(half), half) == half
        }
        guard complete else { throw .takeFromOpenSSL() }
        return output
    }

    private static func isInRange(_ number: ArraySlice<UInt8>) -> Bool {
        number.contains { $0 != 0 } && number.lexicographicallyPrecedes(order)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> OpaquePointer? {
        unsafe bytes.withUnsafeBufferPointer { unsafe BN_bin2bn($0.baseAddress, Int32($0.count), nil) }
    }
}
