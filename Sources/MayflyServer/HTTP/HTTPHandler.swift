/// Answers requests.
///
/// The server's threads call it, several at once, and wait for it: it must not block.
package protocol HTTPHandler: Sendable {
    /// Answers a complete request.
    func handle(_ request: HTTPRequest) -> HTTPOutcome

    /// Whether a request may send a body of `bytes`, which is past `HTTPLimits.maximumBody`.
    ///
    /// Asked when the head is complete and before any of the body is read; `head` has an empty body. A body whose
    /// length is not announced never gets past that limit.
    func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody

    /// The reply for a request that ended before `handle`: 400, 413, 414, 431, 501, and 503 for a parked request that
    /// nobody finished or that `stop()` ended.
    func reject(status: Int, request: RejectedRequest) -> HTTPReply
}

extension HTTPHandler {
    package func admit(_ head: HTTPRequest, bodyOf bytes: Int) -> LargeBody { .tooLarge }
}

/// What a handler does with a request.
package enum HTTPOutcome {
    case reply(HTTPReply)
    /// The server first takes the connection off its thread and then calls the closure, on the same thread, so a reply
    /// finished at once, or from any other thread, cannot come too early.
    case parked((ParkedReply) -> Void)
}

/// What is known of a request that the server refused itself.
///
/// Nothing here was checked: escape it before logging.
package struct RejectedRequest: Sendable {
    package let method: String
    /// The numeric address of the peer.
    package let remoteAddress: String
    /// When the header was complete, by `MonotonicTime`.
    let arrivedAt: UInt64
    let targetBytes: [UInt8]

    init(method: String, targetBytes: [UInt8], remoteAddress: String, arrivedAt: UInt64) {
        self.method = method
        self.targetBytes = targetBytes
        self.remoteAddress = remoteAddress
        self.arrivedAt = arrivedAt
    }

    /// The target as sent, query included, invalid UTF-8 replaced.
    package var target: String {
        String(decoding: targetBytes, as: UTF8.self)
    }
}
