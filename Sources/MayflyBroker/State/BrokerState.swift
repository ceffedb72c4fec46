import MayflyModel
import Synchronization

/// The published state: what is durable, and what every reader sees.
package final class BrokerState: Sendable {
    private let tables: Mutex<Tables>

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
        tables.withLock { $0 }
    }

    func absorb(_ changes: DraftedChanges) {
        tables.withLock { $0.absorb(changes) }
    }

    /// Forgets expired records, at most `limit` of a kind.
    func forgetExpired(at now: Timestamp, limit: Int) -> Int {
        tables.withLock { $0.forgetExpired(at: now, limit: limit) }
    }
}
