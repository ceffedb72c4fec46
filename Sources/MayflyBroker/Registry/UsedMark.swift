package import MayflyCrypto
package import MayflyModel

/// The trace of a single-use thing that has been used: a client assertion or a delegation ticket.
package struct UsedMark: Record, Equatable {
    /// SHA-256 over what was used, so that a name of any length costs the same.
    package let id: SHA256Digest
    /// From then on the thing is refused for its age anyway.
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.used
    package static func key(of id: SHA256Digest) -> [UInt8] { id.bytes }

    package var stored: JSONObject { ["expires": .integer(expires.milliseconds)] }

    init(id: SHA256Digest, expires: Timestamp) {
        (self.id, self.expires) = (id, expires)
    }

    /// The mark of a client's assertion; the client is part of it, so clients cannot use up each other's `jti`.
    static func assertion(client: String, tokenID: String, expires: Timestamp) -> UsedMark {
        mark("assertion", client, tokenID, expires)
    }

    static func ticket(tokenID: String, expires: Timestamp) -> UsedMark {
        mark("ticket", "", tokenID, expires)
    }

    private static func mark(_ kind: String, _ client: String, _ tokenID: String, _ expires: Timestamp) -> UsedMark {
        // NUL separates: neither a client id nor a kind can hold one.
        let bytes = Array(kind.utf8) + [0] + Array(client.utf8) + [0] + Array(tokenID.utf8)
        return UsedMark(id: SHA256.digest(of: bytes), expires: expires)
    }

    init(key: [UInt8], stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        guard let id = SHA256Digest(bytes: key) else {
            throw fields.failure("id", .invalid(rule: "the key is a SHA-256"))
        }
        self.id = id
        expires = Timestamp(milliseconds: try fields.integer("expires", in: 0...Int64.max))
        try fields.finish()
    }
}
