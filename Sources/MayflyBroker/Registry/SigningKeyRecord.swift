package import MayflyCrypto
package import MayflyModel

/// A key that signs tokens, in one of the steps of its life; the vault keeps the private half under `id`.
package struct SigningKeyRecord: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// Published, so that verifiers have it before the first signature.
        case next
        case active
        /// Published until the last token that it signed has died.
        case retiring
        /// Out of the JWKS, and whatever it signed is dead; the record stays, so that the key never comes back.
        case compromised

        /// Whether the private half is needed.
        package var mayComeToSign: Bool {
            switch self {
            case .next, .active: true
            case .retiring, .compromised: false
            }
        }
    }

    /// RFC 7638 thumbprint, the `kid`.
    package let id: String
    package let key: PublicKey
    package let algorithm: SignatureAlgorithm
    package var state: State
    package let createdAt: Timestamp
    /// When a retiring key leaves the JWKS.
    package var retiresAt: Timestamp?
    /// When somebody said that others may have the private half.
    package var compromisedAt: Timestamp?

    /// A retiring key means nothing once it has left.
    package var expiresAt: Timestamp? { retiresAt }

    package static let kind = RecordKind.signingKey
    package static func key(of id: String) -> [UInt8] { Array(id.utf8) }

    package init(key: PublicKey, algorithm: SignatureAlgorithm, state: State, createdAt: Timestamp) {
        id = key.thumbprint
        self.key = key
        self.algorithm = algorithm
        self.state = state
        self.createdAt = createdAt
    }

    package var stored: JSONObject {
        var object: JSONObject = [
            "kid": .string(id), "alg": .string(algorithm.rawValue), "state": .string(state.rawValue),
            "jwk": .object(key.jwk), "created": .string(RFC3339.format(createdAt)),
        ]
        object["retires"] = retiresAt.map { .string(RFC3339.format($0)) }
        object["compromised"] = compromisedAt.map { .string(RFC3339.format($0)) }
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.string("kid")
        algorithm = try fields.required("alg", try fields.choice("alg", SignatureAlgorithm.self))
        state = try fields.required("state", try fields.choice("state", State.self))
        key = try RegisteredKey.publicKey("jwk", in: &fields)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        retiresAt = try fields.timestamp("retires")
        compromisedAt = try fields.timestamp("compromised")
        try fields.finish()
    }
}
