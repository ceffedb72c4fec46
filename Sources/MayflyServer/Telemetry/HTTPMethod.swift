/// The methods that labels tell apart; a client can send any token, so everything else is one.
package enum HTTPMethod: Int, CaseIterable, Sendable {
    case post, get, put, delete, head, patch, options, trace, connect, other

    init(_ text: String) {
        switch text {
        case "POST": self = .post
        case "GET": self = .get
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "HEAD": self = .head
        case "PATCH": self = .patch
        case "OPTIONS": self = .options
        case "TRACE": self = .trace
        case "CONNECT": self = .connect
        default: self = .other
        }
    }

    /// As OpenTelemetry writes it.
    package var text: String {
        switch self {
        case .post: "POST"
        case .get: "GET"
        case .put: "PUT"
        case .delete: "DELETE"
        case .head: "HEAD"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other: "_OTHER"
        }
    }
}
