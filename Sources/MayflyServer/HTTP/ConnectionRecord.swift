internal import Glibc
internal import Synchronization

/// One open connection, as the sweeping thread and `stop()` see it.
final class ConnectionRecord: Sendable {
    /// What the connection is doing; the first two can be cut without losing an accepted request.
    enum Phase {
        case idle, header, body, handling, replying
    }

    private struct State {
        /// -1 once the library is about to close it.
        var descriptor: Int32
        var phase: Phase
        var deadline: ContinuousClock.Instant?
        var parked: ParkedSlot?
    }

    let remoteAddress: String
    private let state: Mutex<State>

    init(descriptor: Int32, remoteAddress: String, deadline: ContinuousClock.Instant) {
        self.remoteAddress = remoteAddress
        state = Mutex(State(descriptor: descriptor, phase: .header, deadline: deadline))
    }

    /// Notes the next phase, which must end by `deadline`.
    func enter(_ phase: Phase, deadline: ContinuousClock.Instant?) {
        state.withLock {
            $0.phase = phase
            $0.deadline = deadline
            $0.parked = nil
        }
    }

    /// Notes the first line of a request.
    ///
    /// A new connection's first header keeps the deadline it has from its start.
    func beginHeader(deadline: ContinuousClock.Instant) {
        state.withLock {
            guard $0.phase == .idle else { return }
            $0.phase = .header
            $0.deadline = deadline
        }
    }

    func park(_ slot: ParkedSlot) {
        state.withLock { $0.parked = slot }
    }

    /// The reply that the connection waits for.
    var parked: ParkedSlot? {
        state.withLock { $0.parked }
    }

    /// Cuts the connection if it has outlived its deadline.
    func sweep(_ now: ContinuousClock.Instant) {
        state.withLock {
            guard let deadline = $0.deadline, deadline <= now else { return }
            Self.cut(&$0)
        }
    }

    /// Cuts the connection unless a request on it has been accepted.
    func cutIfIdle() {
        state.withLock {
            guard $0.phase == .idle || $0.phase == .header else { return }
            Self.cut(&$0)
        }
    }

    /// Notes that the library is about to close the descriptor.
    ///
    /// Cutting happens under the same lock, so it never meets a descriptor that has been closed and given to another
    /// connection.
    func close() {
        state.withLock {
            $0.descriptor = -1
            $0.deadline = nil
            $0.parked = nil
        }
    }

    /// Wakes the library, which then closes the connection as if the client had.
    private static func cut(_ state: inout State) {
        guard state.descriptor >= 0 else { return }
        shutdown(state.descriptor, Int32(SHUT_RDWR))
        state.deadline = nil
    }
}
