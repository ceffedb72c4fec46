internal import CMicroHTTPD
internal import Synchronization

/// A thread that cuts connections past their deadline, and the oldest waiting ones when the table is nearly full.
///
/// It walks all connections several times a second, and at once when they get crowded. The library's own timeout starts
/// again with every byte, so a client sending one byte at a time would outlive it.
final class ConnectionSweeper: Sendable {
    private let registry: ConnectionRegistry
    private let interval: Int32
    private let stopping = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)

    init(_ registry: ConnectionRegistry, limits: HTTPLimits) {
        self.registry = registry
        let shortest = min(
            limits.idleTimeout, limits.headerDeadline, limits.bodyDeadline, limits.pieceDeadline, limits.replyDeadline)
        interval = Int32(clamping: max(10, min(1000, shortest / .milliseconds(1) / 8).rounded()).wholeMilliseconds)
    }

    func start() throws(HTTPServerError) {
        try thread.withLock { thread throws(HTTPServerError) in thread = try SystemThread { [self] in run() } }
    }

    /// Ends the thread and waits for it.
    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        registry.crowded.signal()
        if let thread = thread.withLock({ $0.take() }) { thread.join() }
    }

    private func run() {
        while !stopping.load(ordering: .sequentiallyConsistent) {
            registry.crowded.wait(milliseconds: interval)
            registry.sweep(.now)
            // The allocator would keep what they had for connections that may never come again.
            if registry.takeEbb() { mayfly_return_freed_memory() }
        }
    }
}

extension Double {
    /// For a value already bounded.
    fileprivate var wholeMilliseconds: Int { Int(exactly: self) ?? 250 }
}
