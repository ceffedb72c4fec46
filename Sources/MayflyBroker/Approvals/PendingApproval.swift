package import MayflyModel

/// What a client is told of a request that people have not decided (CIBA Core 1.0 §7.3, RFC 8628 §3.5).
package struct PendingApproval: Equatable, Sendable {
    package let id: ApprovalID
    /// Seconds until the window ends.
    package let expiresIn: Int64
    /// Seconds to wait before each poll.
    package let interval: Int64

    init(_ request: ApprovalRequest, at now: Timestamp) {
        (id, expiresIn, interval) = (request.id, request.secondsLeft(at: now), request.interval)
    }

    /// The members of an answer.
    package var json: JSONObject {
        [
            "auth_req_id": .string(id.text), "expires_in": .integer(expiresIn), "interval": .integer(interval),
        ]
    }

    var pending: OAuthError {
        OAuthError(.authorizationPending, "people are asked to approve exactly this request", members: json)
    }

    var slowDown: OAuthError {
        OAuthError(.slowDown, "the poll came too soon; wait for the interval from now on", members: json)
    }
}
