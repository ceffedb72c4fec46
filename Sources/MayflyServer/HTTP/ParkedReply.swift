internal import Synchronization

/// The right to answer one parked request, from any thread and once.
///
/// Dropped unused, it answers 503.
package final class ParkedReply: Sendable {
    private let slot: ParkedSlot

    init(_ slot: ParkedSlot) {
        self.slot = slot
    }

    /// A parked reply without a connection, for tests of endpoints: `observer` gets the reply, once.
    package convenience init(
        observer: @escaping @Sendable (HTTPReply) -> Void, whenAbandoned: @escaping @Sendable () -> HTTPReply
    ) {
        self.init(ParkedSlot(observer: observer, whenAbandoned: whenAbandoned))
    }

    deinit { slot.abandon() }

    /// Has `watcher` called once, with the status, when the reply is made or given up.
    package func watch(_ watcher: @escaping @Sendable (Int) -> Void) {
        slot.watch(watcher)
    }

    /// Sends `reply`; later calls, and calls after the server gave up waiting, do nothing.
    package func finish(_ reply: HTTPReply) {
        slot.finish(.made(reply))
    }

    /// Sends the reply that `make` answers; later calls, and calls after the server gave up waiting, do nothing.
    ///
    /// `make` is called once, by the thread that sends the reply: whoever finishes many requests hands the writing of
    /// their replies on.
    package func finish(making make: @escaping @Sendable () -> HTTPReply) {
        slot.finish(.making(make))
    }
}

/// The meeting point of a suspended connection and its reply.
final class ParkedSlot: Sendable {
    enum Reply: Sendable {
        case made(HTTPReply)
        case making(@Sendable () -> HTTPReply)
    }

    private enum State {
        case waiting(SuspendedConnection)
        case observed(@Sendable (HTTPReply) -> Void)
        case finished(Reply)
        case taken
    }

    private let state: Mutex<State>
    private let watcher = Mutex<(@Sendable (Int) -> Void)?>(nil)
    private let whenAbandoned: @Sendable () -> HTTPReply

    init(_ connection: SuspendedConnection, whenAbandoned: @escaping @Sendable () -> HTTPReply) {
        state = Mutex(.waiting(connection))
        self.whenAbandoned = whenAbandoned
    }

    init(
        observer: @escaping @Sendable (HTTPReply) -> Void, whenAbandoned: @escaping @Sendable () -> HTTPReply
    ) {
        state = Mutex(.observed(observer))
        self.whenAbandoned = whenAbandoned
    }

    func watch(_ watcher: @escaping @Sendable (Int) -> Void) {
        self.watcher.withLock { $0 = watcher }
    }

    /// Stores the reply and lets the connection go on, if nobody has yet.
    ///
    /// The library is called inside this one connection's lock, and looks at its daemon to the end of that call.
    /// Nothing ends the request without taking the same lock, so no thread is still in the call when
    /// `HTTPServer.stop()` frees the daemon.
    func finish(_ reply: Reply) {
        let (isFirst, observer) = state.withLock { state -> (Bool, (@Sendable (HTTPReply) -> Void)?) in
            switch state {
            case .waiting(let connection):
                state = .finished(reply)
                connection.resume()
                return (true, nil)
            case .observed(let observer):
                state = .taken
                return (true, observer)
            case .finished, .taken:
                return (false, nil)
            }
        }
        if isFirst, case .made(let reply) = reply { tell(reply.status) }
        if let observer { observer(made(reply)) }
    }

    /// The reply itself, made now if it has not been.
    private func made(_ reply: Reply) -> HTTPReply {
        switch reply {
        case .made(let reply): return reply
        case .making(let make):
            let reply = make()
            tell(reply.status)
            return reply
        }
    }

    private func tell(_ status: Int) {
        watcher.withLock { $0.take() }?(status)
    }

    /// Finishes with 503, if nobody has finished.
    func abandon() {
        let isWaiting = state.withLock { state in
            switch state {
            case .waiting, .observed: true
            case .finished, .taken: false
            }
        }
        guard isWaiting else { return }
        finish(.made(whenAbandoned()))
    }

    /// The reply once finished, given out once.
    func take() -> HTTPReply? {
        let reply = state.withLock { state -> Reply? in
            guard case .finished(let reply) = state else { return nil }
            state = .taken
            return reply
        }
        return reply.map(made)
    }
}
