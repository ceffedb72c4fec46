/// P-256 signatures in the two shapes: R‖S of 64 bytes in JWS (RFC 7518 §3.4), DER in OpenSSL.
///
/// Both hold the same two numbers, so the bytes are moved here; going through OpenSSL's big numbers would cost a dozen
/// allocations a token. OpenSSL still parses what it verifies, strictly.
enum ECDSASignature {
    static let rawLength = 64
    /// Bytes of the DER form: two INTEGERs of at most 33 bytes, three headers of two.
    static let maximumLength = 72
    private static let half = rawLength / 2

    /// The order n of P-256 (FIPS 186-4 §D.1.2.3).
    static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    private static let sequence: UInt8 = 0x30
    private static let integer: UInt8 = 0x02

    /// The DER form (X.690 §8.3, §10.1), or nil for another length than 64 and for r or s outside 1..n-1 (the "psychic"
    /// signatures).
    static func der(fromRaw raw: [UInt8]) -> [UInt8]? {
        guard raw.count == rawLength else { return nil }
        let r = raw.prefix(half)
        let s = raw.suffix(half)
        guard isInRange(r), isInRange(s) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(maximumLength)
        output.append(sequence)
        output.append(UInt8(contentLength(r) + contentLength(s) + 4))  // at most 70
        for number in [r, s] {
            output.append(integer)
            output.append(UInt8(contentLength(number)))
            let significant = number.drop { $0 == 0 }
            if contentLength(number) > significant.count { output.append(0) }
            output.append(contentsOf: significant)
        }
        return output
    }

    /// Bytes of the INTEGER: no zeros in front, but one before a set top bit, which would be a sign.
    private static func contentLength(_ number: ArraySlice<UInt8>) -> Int {
        let significant = number.drop { $0 == 0 }
        return significant.count + ((significant.first ?? 0) >= 0x80 ? 1 : 0)
    }

    /// The 64 bytes for a DER signature that OpenSSL has just made.
    static func raw(fromDER der: [UInt8]) throws(CryptoError) -> [UInt8] {
        var rest = der[...]
        guard rest.popFirst() == sequence, let length = rest.popFirst(), Int(length) == rest.count else {
            throw .unexpectedSignature
        }
        var output: [UInt8] = []
        output.reserveCapacity(rawLength)
        for _ in 0..<2 {
            guard rest.popFirst() == integer, let count = rest.popFirst(), Int(count) <= rest.count else {
                throw .unexpectedSignature
            }
            let number = rest.prefix(Int(count)).drop { $0 == 0 }
            guard number.count <= half else { throw .unexpectedSignature }
            output.append(contentsOf: repeatElement(0, count: half - number.count))
            output.append(contentsOf: number)
            rest = rest.dropFirst(Int(count))
        }
        guard rest.isEmpty else { throw .unexpectedSignature }
        return output
    }

    private static func isInRange(_ number: ArraySlice<UInt8>) -> Bool {
        number.contains { $0 != 0 } && number.lexicographicallyPrecedes(order)
    }
}
