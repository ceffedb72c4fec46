import Synchronization

/// Tells the operator when the wall clock has gone back so far that nothing is minted, and when it is right again.
final class ClockWatch: Sendable {
    private let clock: BrokerClock
    private let log: any BrokerLog
    private let wentBack = Atomic<Bool>(false)

    init(clock: BrokerClock, log: any BrokerLog) {
        (self.clock, self.log) = (clock, log)
    }

    /// Looks once; only one thread at a time may call it.
    func step() {
        let isBack = (try? clock.trusted()) == nil
        guard wentBack.exchange(isBack, ordering: .relaxed) != isBack else { return }
        log.note(isBack ? .clockWentBack : .clockCaughtUp)
    }
}
