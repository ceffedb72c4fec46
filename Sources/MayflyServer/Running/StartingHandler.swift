import Synchronization

/// Stands in front while the broker starts: every request is answered 503 until the real handler is there.
///
/// The port is known once the server listens, and the broker may need it for its issuer.
package final class StartingHandler: HTTPHandler {
    private let handler = Mutex<(any HTTPHandler)?>(nil)

    package init() {}

    package func begin(with handler: any HTTPHandler) {
        self.handler.withLock { $0 = handler }
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        guard let handler = handler.withLock({ $0 }) else { return .reply(Self.starting) }
        return handler.handle(request)
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        guard let handler = handler.withLock({ $0 }) else { return Self.starting }
        return handler.reject(status: status, request: request)
    }

    private static let starting = Problem.reply(
        503, type: "starting", title: "The broker is starting", headers: [("Retry-After", "1")])
}
