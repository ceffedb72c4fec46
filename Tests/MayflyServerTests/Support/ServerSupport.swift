import Glibc
import MayflyServer

/// Waits for a condition, at most ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < end else { return false }
        sched_yield()
    }
    return true
}

/// A server on a free port of the loopback address.
func startServer(_ handler: some HTTPHandler, limits: HTTPLimits = .patient) throws -> HTTPServer {
    guard let address = ListenAddress.parse("127.0.0.1:0") else { throw RawClient.Failure(message: "address") }
    return try HTTPServer(address: address, limits: limits, handler: handler)
}

/// Runs the closure on a thread of its own.
func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
            return nil
        }, context)
    pthread_detach(thread)
}

extension HTTPLimits {
    /// Deadlines that a busy machine does not reach; tests of the deadlines set their own.
    static var patient: HTTPLimits {
        var limits = HTTPLimits()
        limits.idleTimeout = .seconds(300)
        limits.headerDeadline = .seconds(300)
        limits.bodyDeadline = .seconds(300)
        limits.pieceDeadline = .seconds(300)
        return limits
    }
}
