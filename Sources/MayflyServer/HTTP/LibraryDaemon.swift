internal import CGnuTLS
internal import CMicroHTTPD
internal import Glibc

/// A daemon of the library that does something only when it is told to look, on the one thread that tells it.
///
/// It ends with this value: every connection is then closed, and none may be parked.
@safe final class LibraryDaemon {
    /// Bytes for one connection's header, its parsed fields and a piece of its body.
    ///
    /// Twice the longest header that is taken. The library overwrites all of it with zeros after each request, so that
    /// more of it costs time.
    private static let connectionMemory = 16 * 1024

    /// Can be read while something has happened to one of its sockets.
    let events: Int32

    /// Those it had after the last look.
    private var connections: UInt32 = 0
    /// Closed by the library.
    private let listening: Int32
    private let daemon: OpaquePointer
    private let core: Unmanaged<HTTPServerCore>
    private let loop: Unmanaged<HTTPLoop>

    /// Takes connections from `socket`, at most `connections` at a time; nil when the library cannot.
    init?(_ loop: HTTPLoop, _ socket: consuming ListenSocket, connections: Int) {
        let core = unsafe Unmanaged.passRetained(loop.core)
        let context = unsafe Unmanaged.passRetained(loop)
        let started = unsafe mayfly_http_start(
            mayfly_http_callbacks(
                context: core.toOpaque(),
                accept: httpAcceptConnection,
                request_line: httpRequestLineArrived,
                handle: httpRequestProgressed,
                completed: httpRequestCompleted,
                connection: httpConnectionChanged,
                connection_context: context.toOpaque()),
            mayfly_http_options(
                listen_fd: socket.fileDescriptor,
                connections: UInt32(clamping: connections),
                memory_per_connection: Self.connectionMemory,
                tls_priorities: mayfly_tls_priorities(),
                tls_certificate: loop.core.tls == nil ? nil : mayfly_tls_retriever()))
        guard let daemon = unsafe started else {
            unsafe core.release()
            unsafe context.release()
            return nil
        }
        // The library closes it from here on.
        listening = socket.release()
        unsafe (self.daemon, self.core, self.loop) = (daemon, core, context)
        events = unsafe mayfly_http_events(daemon)
        // Without it the loop would hear of nothing.
        guard events >= 0 else { return nil }
    }

    deinit {
        unsafe MHD_stop_daemon(daemon)
        unsafe core.release()
        unsafe loop.release()
    }

    /// How long the library may be left alone while nothing happens, in milliseconds; -1 for any time.
    var patience: Int32 {
        var milliseconds: UInt64 = 0
        return unsafe MHD_get_timeout(daemon, &milliseconds) == .YES ? Int32(clamping: milliseconds) : -1
    }

    /// Whether a client waits whom the last look would have taken if the system had had a descriptor for it.
    ///
    /// A daemon with connections leaves such clients alone until one of its own has gone.
    var cannotAccept: Bool {
        guard connections == 0 else { return false }
        var entry = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Does what there is to do, without waiting.
    ///
    /// The library sees only when it begins to look that there is room again and that it may take new connections.
    func look() {
        var before: UInt32
        repeat {
            before = connections
            unsafe MHD_run(daemon)
            connections = unsafe mayfly_http_connections(daemon)
        } while connections < before
    }
}
