/// What is wrong with a proof of possession: the claim, header or property that is to blame, by its name on the wire.
package enum ProofFault: String, Error, CaseIterable, Sendable {
    /// Not one JWS in compact form with an algorithm that Mayfly knows.
    case form
    case type = "typ"
    /// The header holds no public key that Mayfly takes.
    case key = "jwk"
    case signature
    case method = "htm"
    case target = "htu"
    /// Too old, or ahead of the broker's clock.
    case time = "iat"
    case tokenID = "jti"
    /// Not the digest of the token that it comes with.
    case tokenHash = "ath"
    /// The key is not the one that the token is bound to, or the token is bound to none.
    case binding = "jkt"
    /// Used before.
    case replayed

    /// What to do about it, in words that fit an OAuth error.
    var advice: String {
        switch self {
        case .form: "the DPoP proof is not one compact JWS, sent once, with alg ES256, RS256, PS256 or EdDSA"
        case .type: "the DPoP proof's typ must be dpop+jwt"
        case .key: "the DPoP proof's header must hold the public key as jwk, and nothing private"
        case .signature: "the DPoP proof is not signed by the key in its header"
        case .method: "the DPoP proof's htm must be the method of this request"
        case .target: "the DPoP proof's htu must be the URL of this request, without query and fragment"
        case .time: "the DPoP proof's iat is not of this minute; check the clock and make a proof for each request"
        case .tokenID: "the DPoP proof needs a jti of 1 to 256 bytes, another one each time"
        case .tokenHash: "the DPoP proof's ath must be the SHA-256 of the token that it comes with"
        case .binding: "the DPoP proof must be made with the key that the token is bound to"
        case .replayed: "the DPoP proof was used before; make a new one for each request"
        }
    }

    var refusal: OAuthError { OAuthError(.invalidDPoPProof, advice) }
}
