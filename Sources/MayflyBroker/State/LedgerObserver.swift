package import MayflyModel

/// Looks at what was written into the ledger, once it is durable and before its callers are answered.
///
/// Called on the writer's thread, a commit at a time and in the ledger's order: whatever it does, every request that
/// waits for a commit waits for. What it wants written itself it submits as a command of its own.
package protocol LedgerObserver: AnyObject, Sendable {
    /// `events` are those of one commit, command by command.
    func committed(_ events: [[LedgerEvent]], at now: Timestamp)

    /// Another broker of the store has committed something that is to be told to others.
    func tookIn()
}

extension LedgerObserver {
    package func tookIn() {}
}

/// Observers in the order in which they came.
///
/// It keeps none of them alive: they hold the writer that tells them, and a broker that nobody stops, because it never
/// got as far as to serve, would otherwise hold its store for as long as the process lives.
struct LedgerObservers: Sendable {
    private struct Place {
        weak let observer: (any LedgerObserver)?
    }

    private var places: [Place] = []

    var isEmpty: Bool { places.isEmpty }

    /// Calls `body` with each one that is still there.
    func forEach(_ body: (any LedgerObserver) -> Void) {
        for place in places {
            if let observer = place.observer { body(observer) }
        }
    }

    mutating func add(_ observer: any LedgerObserver) {
        places.append(Place(observer: observer))
    }

    mutating func removeAll() {
        places = []
    }
}
