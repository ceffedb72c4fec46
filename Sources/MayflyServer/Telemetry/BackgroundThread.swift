internal import Glibc
internal import Synchronization

/// A thread that works beside the requests, and can be waited for with a limit.
final class BackgroundThread: Sendable {
    private let body: @Sendable () -> Void
    private let ended = Atomic<Bool>(false)
    private let wakeUp: WakeUp

    /// Starts it; `body` is called once.
    init(_ body: @escaping @Sendable () -> Void) throws(HTTPServerError) {
        self.body = body
        wakeUp = try WakeUp()
        let context = unsafe Unmanaged.passRetained(self)
        var thread: pthread_t = 0
        guard unsafe pthread_create(&thread, nil, backgroundMain, context.toOpaque()) == 0 else {
            unsafe context.release()
            throw .cannotStart
        }
        pthread_detach(thread)
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

    fileprivate func run() {
        body()
        ended.store(true, ordering: .releasing)
        wakeUp.signal()
    }
}

private func backgroundMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<BackgroundThread>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
