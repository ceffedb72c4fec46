package import MayflyModel

/// The one key that whoever sends a bound token must prove to hold: the `cnf` claim.
///
/// One and never two: a `cnf` stands for a single key (RFC 7800 §3.1).
package enum Confirmation: Equatable, Sendable {
    /// The RFC 7638 thumbprint of a key that signs DPoP proofs (RFC 9449 §6.1).
    case key(thumbprint: String)
    /// The SHA-256 of a client certificate, in base64url (RFC 8705 §3.1).
    case certificate(thumbprint: String)

    static let keyMember = "jkt"
    static let certificateMember = "x5t#S256"

    package var json: JSONObject {
        switch self {
        case .key(let thumbprint): [Self.keyMember: .string(thumbprint)]
        case .certificate(let thumbprint): [Self.certificateMember: .string(thumbprint)]
        }
    }

    /// Reads `cnf`; two members, or a way of binding that is not understood, are refused.
    init(_ fields: inout FieldReader) throws(FieldError) {
        if let thumbprint = try fields.optionalString(Self.keyMember, maximum: 64) {
            self = .key(thumbprint: thumbprint)
        } else {
            self = .certificate(thumbprint: try fields.string(Self.certificateMember, maximum: 64))
        }
        try fields.finish()
    }

    /// What `token_type` says of a token that is bound like this, or not at all (RFC 9449 §5, RFC 8705 §3).
    package static func tokenType(_ confirmation: Confirmation?) -> String {
        if case .key? = confirmation { "DPoP" } else { "Bearer" }
    }

    /// Nil where it is a certificate.
    var keyThumbprint: String? {
        if case .key(let thumbprint) = self { thumbprint } else { nil }
    }

    /// Whether it is this certificate.
    func isCertificate(_ other: PresentedCertificate?) -> Bool {
        guard case .certificate(let thumbprint) = self, let other else { return false }
        return thumbprint.utf8.elementsEqual(other.thumbprint.utf8)
    }
}
