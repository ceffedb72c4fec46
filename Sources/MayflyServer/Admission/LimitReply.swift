import MayflyBroker
import MayflyModel

/// Answers to a client that asks more often than its limit allows: 429 (RFC 6585 §4) and `Retry-After`.
enum LimitReply {
    /// Paths that answer it.
    static let templates: Set<String> = [
        "/oauth2/token", "/oauth2/bc-authorize", "/oauth2/introspect", "/access/v1/evaluation",
        "/access/v1/evaluations",
        "/access/v1/settle", "/access/v1/access-requests/{id}", "/verify",
    ]

    private static let words = "too many requests from this client; ask again after the seconds in Retry-After"

    /// For the OAuth endpoints.
    ///
    /// No registered code means this. `slow_down` asks a device to poll less often (RFC 8628 §3.5), so what other
    /// token endpoints send is taken: `temporarily_unavailable`, the status telling it from an overload of the broker.
    static func oauth(after seconds: Int64) -> HTTPReply {
        OAuthReply.error(OAuthError(.temporarilyUnavailable, words, retryAfter: seconds))
    }

    /// For AuthZEN: a message string.
    static func evaluation(after seconds: Int64) -> HTTPReply {
        var reply = EvaluationReply.message(429, words)
        reply.headers.append(("Retry-After", "\(seconds)"))
        return reply
    }

    /// For forward-auth: plain text.
    static func plain(after seconds: Int64) -> HTTPReply {
        HTTPReply(
            status: 429, headers: [("Content-Type", "text/plain"), ("Retry-After", "\(seconds)")],
            body: Array((words + "\n").utf8))
    }
}
