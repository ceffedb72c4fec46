package import MayflyCrypto
package import MayflyModel

/// The trace of a single-use thing that has been used: a client assertion, a delegation ticket, a proof of possession.
package struct UsedMark: Keyed, Hashable {
    /// SHA-256 over what was used, so that a name of any length costs the same.
    package let id: SHA256Digest
    /// From then on the thing is refused for its age anyway.
    package let expires: Timestamp

    package var expiresAt: Timestamp? { expires }

    package init(id: SHA256Digest, expires: Timestamp) {
        (self.id, self.expires) = (id, expires)
    }

    /// The mark of a client's assertion; the client is part of it, so clients cannot use up each other's `jti`.
    static func assertion(client: String, tokenID: String, expires: Timestamp) -> UsedMark {
        mark("assertion", client, tokenID, expires)
    }

    static func ticket(tokenID: String, expires: Timestamp) -> UsedMark {
        mark("ticket", "", tokenID, expires)
    }

    /// The mark of a proof of possession at one place, where its key and `jti` say which it is (RFC 9449 §11.1).
    static func proof(at place: String, key: String, tokenID: String, expires: Timestamp) -> UsedMark {
        mark("proof", "\(place) \(key)", tokenID, expires)
    }

    private static func mark(_ kind: String, _ client: String, _ tokenID: String, _ expires: Timestamp) -> UsedMark {
        // NUL separates: neither a client id nor a kind can hold one.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kind.utf8.count + client.utf8.count + tokenID.utf8.count + 2)
        bytes.append(contentsOf: kind.utf8)
        bytes.append(0)
        bytes.append(contentsOf: client.utf8)
        bytes.append(0)
        bytes.append(contentsOf: tokenID.utf8)
        return UsedMark(id: SHA256.digest(of: bytes), expires: expires)
    }
}
