import MayflyModel
import Synchronization

/// The published state: what is durable, and what every reader sees.
package final class BrokerState: Sendable {
    private let tables: Mutex<Tables>
    private let changes = Atomic<UInt64>(1)

    /// Moves whenever something has changed that a live token's standing may depend on.
    ///
    /// It moves before the change is answered. Read it before looking at the state: what was seen then is at least as
    /// new as this version.
    var version: UInt64 { changes.load(ordering: .acquiring) }

    /// Says that something outside the tables has changed: which keys are published.
    func standingHasChanged() {
        changes.add(1, ordering: .acquiringAndReleasing)
    }
    /// True while the writer's draft shares the rows, which changing them would copy; looked at under the lock.
    private let isDrafting = Atomic(false)

    package init(_ tables: Tables) {
        self.tables = Mutex(tables)
    }

    /// Runs `body` on the state as it is now; `body` only reads, and does nothing slow.
    package func read<Answer: Sendable, Failure: Error>(
        _ body: (borrowing Tables) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try tables.withLock { (tables) throws(Failure) -> Answer in try body(tables) }
    }

    /// A copy to draft on; the writer alone takes one, and lets go of it before it publishes.
    func copy() -> Tables {
        tables.withLock { tables in
            isDrafting.store(true, ordering: .relaxed)
            return tables
        }
    }

    /// Says that the draft is gone.
    func endDraft() {
        isDrafting.store(false, ordering: .releasing)
    }

    func absorb(_ draft: DraftedChanges) {
        tables.withLock { tables in
            let isRevision = draft.revision != tables.revision
            tables.absorb(draft)
            if isRevision { standingHasChanged() }
        }
    }

    /// Forgets expired records: up to `limit` of them, and marks, of which any number goes at once.
    ///
    /// Answers how many went, and whether there is more. While a draft is out only marks go.
    func forgetExpired(at now: Timestamp, limit: Int) -> (count: Int, isMore: Bool) {
        // The marks outlive the lock: giving back their memory takes time by their number.
        let (marks, count, isMore) = tables.withLock { tables in
            let marks = tables.takeExpiredMarks(at: now)
            let isFree = !isDrafting.load(ordering: .acquiring)
            let count = isFree ? tables.forgetExpired(at: now, limit: limit) : 0
            return (marks, count, tables.hasExpired(at: now))
        }
        return (count + (marks?.count ?? 0), isMore)
    }
}
