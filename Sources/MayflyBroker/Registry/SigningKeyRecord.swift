package import MayflyCrypto
package import MayflyModel

/// A key that signs tokens, in one of the steps of its life; the private half lies in a file named by `id`.
package struct SigningKeyRecord: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// Published, so that verifiers have it before the first signature.
        case next
        case active
        /// Published until the last token that it signed has died.
        case retiring
    }

    /// RFC 7638 thumbprint, the `kid`.
    package let id: String
    package let key: PublicKey
    package let algorithm: SignatureAlgorithm
    package var state: State
    package let createdAt: Timestamp
    /// When a retiring key leaves the JWKS.
    package var retiresAt: Timestamp?

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
        try fields.finish()
    }
}
