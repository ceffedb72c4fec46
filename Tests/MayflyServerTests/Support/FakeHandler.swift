import MayflyServer
import Synchronization

/// Answers by a closure; its own errors are JSON with the status.
struct FakeHandler: HTTPHandler {
    var respond: @Sendable (HTTPRequest) -> HTTPOutcome
    /// What becomes of a large body, by its announced length.
    var large: @Sendable (HTTPRequest, Int) -> LargeBody = { _, _ in .tooLarge }

    func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody { large(head, bytes) }

    func handle(_ request: HTTPRequest) -> HTTPOutcome {
        respond(request)
    }

    func reject(status: Int, request: RejectedRequest) -> HTTPReply {
        HTTPReply(status: status, contentType: .problem, body: Array("{\"status\":\(status)}".utf8))
    }

    /// Sends the body back, the method and path in headers.
    static let echo = FakeHandler { request in
        .reply(
            HTTPReply(
                status: 200, headers: [("X-Method", request.method), ("X-Path", request.path)], body: request.body))
    }

    /// Parks every request and hands the replies to `lot`.
    static func parking(in lot: ParkingLot) -> FakeHandler {
        FakeHandler { _ in .parked { reply in lot.add(reply) } }
    }
}

/// Parked replies waiting for the test.
final class ParkingLot: Sendable {
    private let replies = Mutex<[ParkedReply]>([])

    func add(_ reply: ParkedReply) {
        replies.withLock { replies in replies.append(reply) }
    }

    var count: Int {
        replies.withLock { $0.count }
    }

    func takeAll() -> [ParkedReply] {
        replies.withLock { replies in
            let taken = replies
            replies = []
            return taken
        }
    }

    /// Waits until `count` requests are parked, at most ten seconds.
    func wait(for count: Int) -> Bool {
        eventually { self.count >= count }
    }
}
