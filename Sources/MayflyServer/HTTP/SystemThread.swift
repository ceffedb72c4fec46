internal import Glibc

/// A thread of the system's that runs one closure.
///
/// It is waited for once, by `join()`; one that is let go of instead runs on by itself.
struct SystemThread: ~Copyable, Sendable {
    private let thread: pthread_t

    /// Starts it; `body` is called once, and freed on the thread.
    init(_ body: sending @escaping () -> Void) throws(HTTPServerError) {
        let body = unsafe Unmanaged.passRetained(ThreadBody(body))
        var thread: pthread_t = 0
        guard unsafe pthread_create(&thread, nil, threadMain, body.toOpaque()) == 0 else {
            unsafe body.release()
            throw .cannotStart
        }
        self.thread = thread
    }

    deinit { pthread_detach(thread) }

    /// Returns when `body` has returned; not to be called on the thread itself.
    consuming func join() {
        pthread_join(thread, nil)
        discard self
    }
}

/// What a thread runs, handed to it.
private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
