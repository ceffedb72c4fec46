import Synchronization

/// The settings in force, which a reload replaces while requests read them.
///
/// A reader costs one atomic load and takes no lock. Every snapshot stays as long as the object does, because a reader
/// may hold it: a reload leaves about a hundred bytes behind.
package final class LiveSettings: Sendable {
    private final class Snapshot: Sendable {
        let settings: BrokerSettings

        init(_ settings: BrokerSettings) {
            self.settings = settings
        }
    }

    private let newest: Atomic<Unmanaged<Snapshot>>
    private let snapshots: Mutex<[Snapshot]>

    package init(_ settings: BrokerSettings) {
        let first = Snapshot(settings)
        newest = Atomic(Unmanaged.passUnretained(first))
        snapshots = Mutex([first])
    }

    /// What holds for a request that begins now; read it once for what must agree with itself.
    package var current: BrokerSettings {
        newest.load(ordering: .acquiring)._withUnsafeGuaranteedRef { $0.settings }
    }

    /// Lets `settings` hold from now on; the issuer stays, since tokens that are out name it.
    package func replace(with settings: BrokerSettings) {
        snapshots.withLock { snapshots in
            var next = settings
            next.issuer = current.issuer
            let snapshot = Snapshot(next)
            snapshots.append(snapshot)
            newest.store(Unmanaged.passUnretained(snapshot), ordering: .releasing)
        }
    }
}
