package import MayflyModel

/// The keys of somebody else's JWK Set (RFC 7517 §5), as far as Mayfly can verify with them.
///
/// Keys of another type, size or use are left out, as the RFC asks (§5): a provider may publish what it likes beside
/// what we use. Whatever a key says of itself, `kid` only tells keys of this one set apart.
package struct JWKSet: Equatable, Sendable {
    /// What its publisher has keys for.
    package enum Use: Equatable, Sendable {
        /// `sig`, or nothing said.
        case signature
        /// `jwt-svid`: signs the JWT-SVIDs of a SPIFFE trust domain.
        case jwtSVID
    }

    package struct Key: Equatable, Sendable {
        package let keyID: String?
        package let use: Use
        package let key: PublicKey
    }

    package static let maximumKeys = 64
    /// Bytes of the whole document.
    package static let maximumLength = 256 * 1024

    package let keys: [Key]
    /// The DER certificates that a SPIFFE bundle gives for verifying X.509-SVIDs.
    package let anchors: [[UInt8]]

    package var isEmpty: Bool { keys.isEmpty && anchors.isEmpty }

    /// Reads a document as it was received.
    package init(_ bytes: [UInt8]) throws(JWKSetError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        guard let object = try? JSONParser.parseObject(bytes) else { throw .malformed }
        try self.init(object)
    }

    package init(_ object: JSONObject) throws(JWKSetError) {
        guard let elements = object["keys"]?.arrayValue else { throw .malformed }
        guard elements.count <= Self.maximumKeys else { throw .tooLong }
        var keys: [Key] = []
        var anchors: [[UInt8]] = []
        for element in elements {
            guard let jwk = element.objectValue else { throw .malformed }
            // Nobody publishes a private key on purpose; what is known to the world vouches for nothing.
            guard jwk["d"] == nil, jwk["k"] == nil else { throw .privateMember }
            let use = jwk["use"]?.stringValue
            if use?.isExactly("x509-svid") ?? false {
                anchors += try Self.anchor(jwk)
            } else if let key = Self.key(jwk, use: use) {
                keys.append(key)
            }
        }
        (self.keys, self.anchors) = (keys, anchors)
    }

    private static func key(_ jwk: JSONObject, use: String?) -> Key? {
        let isSVID = use?.isExactly("jwt-svid") ?? false
        var plain = jwk
        // Understood here, and unknown to the general reader.
        if isSVID { plain["use"] = nil }
        let keyID = jwk["kid"]?.stringValue
        guard keyID.map({ $0.utf8.count <= JWS.maximumKeyIDLength }) ?? true,
            let key = try? PublicKey(jwk: plain)
        else { return nil }
        return Key(keyID: keyID, use: isSVID ? .jwtSVID : .signature, key: key)
    }

    /// The one certificate of an `x5c` that a bundle's authority has (SPIFFE Trust Domain and Bundle §4.2.2).
    private static func anchor(_ jwk: JSONObject) throws(JWKSetError) -> [[UInt8]] {
        guard let chain = jwk["x5c"]?.stringArrayValue, let first = chain.first, chain.count == 1,
            let der = Base64.decode(first)
        else { throw .malformed }
        return [der]
    }

    /// The keys that may have signed a token which names `keyID`, or none; those without a `kid` are for all.
    package func candidates(for keyID: String?, use: Use) -> [PublicKey] {
        keys.compactMap { key in
            guard key.use == use else { return nil }
            guard let keyID, let own = key.keyID else { return key.key }
            return own.isExactly(keyID) ? key.key : nil
        }
    }
}

/// Why a document is no JWK Set that can be used.
package enum JWKSetError: Error, Equatable, Sendable {
    case malformed
    case tooLong
    /// It holds a private or a symmetric key.
    case privateMember
}
