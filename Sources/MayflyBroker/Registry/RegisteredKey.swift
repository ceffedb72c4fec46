package import MayflyCrypto
package import MayflyModel

/// A client's public key; the private half never reaches the broker.
package struct RegisteredKey: Equatable, Sendable {
    /// RFC 7638 thumbprint.
    package let keyID: String
    package let key: PublicKey
    package var label: String
    package let addedAt: Timestamp
    /// Nil for a key that stays until it is removed.
    package var expiresAt: Timestamp?

    package init(key: PublicKey, label: String, addedAt: Timestamp, expiresAt: Timestamp?) {
        keyID = key.thumbprint
        self.key = key
        self.label = label
        self.addedAt = addedAt
        self.expiresAt = expiresAt
    }

    package func isValid(at now: Timestamp) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "kid": .string(keyID), "label": .string(label), "jwk": .object(key.jwk),
            "added": .string(RFC3339.format(addedAt)),
        ]
        object["expires"] = expiresAt.map { .string(RFC3339.format($0)) }
        return object
    }

    init(_ fields: inout FieldReader) throws(FieldError) {
        label = try fields.string("label", maximum: RegistryLimits.nameLength)
        addedAt = try fields.required("added", try fields.timestamp("added"))
        expiresAt = try fields.timestamp("expires")
        keyID = try fields.string("kid")
        key = try RegisteredKey.publicKey("jwk", in: &fields)
        guard key.thumbprint == keyID else {
            throw fields.failure("kid", .invalid(rule: "the key id is the key's RFC 7638 thumbprint"))
        }
        try fields.finish()
    }

    /// Reads a public key member.
    package static func publicKey(_ name: String, in fields: inout FieldReader) throws(FieldError) -> PublicKey {
        guard let object = fields.take(name)?.objectValue else { throw fields.failure(name, .missing) }
        do {
            return try PublicKey(jwk: object)
        } catch {
            throw fields.failure(
                name,
                .invalid(rule: "a public JWK: EC P-256, Ed25519, or RSA of 2048 to 4096 bits, no private member"))
        }
    }

    static func list(_ name: String, in fields: inout FieldReader) throws(FieldError) -> [RegisteredKey] {
        var keys: [RegisteredKey] = []
        for (value, path) in try fields.values(name, maximumCount: RegistryLimits.keysPerClient) ?? [] {
            var reader = try FieldReader(value, path: path)
            keys.append(try RegisteredKey(&reader))
        }
        return keys
    }
}
