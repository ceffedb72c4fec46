package import MayflyCrypto
package import MayflyModel

/// A client's public key; the private half never reaches the broker.
package struct RegisteredKey: Equatable, Sendable {
    package let key: PublicKey
    package var label: String
    package let addedAt: Timestamp
    /// Nil for a key that stays until it is removed.
    package var expiresAt: Timestamp?

    package init(key: PublicKey, label: String, addedAt: Timestamp, expiresAt: Timestamp?) {
        self.key = key.registered
        self.label = label
        self.addedAt = addedAt
        self.expiresAt = expiresAt
    }

    /// RFC 7638 thumbprint.
    package var keyID: String { key.thumbprint }

    package func isValid(at now: Timestamp) -> Bool {
        expiresAt.map { now < $0 } ?? true
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "kid": .string(keyID), "label": .string(label), "jwk": .object(key.registeredJWK),
            "added": .string(RFC3339.format(addedAt)),
        ]
        object["expires"] = expiresAt.map { .string(RFC3339.format($0)) }
        return object
    }

    init(_ fields: inout FieldReader) throws(FieldError) {
        label = try fields.string("label", maximum: RegistryLimits.nameLength)
        addedAt = try fields.required("added", try fields.timestamp("added"))
        expiresAt = try fields.timestamp("expires")
        let keyID = try fields.string("kid")
        // Checked when it was registered. The thumbprint says that these are the same numbers.
        key = try Self.publicKey("jwk", in: &fields) { jwk throws(CryptoError) in try PublicKey(registered: jwk) }
        guard key.thumbprint == keyID else {
            throw fields.failure("kid", .invalid(rule: "the key id is the key's RFC 7638 thumbprint"))
        }
        try fields.finish()
    }

    /// Reads a public key member and checks all of it.
    package static func publicKey(_ name: String, in fields: inout FieldReader) throws(FieldError) -> PublicKey {
        try publicKey(name, in: &fields) { jwk throws(CryptoError) in try PublicKey(jwk: jwk) }
    }

    private static func publicKey(
        _ name: String, in fields: inout FieldReader, read: (JSONObject) throws(CryptoError) -> PublicKey
    ) throws(FieldError) -> PublicKey {
        guard let object = fields.take(name)?.objectValue else { throw fields.failure(name, .missing) }
        do {
            return try read(object)
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
