import MayflyCrypto
import MayflyModel

/// The name of one request for approval; on the wire `auth_req_id` (CIBA Core 1.0 §7.3).
///
/// It is worth something only to the client that it was given to, which must authenticate whenever it uses it.
package struct ApprovalID: Hashable, Sendable, CustomStringConvertible {
    /// Base64url characters that are read.
    package static let maximumLength = 64

    package let text: String

    /// Nil unless `text` is 1 to 64 base64url characters.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isBase64URL) else {
            return nil
        }
        self.text = text
    }

    private init(made text: String) {
        self.text = text
    }

    /// A fresh one of 160 random bits; throws `temporarily_unavailable` when the system gives no random bytes.
    static func random() throws(OAuthError) -> ApprovalID {
        do {
            return ApprovalID(made: try SecureRandom.token(byteCount: ApprovalLimits.idBytes))
        } catch {
            throw OAuthError(.temporarilyUnavailable, "the system gave no random bytes")
        }
    }

    package var description: String { text }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            || byte == 0x5F
    }
}

extension FieldReader {
    mutating func approvalID(_ name: String) throws(FieldError) -> ApprovalID {
        guard let id = ApprovalID(try string(name, maximum: ApprovalID.maximumLength)) else {
            throw failure(name, .invalid(rule: "base64url"))
        }
        return id
    }
}
