import MayflyModel
import Synchronization

/// Removes what has expired from memory and from the store, a bounded step at a time.
///
/// Memory forgets as soon as the broker's time has passed a record's end: that time never runs back while the process
/// lives. The store forgets only what expired before the latest moment that is written down, because the next start
/// takes up time from there: with a wall clock that was set back it could come to a moment at which a forgotten
/// assertion is good again. A broker that writes no entries therefore writes the time down once for each round.
final class Expiry: Sendable {
    /// Records other than marks that one step takes out of memory: some ten microseconds under the state's lock.
    static let memoryStep = 32
    /// Records that one step takes out of the store, in a transaction that a commit may have to wait for.
    static let storeStep = 200
    /// Milliseconds by which the time that is written down may lag before it is written for its own sake.
    private static let patience: Int64 = 1000

    private struct Round {
        /// When something was last forgotten that the store may still hold for lack of written time.
        var forgottenAt: Timestamp?
        /// Whether the time is on its way to the store.
        var isWriting = false
    }

    private let state: BrokerState
    private let store: any Store
    private let clock: BrokerClock
    private let writer: Writer
    private let round = Mutex(Round())

    init(state: BrokerState, store: any Store, clock: BrokerClock, writer: Writer) {
        self.state = state
        self.store = store
        self.clock = clock
        self.writer = writer
    }

    /// Takes one step; answers whether there is more to do.
    ///
    /// Of several brokers one is to clean up `inStore`.
    func step(inStore: Bool = true) throws(StoreError) -> Bool {
        let now = clock.now()
        let forgotten = state.forgetExpired(at: now, limit: Self.memoryStep)
        guard inStore else { return forgotten.isMore }
        let written = writer.writtenTime
        let isWaiting = round.withLock { round -> (any: Bool, asks: Bool) in
            if forgotten.count > 0 { round.forgottenAt = now }
            if let moment = round.forgottenAt, written >= moment { round.forgottenAt = nil }
            let lags = now.milliseconds - written.milliseconds >= Self.patience
            guard round.forgottenAt != nil, lags else { return (false, false) }
            defer { round.isWriting = true }
            return (true, !round.isWriting)
        }
        if isWaiting.asks {
            writer.submit(LastTimeCommand()) { _ in self.round.withLock { $0.isWriting = false } }
        }
        let removed = try store.removeExpired(at: min(now, written), limit: Self.storeStep)
        return forgotten.isMore || isWaiting.any || removed >= Self.storeStep
    }
}

/// Writes down what time it is.
struct LastTimeCommand: Command {
    static let concernsNobodyElse = true

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        Decided((), changes: [.lastTime(moment.now)])
    }
}
