import Synchronization

/// Whether this broker may answer from its memory: always when the store is its own, else while it holds a lease.
package final class ServingPermit: Sendable {
    private let until: Atomic<Int64>

    /// `isShared` is for a store that other brokers change too: then there is no permit before the first lease.
    init(isShared: Bool) {
        until = Atomic(isShared ? Int64.min : Int64.max)
    }

    /// Asked after a question has come and before it is answered, so that the answer is of a moment in between.
    package var isValid: Bool {
        let until = until.load(ordering: .acquiring)
        // The clock costs as much as the rest of a verification's look-ups.
        return until == .max || SteadyTime.now().nanoseconds < until
    }

    /// From now on it ends then, sooner or later than before.
    func hold(until end: SteadyTime) {
        // The end of all time is for brokers that share nothing.
        until.store(min(end.nanoseconds, .max - 1), ordering: .releasing)
    }
}
