internal import Synchronization

/// A thread that works beside the requests, and can be waited for with a limit.
final class BackgroundThread: Sendable {
    private let ended = Atomic<Bool>(false)
    private let wakeUp: WakeUp

    /// Starts it; `body` is called once.
    init(_ body: @escaping @Sendable () -> Void) throws(HTTPServerError) {
        wakeUp = try WakeUp()
        // Let go of: one that does not end in time must hold nobody up.
        _ = try SystemThread { [self] in
            body()
            ended.store(true, ordering: .releasing)
            wakeUp.signal()
        }
    }

    /// Waits until `body` has returned; false when time ran out first.
    func wait(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        while !ended.load(ordering: .acquiring) {
            guard ContinuousClock.now < end else { return false }
            wakeUp.wait(milliseconds: 20)
        }
        return true
    }
}
