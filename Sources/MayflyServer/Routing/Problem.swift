import MayflyBroker
import MayflyModel

/// Error answers of the admin endpoints (RFC 9457).
enum Problem {
    /// For a path that is not there, or switched off.
    static let nothingHere = reply(404, type: "no-such-path", title: "There is nothing here")

    /// For one more large body than are read at a time.
    static let tooManyLargeBodies = reply(
        503, type: "unavailable", title: "As many large bodies are under way as may be",
        detail: "ask again in a moment", headers: [("Retry-After", "1")])

    static func reply(
        _ status: Int, type: String, title: String, detail: String? = nil, path: FieldPath? = nil,
        headers: [(String, String)] = []
    ) -> HTTPReply {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("type")
        writer.string("urn:mayfly:problem:" + type)
        writer.name("title")
        writer.string(title)
        writer.name("status")
        writer.integer(Int64(status))
        if let detail {
            writer.name("detail")
            writer.string(detail)
        }
        if let path {
            writer.name("parameter")
            writer.string(path.description)
        }
        writer.endObject()
        return HTTPReply(
            status: status, contentType: .problem, headers: headers, body: writer.bytes)
    }

    /// The challenge of the admin API (RFC 6750 §3).
    private static let bearer = "Bearer realm=\"mayfly\""

    static func reply(for failure: Failure) -> HTTPReply {
        switch failure {
        case .broker(let error): return reply(for: error)
        case .json(let error):
            return reply(400, type: "invalid-json", title: "The body is not acceptable JSON", detail: error.description)
        case .field(let error):
            return reply(
                400, type: "invalid-field", title: "A field is not acceptable", detail: error.description,
                path: error.path)
        case .unauthorized(let isTokenSent):
            return reply(
                401, type: "unauthorized", title: "An administrator's or an owner's bearer token is needed",
                detail: "get one from the token endpoint with scope mayfly.admin, mayfly.read or mayfly.approve",
                headers: [("WWW-Authenticate", bearer + (isTokenSent ? ", error=\"invalid_token\"" : ""))])
        case .forbidden(let scope):
            return reply(
                403, type: "forbidden", title: "The token's scope does not allow this",
                headers: [("WWW-Authenticate", "\(bearer), error=\"insufficient_scope\", scope=\"\(scope)\"")])
        case .unsupportedMediaType:
            return reply(
                415, type: "unsupported-media-type", title: "The body must be JSON",
                detail: "send it as application/json")
        case .preconditionRequired:
            return reply(
                428, type: "precondition-required", title: "If-Match is needed",
                detail: "read the record first and send its ETag as If-Match, so that no change is lost")
        case .badIfMatch:
            return reply(
                400, type: "invalid-if-match", title: "If-Match is not a list of entity tags",
                detail: "send the ETag of the record as it was answered")
        case .badQuery(let name):
            return reply(
                400, type: "invalid-query", title: "A query parameter is not acceptable", detail: name)
        }
    }

    private static func reply(for error: BrokerError) -> HTTPReply {
        switch error {
        case .notFound: return reply(404, type: "not-found", title: "Nothing has that name")
        case .alreadyExists: return reply(409, type: "already-exists", title: "Something has that name already")
        case .stale:
            return reply(
                412, type: "stale", title: "The record has changed",
                detail: "read it again, and repeat the change with its new ETag")
        case .conflict(let text):
            return reply(409, type: "conflict", title: "The state does not allow it", detail: text)
        case .forbidden(let text):
            return reply(403, type: "not-yours-to-do", title: "The caller may not do this", detail: text)
        case .invalid(let error): return reply(for: .field(error))
        case .oauth(let error):
            let status = error.code == .invalidClient ? 401 : error.code.status
            return reply(
                status, type: error.code.rawValue, title: "Refused", detail: error.description,
                headers: status == 401 ? [("WWW-Authenticate", bearer)] : [])
        case .unavailable(let reason):
            return reply(
                503, type: "unavailable", title: "Nothing can be made durable now", detail: reason.advice,
                headers: [("Retry-After", "1")])
        }
    }
}

extension BrokerError.Unavailability {
    /// What the operator or caller can do.
    var advice: String {
        switch self {
        case .storeFull: "the disk is full; free space, then ask again"
        case .storeFailed: "the store cannot be written; see the broker's log"
        case .keysFailed: "the signing keys cannot be used; see the broker's log, and run mayfly doctor"
        case .clockWentBack: "the system clock went back; correct it, or restart with --accept-clock"
        case .noLease: "this node has lost touch with the database that it shares; ask another node, or again soon"
        case .overloaded: "the broker is at its limit; ask again in a moment"
        case .stopping: "the broker is stopping; ask again in a moment"
        }
    }
}
