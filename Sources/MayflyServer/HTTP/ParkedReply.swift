internal import Synchronization

/// The right to answer one parked request, from any thread and once.
///
/// Dropped unused, it answers 503.
package final class ParkedReply: Sendable {
    private let slot: ParkedSlot

    init(_ slot: ParkedSlot) {
        self.slot = slot
    }

    deinit { slot.abandon() }

    /// Sends `reply`; later calls, and calls after the server gave up waiting, do nothing.
    package func finish(_ reply: HTTPReply) {
        slot.finish(reply)
    }
}

/// The meeting point of a suspended connection and its reply.
final class ParkedSlot: Sendable {
    private enum State {
        case waiting(SuspendedConnection)
        case finished(HTTPReply)
        case taken
    }

    private let state: Mutex<State>
    private let whenAbandoned: @Sendable () -> HTTPReply

    init(_ connection: SuspendedConnection, whenAbandoned: @escaping @Sendable () -> HTTPReply) {
        state = Mutex(.waiting(connection))
        self.whenAbandoned = whenAbandoned
    }

    /// Stores the reply and lets the connection go on, if nobody has yet.
    ///
    /// The library is called inside this one connection's lock. `HTTPServer.stop()` takes the same lock on every parked
    /// connection before it frees the library's daemon, so no thread is still in the call by then.
    func finish(_ reply: HTTPReply) {
        state.withLock { state in
            guard case .waiting(let connection) = state else { return }
            state = .finished(reply)
            connection.resume()
        }
    }

    /// Finishes with 503, if nobody has finished.
    func abandon() {
        let isWaiting = state.withLock { state in
            guard case .waiting = state else { return false }
            return true
        }
        guard isWaiting else { return }
        finish(whenAbandoned())
    }

    /// The reply once finished, given out once.
    func take() -> HTTPReply? {
        state.withLock { state in
            guard case .finished(let reply) = state else { return nil }
            state = .taken
            return reply
        }
    }
}
