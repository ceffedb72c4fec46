/// Holds back the answers to what ends rights until no node can say yes any more to what they ended.
///
/// It lets go of an answer once every node has the revision in memory or no lease; at the latest when every lease that
/// could have begun without that revision has run out.
struct RevocationGate {
    private struct Waiter {
        let id: UInt64
        let revision: UInt64
        /// After the commit of the revision.
        let committedAt: SteadyTime
    }

    /// Nanoseconds after which every lease has run out that was asked for before.
    private let patience: Int64
    /// Oldest first.
    private var waiters: [Waiter] = []

    init(patience: Int64) {
        self.patience = patience
    }

    var isEmpty: Bool { waiters.isEmpty }

    /// The moment at which the first answer is let go of, come what may.
    var deadline: SteadyTime? { waiters.first?.committedAt.advanced(by: patience) }

    /// Keeps the answer `id` until everybody knows of `revision`.
    mutating func add(_ id: UInt64, revision: UInt64, committedAt: SteadyTime) {
        waiters.append(Waiter(id: id, revision: revision, committedAt: committedAt))
    }

    /// Takes out the answers that nothing speaks against any more: `holdouts` are the revisions of the nodes that may
    /// still answer, as of a question that was sent at `sentAt`.
    mutating func release(sentAt: SteadyTime, holdouts: [UInt64]) -> [UInt64] {
        let least = holdouts.min() ?? .max
        return take { $0.committedAt <= sentAt && $0.revision <= least }
    }

    /// Takes out the answers that have waited long enough.
    mutating func releaseExpired(at now: SteadyTime) -> [UInt64] {
        let patience = patience
        return take { $0.committedAt.advanced(by: patience) <= now }
    }

    private mutating func take(_ isDone: (Waiter) -> Bool) -> [UInt64] {
        let done = waiters.filter(isDone).map(\.id)
        if !done.isEmpty { waiters.removeAll(where: isDone) }
        return done
    }
}
