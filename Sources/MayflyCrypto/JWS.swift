package import MayflyModel

/// A signed token in compact serialization (RFC 7515 §3.1), parsed strictly and not yet trusted.
///
/// `parse` checks the form; whether anyone signed it says `isSigned(by:)`, with a key that the caller chose. The
/// header's `jku`, `x5u`, `x5c` and `jwk` are never followed; a DPoP proof's reader alone looks at its `jwk`.
package struct JWS: Sendable {
    /// The longest token, in bytes.
    package static let maximumLength = 8192
    /// The longest `kid`, in bytes of UTF-8.
    package static let maximumKeyIDLength = 256
    /// The longest `typ`, in bytes.
    package static let maximumTypeLength = 128

    package let header: JSONObject
    /// The header's `alg`; a parsed token always has one.
    package let algorithm: SignatureAlgorithm?
    /// The header's `typ` in lower case, without a leading `application/` (RFC 7515 §4.1.9).
    package let type: String?
    /// The header's `kid`: text that the sender chose, good for a look-up and nothing else.
    package let keyID: String?
    /// The decoded payload, byte for byte.
    package let payload: [UInt8]
    /// The decoded signature, never empty.
    package let signature: [UInt8]

    /// The received bytes up to the second dot, which are what was signed.
    private let signedBytes: [UInt8]

    /// Reads a compact JWS: bounded, two dots, base64url without a second spelling, a header of one JSON object.
    package static func parse(_ compact: [UInt8]) throws(JWSError) -> JWS {
        guard compact.count <= maximumLength else { throw .tooLong }
        let dot = UInt8(ascii: ".")
        guard let first = compact.firstIndex(of: dot),
            let second = compact[(first + 1)...].firstIndex(of: dot),
            !compact[(second + 1)...].contains(dot),
            let headerBytes = Base64URL.decode(compact[..<first]),
            let payload = Base64URL.decode(compact[(first + 1)..<second]),
            let signature = Base64URL.decode(compact[(second + 1)...]), !signature.isEmpty
        else { throw .malformed }
        let header: JSONObject
        do {
            header = try JSONParser.parseObject(headerBytes)
        } catch {
            throw .header(error)
        }
        return JWS(
            header: header,
            algorithm: try algorithm(in: header),
            type: try type(in: header),
            keyID: try keyID(in: header),
            payload: payload,
            signature: signature,
            signedBytes: Array(compact[..<second]))
    }

    /// Whether `key` signed the received bytes; the header's `alg` must be one that the key itself allows.
    package func isSigned(by key: PublicKey) -> Bool {
        guard let algorithm else { return false }
        return key.verify(signature, over: signedBytes, with: algorithm)
    }

    /// The payload as one JSON object without duplicate names (RFC 7519 §4).
    package func claims() throws(JWSError) -> JSONObject {
        do {
            return try JSONParser.parseObject(payload)
        } catch {
            throw .payload(error)
        }
    }

    /// Signs `payload`; the header holds `alg`, then `typ` and `kid` where given.
    package static func sign(
        payload: [UInt8], type: String?, keyID: String?, with key: PrivateKey
    ) throws(CryptoError) -> String {
        try sign(
            payload: payload, header: encodedHeader(algorithm: key.algorithm, type: type, keyID: keyID), with: key)
    }

    /// Signs `payload` under a header that `encodedHeader` made for a key of this algorithm.
    package static func sign(
        payload: [UInt8], header: [UInt8], with key: PrivateKey
    ) throws(CryptoError) -> String {
        var compact: [UInt8] = []
        // Room for all three parts, so that the array moves once at most; an RSA signature is longer.
        compact.reserveCapacity(header.count + (payload.count + 64) / 3 * 4 + 16)
        compact.append(contentsOf: header)
        compact.append(UInt8(ascii: "."))
        Base64URL.append(payload, to: &compact)
        let signature = try key.sign(compact)
        compact.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &compact)
        // Nobody would accept it, so it must not leave.
        guard compact.count <= maximumLength else { throw .tooLong }
        return String(decoding: compact, as: UTF8.self)
    }

    /// The first part of a compact JWS, before its dot: base64url of a header with `alg`, then `typ`, `kid` and
    /// `jwk` where given.
    package static func encodedHeader(
        algorithm: SignatureAlgorithm, type: String?, keyID: String?, jwk: JSONObject? = nil
    ) -> [UInt8] {
        var header = JSONWriter(reserving: 128)
        header.beginObject()
        header.name("alg")
        header.string(algorithm.rawValue)
        if let type {
            header.name("typ")
            header.string(type)
        }
        if let keyID {
            header.name("kid")
            header.string(keyID)
        }
        if let jwk {
            header.name("jwk")
            header.value(.object(jwk))
        }
        header.endObject()
        var encoded: [UInt8] = []
        Base64URL.append(header.bytes, to: &encoded)
        return encoded
    }
}

extension JWS {
    private static func algorithm(in header: JSONObject) throws(JWSError) -> SignatureAlgorithm {
        // RFC 7515 §4.1.11: what is critical must be understood, and nothing is. b64 (RFC 7797) changes what is signed.
        guard header["crit"] == nil, header["b64"] == nil else { throw .criticalHeader }
        guard let name = header["alg"]?.stringValue, let algorithm = SignatureAlgorithm(exactly: name) else {
            throw .algorithm
        }
        return algorithm
    }

    /// Media types compare without case; the characters are those of RFC 6838 §4.2 and one slash or more.
    private static func type(in header: JSONObject) throws(JWSError) -> String? {
        guard let value = header["typ"] else { return nil }
        guard let text = value.stringValue, (1...maximumTypeLength).contains(text.utf8.count) else { throw .type }
        // Nearly every sender writes it as it is compared.
        var isPlain = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"): isPlain = false
            default: guard "!#$&-^_.+".utf8.contains(byte) else { throw .type }
            }
        }
        if isPlain { return text }
        var name = text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        let prefix = "application/".utf8
        if name.starts(with: prefix), !name.dropFirst(prefix.count).contains(UInt8(ascii: "/")) {
            name.removeFirst(prefix.count)
        }
        guard !name.isEmpty else { throw .type }
        return String(decoding: name, as: UTF8.self)
    }

    private static func keyID(in header: JSONObject) throws(JWSError) -> String? {
        guard let value = header["kid"] else { return nil }
        guard let text = value.stringValue, text.utf8.count <= maximumKeyIDLength else { throw .keyID }
        return text
    }
}
