/// Stands in front while the broker starts: every request is answered 503 until the real handler is there.
///
/// The port is known once the server listens, and the broker may need it for its issuer.
package final class StartingHandler: HTTPHandler {
    private final class Box: Sendable {
        let handler: any HTTPHandler

        init(_ handler: any HTTPHandler) { self.handler = handler }
    }

    private let box = OnceReference<Box>()

    package init() {}

    /// Lets `handler` answer from now on; a second one is not taken.
    package func begin(with handler: any HTTPHandler) {
        _ = box.value { Box(handler) }
    }

    package func handle(_ request: HTTPRequest) -> HTTPOutcome {
        guard let box = box.value else { return .reply(Self.starting) }
        return box.handler.handle(request)
    }

    package func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody {
        box.value?.handler.admit(head, bodyOf: bytes) ?? .refused(Self.starting)
    }

    package func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        guard let box = box.value else { return Self.starting }
        return box.handler.reject(status: status, request: request)
    }

    private static let starting = Problem.reply(
        503, type: "starting", title: "The broker is starting", headers: [("Retry-After", "1")])
}
