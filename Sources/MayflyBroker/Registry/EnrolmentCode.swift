package import MayflyCrypto
package import MayflyModel

/// A single-use code by which an agent's or owner's first key, or a lost one's successor, is registered.
package struct EnrolmentCode: Record, Equatable {
    /// SHA-256 of the code's text; the code itself is not kept.
    package let id: SHA256Digest
    /// Whose key it registers.
    package let holder: KeyHolder
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package static let kind = RecordKind.enrolmentCode
    package static func key(of id: SHA256Digest) -> [UInt8] { id.bytes }

    package var stored: JSONObject {
        var object: JSONObject = ["sha256": .string(Base64URL.encode(id.bytes))]
        switch holder {
        case .agent(let id): object["agent"] = .string(id.text)
        case .owner(let id): object["owner"] = .string(id.text)
        }
        object["expires"] = .string(RFC3339.format(expires))
        return object
    }

    init(id: SHA256Digest, holder: KeyHolder, expires: Timestamp) {
        (self.id, self.holder, self.expires) = (id, holder, expires)
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.digest("sha256")
        if let owner: OwnerID = try fields.optionalIdentifier("owner") {
            holder = .owner(owner)
        } else {
            holder = .agent(try fields.identifier("agent"))
        }
        expires = try fields.required("expires", try fields.timestamp("expires"))
        try fields.finish()
    }
}

extension FieldReader {
    /// A SHA-256 in base64url.
    mutating func digest(_ name: String) throws(FieldError) -> SHA256Digest {
        let text = try string(name)
        guard let bytes = Base64URL.decode(text), let digest = SHA256Digest(bytes: bytes) else {
            throw failure(name, .invalid(rule: "32 bytes in base64url"))
        }
        return digest
    }
}
