internal import Glibc
internal import Synchronization

/// A thread that runs one daemon of the library: it waits until something has happened, and has the library look at it.
///
/// The library offers threads of its own. They wait inside of it, where up to 128 events are taken from the system at a
/// time and, after a batch of just as many, the next wait comes before a look at what there is (`MHD_epoll`, in 1.0.1
/// too). Clients that happened to be ready together would wait until another one comes. Here the library never waits.
final class HTTPLoop: Sendable {
    let core: HTTPServerCore
    /// Rung for each of its connections that was suspended and may go on.
    let bell: LoopBell
    /// Looks in a row that brought no request on, while the library knew of more to do, before each has to wait.
    private static let vainLooks = 16
    /// How long the loop leaves clients alone whom the system has no descriptor for, in milliseconds.
    private static let pause: Int32 = 10
    private let isStopping = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)

    init(_ core: HTTPServerCore) throws(HTTPServerError) {
        self.core = core
        bell = try LoopBell()
    }

    /// Takes connections from `socket` until `stop()`, at most `connections` at a time.
    func start(_ socket: consuming ListenSocket, connections: Int) throws(HTTPServerError) {
        guard let daemon = LibraryDaemon(self, socket, connections: connections) else { throw .cannotStart }
        // The daemon ends with the closure, on its thread.
        var thread = Optional(try SystemThread { [self] in run(daemon) })
        self.thread.withLock { $0 = thread.take() }
    }

    /// Returns when the thread has ended and every connection is closed; none may be parked.
    ///
    /// Not to be called on the thread itself.
    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        bell.ring()
        if let thread = thread.withLock({ $0.take() }) { thread.join() }
    }

    /// In milliseconds: four times as long as the look took, so that such looks have a fifth of the thread at most.
    private func vainWait(after lookTime: UInt64) -> Int32 { Int32(clamping: min(100, max(1, lookTime / 250_000))) }

    private func run(_ daemon: LibraryDaemon) {
        // Looks in a row that brought no request on. While one does, the library is asked again at once: it asks the
        // system itself what else there is.
        var (vain, steps) = (2, bell.stepCount)
        // Waits in a row after which it did not.
        var waits = 0
        // Of the last look, in nanoseconds, once several in a row were in vain.
        var lookTime: UInt64 = 0
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            switch vain {
            case 0: break
            case 1:
                // The clients on this machine, and the writer, may be waiting for this processor. What they send while
                // they have it costs nobody to be woken.
                sched_yield()
            default:
                let patience = daemon.patience
                if patience != 0 {
                    vain = 1
                    waits += 1
                    if waits > Self.vainLooks, daemon.cannotAccept {
                        // Such a client is an event that stays, and what would help makes none.
                        bell.wait(orFor: nil, milliseconds: Self.pause)
                    } else {
                        bell.wait(orFor: daemon.events, milliseconds: patience)
                    }
                } else if vain > Self.vainLooks {
                    // It also takes a client that it waits for to be ready, in a handshake for one, and would try for
                    // ever. Many of them make a look long, and the wait with it.
                    bell.wait(orFor: daemon.events, milliseconds: vainWait(after: lookTime))
                }
            }
            let start = vain < Self.vainLooks ? 0 : MonotonicTime.now()
            daemon.look()
            lookTime = vain < Self.vainLooks ? 0 : MonotonicTime.now() - start
            (vain, waits) = bell.stepCount == steps ? (vain + 1, waits) : (0, 0)
            steps = bell.stepCount
        }
    }
}
