package import MayflyModel
package import MayflyPolicy

/// What a token request asks for, as the wire carried it; nil is a parameter that was left out.
package struct TokenRequest: Equatable, Sendable {
    package var scope: String?
    /// `resource` values (RFC 8707) and `audience` values (RFC 8693), which must agree.
    package var targets: [String] = []
    /// The elements of `authorization_details` (RFC 9396).
    package var details: [JSONValue]?
    /// Extension parameter: the task's name.
    package var task: String?
    /// Extension parameter or `traceparent`: the W3C trace id.
    package var trace: String?
    /// Extension parameter: to whom the token may be taken further, separated by spaces.
    package var delegates: String?
    /// Extension parameter: seconds to live.
    package var lifetime: Int64?

    /// Extension parameter: what the request says of the case, for policy.
    package var context = PolicyContext()

    package init() {}
}

/// A token on its way to the caller.
///
/// One reference, as it goes through many hands: a copy of what it holds would count up two dozen others.
package final class IssuedToken: Sendable {
    package let compact: String
    /// The thumbprint of the key that signed it.
    let keyID: String
    package let kind: TokenKind
    package let claims: TokenClaims
    /// Seconds from the answer on.
    package let expiresIn: Int64
    /// What it stands under in tier 2, with which it can be taken back.
    package let supervision: Supervision?

    init(
        compact: String, keyID: String, kind: TokenKind, claims: TokenClaims, expiresIn: Int64,
        supervision: Supervision? = nil
    ) {
        self.compact = compact
        self.keyID = keyID
        self.kind = kind
        self.claims = claims
        self.expiresIn = expiresIn
        self.supervision = supervision
    }
}
