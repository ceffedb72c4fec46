import Dispatch
import Glibc
import MayflyBroker
import Synchronization

/// Removes what has expired and looks after the clock, reviews and end dates, on a thread of its own, in steps between
/// which everybody else has a turn.
final class ExpiryCleaner: Sendable {
    /// Milliseconds between two rounds; a round goes on until there is nothing to do.
    private static let interval = 1000
    /// Microseconds of rest after a step.
    private static let rest: useconds_t = 3000

    private let queue = DispatchQueue(label: "mayfly.cleaner", qos: .utility)
    private let isStopped = Atomic(false)
    private let broker: Broker
    private let log: StandardErrorLog

    init(_ broker: Broker, _ log: StandardErrorLog) {
        self.broker = broker
        self.log = log
    }

    func start() {
        queue.asyncAfter(deadline: .now() + .milliseconds(Self.interval)) { [weak self] in self?.round() }
    }

    /// Returns when the step that is under way is done; there is none after it.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        queue.sync {}
    }

    private func round() {
        do throws(StoreError) {
            var watched: ContinuousClock.Instant?
            while !isStopped.load(ordering: .relaxed) {
                // A round can go on for long, and dates come meanwhile.
                let now = ContinuousClock.now
                if watched.map({ now - $0 >= .milliseconds(Self.interval) }) ?? true {
                    broker.watchClock()
                    broker.watchLifecycles()
                    watched = now
                }
                guard try broker.removeExpired() else { break }
                usleep(Self.rest)
            }
        } catch {
            log.note(.cleanUpFailed(error))
        }
        if !isStopped.load(ordering: .relaxed) { start() }
    }
}
