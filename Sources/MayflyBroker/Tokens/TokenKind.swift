/// The kinds of JWT that Mayfly signs or accepts; each has its own `typ`, so none passes for another (RFC 8725 §3.11).
package enum TokenKind: String, CaseIterable, Sendable {
    /// RFC 9068 §2.1.
    case accessToken = "at+jwt"
    /// A delegation ticket; worth something at the broker only.
    case ticket = "mayfly-ticket+jwt"
    /// draft-ietf-oauth-rfc7523bis; clients may also send `JWT` or nothing.
    case clientAssertion = "client-authentication+jwt"
    /// Proof of possession of a key that is being registered.
    case keyProof = "mayfly-key-proof+jwt"
    /// Proof of possession of the key that a token is bound to (RFC 9449 §4.2).
    case dpopProof = "dpop+jwt"
}
