internal import Synchronization

/// How other threads tell a loop's thread that there is something to do that no socket of its tells of.
final class LoopBell: Sendable {
    private let wakeUp: WakeUp
    /// Rung, and not yet heard: many replies of one commit cost one system call.
    private let isRung = Atomic<Bool>(false)

    init() throws(HTTPServerError) {
        wakeUp = try WakeUp()
    }

    func ring() {
        if !isRung.exchange(true, ordering: .sequentiallyConsistent) { wakeUp.signal() }
    }

    /// Waits until the bell rings or `descriptor` can be read; at most that many milliseconds, -1 for no limit.
    ///
    /// What was done before a ring can be seen after the wait, also where the ring was not the first.
    func wait(orFor descriptor: Int32, milliseconds: Int32) {
        guard wakeUp.wait(orFor: descriptor, milliseconds: milliseconds) else { return }
        isRung.store(false, ordering: .sequentiallyConsistent)
    }
}
