package import MayflyModel

/// A refusal of an OAuth endpoint: the wire code, and a fixed description that repeats nothing of the request.
package struct OAuthError: Error, Equatable, Sendable {
    /// The wire codes (RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2, RFC 9396 §5, RFC 8628 §3.5, CIBA Core 1.0 §13).
    package enum Code: String, CaseIterable, Sendable {
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case invalidGrant = "invalid_grant"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case invalidScope = "invalid_scope"
        case invalidTarget = "invalid_target"
        case invalidAuthorizationDetails = "invalid_authorization_details"
        case invalidToken = "invalid_token"
        case insufficientScope = "insufficient_scope"
        case temporarilyUnavailable = "temporarily_unavailable"
        /// Policy or people said no.
        case accessDenied = "access_denied"
        /// People have not decided yet.
        case authorizationPending = "authorization_pending"
        case slowDown = "slow_down"
        /// People did not decide in time.
        case expiredToken = "expired_token"
        case unknownUserID = "unknown_user_id"
        case invalidBindingMessage = "invalid_binding_message"
        /// RFC 9449 §5.
        case invalidDPoPProof = "invalid_dpop_proof"
        /// RFC 9449 §8.
        case useDPoPNonce = "use_dpop_nonce"

        /// The HTTP status; 401 for a failed client in every case, which satisfies both readings of RFC 6749 §5.2.
        package var status: Int {
            switch self {
            case .invalidRequest, .invalidGrant, .unauthorizedClient, .unsupportedGrantType, .invalidScope,
                .invalidTarget, .invalidAuthorizationDetails, .accessDenied, .authorizationPending, .slowDown,
                .expiredToken, .unknownUserID, .invalidBindingMessage, .invalidDPoPProof, .useDPoPNonce:
                400
            case .invalidClient, .invalidToken: 401
            case .insufficientScope: 403
            case .temporarilyUnavailable: 503
            }
        }
    }

    package let code: Code
    /// Printable ASCII without `"` and `\` (RFC 6749 §5.2).
    package let description: String
    /// Further members of the answer, such as the rule that said no; empty for most.
    package let members: JSONObject

    /// For the ledger only: the decision that led to it.
    package let cause: PolicyRuling?
    /// Seconds after which to ask again, for a client that was let through often enough; the answer is 429 then.
    package let retryAfter: Int64?
    /// For the ledger only: what refused, where the code says less.
    package let rule: String?

    package init(
        _ code: Code, _ description: String, members: JSONObject = [:], cause: PolicyRuling? = nil,
        retryAfter: Int64? = nil, rule: String? = nil
    ) {
        self.code = code
        self.description = description
        self.members = members
        self.cause = cause
        self.retryAfter = retryAfter
        self.rule = rule
    }

    /// A quota of the policy has no room for another token before so many seconds have passed.
    ///
    /// The code is that of the other answers with 429, so that a client has one way to take them all.
    init(quota ruling: PolicyRuling, after seconds: Int64) {
        self.init(
            .temporarilyUnavailable,
            "a quota of the policy is used up; ask again after the seconds in Retry-After",
            members: ["policy": .object(ruling.json)], retryAfter: seconds)
    }
}
