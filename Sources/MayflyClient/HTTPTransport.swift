internal import Synchronization

/// Sends HTTP requests over one connection that stays open: bounded, with timeouts, without redirects.
///
/// Only `https` is taken, and `http` to this machine. TLS certificates are always checked.
public final class HTTPTransport: Sendable {
    /// The longest body of an answer, in bytes.
    public static let maximumBody = 4 * 1024 * 1024
    static let maximumHead = 64 * 1024
    static let connectMilliseconds = 10_000
    static let totalMilliseconds = 30_000

    // The connection's own lock is held while a request is under way: libcurl allows one at a time on a handle.
    private let handle: Mutex<EasyHandle>

    /// Makes a transport; nothing is connected yet.
    public init(tls: ClientTLS = ClientTLS()) throws(ClientError) {
        try tls.check()
        handle = Mutex(try EasyHandle(tls: tls))
    }

    /// Sends a request and waits for its answer, whatever its status.
    package func send(_ request: ClientRequest) throws(ClientError) -> ClientAnswer {
        let url = try ServerURL(String(request.url.prefix { $0 != "?" }))
        return try handle.withLock { (handle) throws(ClientError) in
            try handle.perform(request, isLoopback: url.isLoopback)
        }
    }
}
