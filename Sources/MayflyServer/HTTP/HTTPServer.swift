internal import CGnuTLS
internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server: a pool of library threads that read requests, run the handler and send its replies.
package final class HTTPServer: Sendable {
    /// Memory for one connection's header, its parsed fields and a piece of its body.
    ///
    /// Above 32 KiB the library maps it, page by page as it is used, and gives it back when the connection closes; up
    /// to there it would come from the heap, which keeps what a flood of connections has touched.
    private static let connectionMemory = 36 * 1024

    /// The port in use.
    package let port: UInt16

    private let core: HTTPServerCore
    private let sweeper: ConnectionSweeper
    private let daemon: Mutex<RunningDaemon?>

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
        guard let running = RunningDaemon(core, socket.fileDescriptor, memory: Self.connectionMemory) else {
            sweeper.stop()
            throw .cannotStart
        }
        _ = socket.release()
        daemon = Mutex(running)
    }

    deinit { stop() }

    /// Counts the open connections; may be kept longer than the server.
    package var connectionCount: @Sendable () -> Int {
        { [registry = core.registry] in registry.count }
    }

    /// Shows another certificate from the next handshake on; without TLS it does nothing.
    package func use(_ identity: TLSIdentity) throws(HTTPServerError) {
        try core.tls?.use(identity)
    }

    /// Stops accepting, waits up to the drain time for accepted requests, ends what is still parked with 503, and
    /// returns when no thread of the server runs.
    ///
    /// Not to be called from the handler: it waits for the handler's thread.
    package func stop() {
        guard let daemon = self.daemon.withLock({ $0.take() }) else { return }
        core.beginDraining()
        let isIdle = core.registry.drain(within: core.limits.drainTime) { $0.cutIfIdle() }
        core.endParked()
        if !isIdle { _ = core.registry.drain(within: .seconds(1)) { $0.cutIfIdle() } }
        daemon.stop()
        sweeper.stop()
    }
}

/// A started daemon of the library and the core it calls back.
@safe private struct RunningDaemon: ~Copyable {
    private let daemon: OpaquePointer
    private let context: Unmanaged<HTTPServerCore>

    /// Starts the library's threads; they take over the descriptor.
    ///
    /// Nil when they did not start.
    init?(_ core: HTTPServerCore, _ descriptor: Int32, memory: Int) {
        let context = unsafe Unmanaged.passRetained(core)
        let limits = core.limits
        let started = unsafe mayfly_http_start(
            mayfly_http_callbacks(
                context: context.toOpaque(),
                accept: httpAcceptConnection,
                request_line: httpRequestLineArrived,
                handle: httpRequestProgressed,
                completed: httpRequestCompleted,
                connection: httpConnectionChanged),
            mayfly_http_options(
                listen_fd: descriptor,
                threads: UInt32(clamping: limits.threads ?? HTTPLimits.processors),
                connections: UInt32(clamping: limits.maximumConnections),
                connections_per_address: UInt32(clamping: limits.maximumConnectionsPerAddress ?? 0),
                memory_per_connection: memory,
                tls_priorities: mayfly_tls_priorities(),
                tls_certificate: core.tls == nil ? nil : mayfly_tls_retriever()))
        guard let daemon = unsafe started else {
            unsafe context.release()
            return nil
        }
        unsafe self.daemon = daemon
        unsafe self.context = context
    }

    /// Joins the threads and closes every connection; nothing may be parked.
    consuming func stop() {
        unsafe MHD_stop_daemon(daemon)
        unsafe context.release()
    }
}
