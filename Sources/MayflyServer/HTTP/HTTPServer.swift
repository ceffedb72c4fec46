internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server: a few threads that read requests, run the handler and send its replies.
package final class HTTPServer: Sendable {
    /// The port in use.
    package let port: UInt16

    let core: HTTPServerCore
    private let sweeper: ConnectionSweeper
    private let loops: Mutex<[HTTPLoop]>

    /// Listens, and accepts from then on.
    ///
    /// The process ignores SIGPIPE afterwards: a client that goes away while it is sent a reply is an error of that
    /// connection alone.
    package init(
        address: ListenAddress, limits: HTTPLimits = HTTPLimits(), tls: TLSOptions? = nil, handler: any HTTPHandler
    ) throws(HTTPServerError) {
        signal(SIGPIPE, SIG_IGN)
        // Before anything is opened: a certificate that cannot be used is the operator's mistake to mend.
        let listener = try tls.map { options throws(HTTPServerError) in try TLSListener(options) }
        let socket = try ListenSocket(address)
        port = try socket.port()
        core = try HTTPServerCore(limits: limits, tls: listener, handler: handler)
        sweeper = ConnectionSweeper(core.registry, limits: limits)
        try sweeper.start()
        loops = Mutex([])
        do throws(HTTPServerError) {
            try startLoops(socket)
        } catch {
            // The loops that did start may have taken requests.
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// Counts the open connections; may be kept longer than the server.
    package var connectionCount: @Sendable () -> Int {
        { [registry = core.registry] in registry.count }
    }

    /// Shows another certificate from the next connection on; without TLS it does nothing.
    package func use(_ identity: TLSIdentity) throws(HTTPServerError) {
        try core.tls?.use(identity)
    }

    /// Stops accepting, and returns at once; the drain time of `stop()` begins here.
    package func beginDraining() { _ = core.beginDraining() }

    /// Stops accepting, waits up to the drain time for accepted requests, ends what is still parked with 503, and
    /// returns when no thread of the server runs.
    ///
    /// Not to be called from the handler: it waits for the handler's thread. Who calls it again waits just as long.
    package func stop() {
        loops.withLock { loops in
            let end = core.beginDraining()
            let isIdle = core.registry.drain(until: end) { $0.cutIfIdle() }
            core.endParked()
            if !isIdle { _ = core.registry.drain(until: .now + .seconds(1)) { $0.cutIfIdle() } }
            for loop in loops { loop.stop() }
            loops = []
            sweeper.stop()
        }
    }

    /// Every loop takes connections from the same socket, and has an equal part of the places.
    private func startLoops(_ socket: borrowing ListenSocket) throws(HTTPServerError) {
        let count = max(1, core.limits.threads ?? HTTPLimits.processors)
        let (part, rest) = core.limits.maximumConnections.quotientAndRemainder(dividingBy: count)
        for index in 0..<count {
            let loop = try HTTPLoop(core)
            try loop.start(socket.duplicate(), connections: part + (index < rest ? 1 : 0))
            loops.withLock { $0.append(loop) }
        }
    }
}
