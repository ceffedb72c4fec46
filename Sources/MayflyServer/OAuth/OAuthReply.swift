import MayflyBroker
import MayflyModel

/// Answers of the OAuth endpoints (RFC 6749 §5).
enum OAuthReply {
    static func error(_ error: OAuthError) -> HTTPReply {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("error")
        writer.string(error.code.rawValue)
        writer.name("error_description")
        writer.string(error.description)
        for member in error.members.members {
            writer.name(of: member.name)
            writer.value(member.value)
        }
        writer.endObject()
        var headers = [(name: "Pragma", value: "no-cache")]
        // RFC 6585 §4 where the client is to wait.
        let status = error.retryAfter == nil ? error.code.status : 429
        if let challenge = challenge(error.code) { headers.append(("WWW-Authenticate", challenge)) }
        if let wait = error.retryAfter ?? (status == 503 ? 1 : nil) { headers.append(("Retry-After", "\(wait)")) }
        return HTTPReply(status: status, contentType: .json, headers: headers, body: writer.bytes)
    }

    /// The challenge of an answer to a request that was not authenticated (RFC 6750 §3 for a bearer token).
    static func challenge(_ code: OAuthError.Code) -> String? {
        switch code {
        case .invalidToken: "Bearer realm=\"mayfly\", error=\"invalid_token\""
        case .insufficientScope:
            "Bearer realm=\"mayfly\", error=\"insufficient_scope\", scope=\"\(Administration.introspectScope)\""
        case .invalidClient: "Basic realm=\"mayfly\""
        default: nil
        }
    }

    static func error(_ error: BrokerError) -> HTTPReply {
        switch error {
        case .oauth(let refusal): return self.error(refusal)
        case .unavailable(let reason): return self.error(OAuthError(.temporarilyUnavailable, reason.advice))
        case .notFound, .alreadyExists, .stale, .conflict, .forbidden, .invalid:
            return self.error(OAuthError(.invalidRequest, "the request does not fit the broker's state"))
        }
    }

    /// The answer that carries a token (RFC 6749 §5.1, RFC 8693 §2.2.1, RFC 9396 §7).
    static func token(_ token: IssuedToken, issuedType: String?) -> HTTPReply {
        var writer = JSONWriter(reserving: 1536)
        writer.beginObject()
        writer.name("access_token")
        writer.string(token.compact)
        if let issuedType {
            writer.name("issued_token_type")
            writer.string(issuedType)
        }
        writer.name("token_type")
        writer.string(token.kind == .ticket ? "N_A" : Confirmation.tokenType(token.claims.confirmation))
        writer.name("expires_in")
        writer.integer(token.expiresIn)
        if !token.claims.scopes.isEmpty {
            writer.name("scope")
            writer.string(token.claims.scopes.text)
        }
        let details = token.claims.authorizationDetails
        if !details.isEmpty {
            writer.name("authorization_details")
            writer.value(.array(details))
        }
        if !token.claims.task.isEmpty {
            writer.name("task")
            writer.string(token.claims.task)
            writer.name("trace")
            writer.string(token.claims.trace)
        }
        if let supervision = token.supervision {
            writer.name("supervision")
            writer.value(.object(SupervisionReply.brief(supervision)))
        }
        writer.endObject()
        return HTTPReply(
            status: 200, contentType: .json, headers: [("Pragma", "no-cache")], body: writer.bytes)
    }
}
