internal import MayflyModel

/// The numbers of a public key, checked and in the one encoding that RFC 7518 §6 and RFC 8037 §2 allow.
///
/// A structure and no enumeration with the numbers inside: Swift would tag their pointers, and a leak detector would
/// take every key that is held for life for one that was lost.
struct PublicKeyMaterial: Equatable, Sendable {
    enum Kind: Sendable {
        case p256, rsa, ed25519
    }

    let kind: Kind
    /// The number, or the greater of two.
    ///
    /// P-256: the uncompressed point, 4 and then both coordinates of 32 bytes (SEC 1 §2.3.3). RSA: the modulus,
    /// big-endian without leading zeros. Ed25519: the 32 bytes of the key.
    let bytes: [UInt8]
    /// RSA alone: big-endian without leading zeros.
    let exponent: [UInt8]

    static func p256(point: [UInt8]) -> PublicKeyMaterial {
        PublicKeyMaterial(kind: .p256, bytes: point, exponent: [])
    }

    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> PublicKeyMaterial {
        PublicKeyMaterial(kind: .rsa, bytes: modulus, exponent: exponent)
    }

    static func ed25519(_ raw: [UInt8]) -> PublicKeyMaterial {
        PublicKeyMaterial(kind: .ed25519, bytes: raw, exponent: [])
    }

    typealias Member = (name: String, value: String)

    static let coordinateLength = 32
    static let rsaBits = 2048...4096

    /// The point of these coordinates; throws unless both have 32 bytes.
    static func p256Point(x: [UInt8], y: [UInt8]) throws(CryptoError) -> PublicKeyMaterial {
        guard x.count == coordinateLength, y.count == coordinateLength else { throw .invalidKey }
        return .p256(point: [0x04] + x + y)
    }

    /// Refuses what can be told without OpenSSL: another length, weak or oversized numbers.
    func checkForm() throws(CryptoError) {
        switch kind {
        case .p256:
            guard bytes.count == 1 + 2 * Self.coordinateLength else { throw .invalidKey }
        case .rsa:
            try Self.checkRSA(modulus: bytes, exponent: exponent)
        case .ed25519:
            guard bytes.count == Self.coordinateLength else { throw .invalidKey }
            try Ed25519Point.check(bytes)
        }
    }

    /// Makes OpenSSL's key; refuses what `checkForm` refuses, and points that are not on the curve.
    func makeHandle() throws(CryptoError) -> KeyHandle {
        try checkForm()
        switch kind {
        case .p256: return try .p256(point: bytes)
        case .rsa: return try .rsa(modulus: bytes, exponent: exponent)
        case .ed25519: return try .ed25519(bytes)
        }
    }

    /// The required members alone, in the order of RFC 7638 §3.2 for the thumbprint's input.
    var requiredMembers: [Member] {
        switch kind {
        case .p256:
            [
                ("crv", "P-256"), ("kty", "EC"),
                ("x", Base64URL.encode(bytes.dropFirst().prefix(Self.coordinateLength))),
                ("y", Base64URL.encode(bytes.suffix(Self.coordinateLength))),
            ]
        case .rsa:
            [("e", Base64URL.encode(exponent)), ("kty", "RSA"), ("n", Base64URL.encode(bytes))]
        case .ed25519:
            [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.encode(bytes))]
        }
    }

    /// RFC 7638 §3.1 with SHA-256, from the required members and never from received text.
    var thumbprint: String {
        // Names and values are letters, digits, - and _ alone: there is nothing to escape.
        var text: [UInt8] = []
        text.reserveCapacity(160)
        for (name, value) in requiredMembers {
            text.append(contentsOf: text.isEmpty ? "{\"".utf8 : ",\"".utf8)
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: "\":\"".utf8)
            text.append(contentsOf: value.utf8)
            text.append(UInt8(ascii: "\""))
        }
        text.append(UInt8(ascii: "}"))
        return Base64URL.encode(SHA256.digest(of: text).bytes)
    }

    /// The public JWK from `requiredMembers`, in the order in which the RFCs print keys.
    static func jwk(of members: [Member]) -> JSONObject {
        var object = JSONObject()
        for name in ["kty", "crv", "x", "y", "n", "e"] {
            for member in members where member.name == name { object[name] = .string(member.value) }
        }
        return object
    }

    private static func checkRSA(modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) {
        guard let first = modulus.first, first != 0, let last = modulus.last, last & 1 == 1 else { throw .invalidKey }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard bits >= rsaBits.lowerBound else { throw .weakKey }
        guard bits <= rsaBits.upperBound else { throw .unsupportedKey }
        guard let top = exponent.first, top != 0, let low = exponent.last, low & 1 == 1 else { throw .invalidKey }
        // FIPS 186-5 §A.1.1 wants e > 2^16; more than 64 bits would let a key choose how long a verification takes.
        guard exponent.count >= 3 else { throw .weakKey }
        guard exponent.count <= 8 else { throw .unsupportedKey }
    }
}

/// What OpenSSL does not check about an Ed25519 public key.
enum Ed25519Point {
    /// The y of the points of order 1, 2, 4 and 8.
    ///
    /// Under such a key some signatures hold for many messages.
    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    ]

    /// Refuses small order, and y ≥ 2^255-19, which would give one point a second encoding (RFC 8032 §5.1.3).
    static func check(_ raw: [UInt8]) throws(CryptoError) {
        guard let last = raw.last, let first = raw.first else { throw .invalidKey }
        let y = raw.dropLast() + [last & 0x7F]  // the top bit is the sign of x
        guard !smallOrder.contains(where: { $0.elementsEqual(y) }) else { throw .weakKey }
        let allOnes = y.dropFirst().dropLast().allSatisfy { $0 == 0xFF } && last & 0x7F == 0x7F
        guard !(allOnes && first >= 0xED) else { throw .invalidKey }
    }
}
