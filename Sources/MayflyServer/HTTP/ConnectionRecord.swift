internal import Glibc
internal import MayflyBroker
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
        /// Nothing more is taken from it, although the socket may still hold a request.
        var isCut = false
        /// What the handshake left; nil until somebody has asked for it.
        var peer: PresentedCertificate??
        /// The last one read; most requests of a connection have the same.
        var head: RequestHead?
        /// By when more of a chunked body must come.
        var pieceDeadline: ContinuousClock.Instant?
    }

    let remoteAddress: String
    /// Its loop's.
    let bell: LoopBell
    /// What its TLS session shows, for as long as that may look at it; nil for plain HTTP.
    private let certificate: TLSCertificate?
    private let state: Mutex<State>

    init(
        descriptor: Int32, certificate: TLSCertificate?, bell: LoopBell, remoteAddress: String,
        deadline: ContinuousClock.Instant
    ) {
        (self.certificate, self.bell, self.remoteAddress) = (certificate, bell, remoteAddress)
        state = Mutex(State(descriptor: descriptor, phase: .header, deadline: deadline))
    }

    /// Notes the next phase, which must end by `deadline`.
    ///
    /// False when the connection was cut before: its request must not be worked on, since nobody can be answered.
    @discardableResult
    func enter(_ phase: Phase, deadline: ContinuousClock.Instant?) -> Bool {
        state.withLock {
            $0.phase = phase
            $0.deadline = deadline
            $0.pieceDeadline = nil
            $0.parked = nil
            return !$0.isCut
        }
    }

    /// Notes the first line of a request.
    ///
    /// A new connection's first header keeps the deadline it has from its start. Answers the last head that was kept.
    func beginHeader(deadline: ContinuousClock.Instant) -> RequestHead? {
        state.withLock {
            guard $0.phase == .idle else { return $0.head }
            $0.phase = .header
            $0.deadline = deadline
            return $0.head
        }
    }

    /// Keeps a head until the next one, or the end of the connection.
    func keep(_ head: RequestHead) {
        state.withLock { $0.head = head }
    }

    func park(_ slot: ParkedSlot) {
        state.withLock { $0.parked = slot }
    }

    /// What the client has shown of its own in the handshake; read from the connection once.
    func peer(_ read: () -> PresentedCertificate?) -> PresentedCertificate? {
        if let known = state.withLock({ $0.peer }) { return known }
        let found = read()
        state.withLock { $0.peer = .some(found) }
        return found
    }

    /// Whether the connection was cut, and waits for the library to close it.
    var isCut: Bool {
        state.withLock { $0.isCut }
    }

    /// The reply that the connection waits for.
    var parked: ParkedSlot? {
        state.withLock { $0.parked }
    }

    /// Notes by when more of a chunked body must come; the next phase ends that.
    func expectPiece(by deadline: ContinuousClock.Instant) {
        state.withLock { $0.pieceDeadline = deadline }
    }

    /// Cuts the connection if it has outlived a deadline.
    func sweep(_ now: ContinuousClock.Instant) {
        state.withLock { state in
            guard let deadline = state.deadline else { return }
            if min(deadline, state.pieceDeadline ?? deadline) <= now { Self.cut(&state) }
        }
    }

    /// How a connection waits for its client.
    struct Wait {
        /// Whether every request on it has been answered.
        let isIdle: Bool
        let since: ContinuousClock.Instant
    }

    /// Since when the connection has waited for its client, if nothing is lost by cutting it.
    ///
    /// A reply that its client does not take counts once it is late; before that it is an accepted request's.
    func waiting(_ limits: HTTPLimits, _ now: ContinuousClock.Instant) -> Wait? {
        state.withLock { state in
            guard !state.isCut, let deadline = state.deadline else { return nil }
            switch state.phase {
            case .idle: return Wait(isIdle: true, since: deadline - limits.idleTimeout)
            case .header: return Wait(isIdle: false, since: deadline - limits.headerDeadline)
            case .body: return Wait(isIdle: false, since: deadline - limits.bodyDeadline)
            case .replying:
                let since = deadline - limits.replyDeadline
                return now - since > HTTPLimits.slowReply ? Wait(isIdle: false, since: since) : nil
            case .handling: return nil
            }
        }
    }

    /// Cuts the connection if it is still its client's turn.
    func cutIfWaiting() {
        state.withLock {
            guard $0.phase != .handling else { return }
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
            $0.head = nil
        }
    }

    /// Wakes the library, which then closes the connection as if the client had.
    private static func cut(_ state: inout State) {
        guard state.descriptor >= 0 else { return }
        // What the socket has received already can be read after this, so the library may still find a request there.
        state.isCut = true
        shutdown(state.descriptor, Int32(SHUT_RDWR))
        state.deadline = nil
    }
}
