internal import Synchronization

/// How other threads tell a loop's thread that there is something to do that no socket of its tells of.
final class LoopBell: Sendable {
    private let wakeUp: WakeUp
    /// Rung, and not yet heard: many replies of one commit cost one system call.
    private let isRung = Atomic<Bool>(false)
    /// Written by the loop's own thread alone.
    private let steps = Atomic<UInt64>(0)

    init() throws(HTTPServerError) {
        wakeUp = try WakeUp()
    }

    func ring() {
        if !isRung.exchange(true, ordering: .sequentiallyConsistent) { wakeUp.signal() }
    }

    /// Notes, on the loop's thread, that a request has begun, gone on or ended.
    func noteStep() {
        steps.store(steps.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// How often a request has begun, gone on or ended.
    var stepCount: UInt64 { steps.load(ordering: .relaxed) }

    /// Waits until the bell rings or `descriptor` can be read; at most that many milliseconds, -1 for no limit.
    ///
    /// What was done before a ring can be seen after the wait, also where the ring was not the first.
    func wait(orFor descriptor: Int32?, milliseconds: Int32) {
        // The system passes over a negative one.
        guard wakeUp.wait(orFor: descriptor ?? -1, milliseconds: milliseconds) else { return }
        isRung.store(false, ordering: .sequentiallyConsistent)
    }
}
