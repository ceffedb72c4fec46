package import MayflyBroker
internal import Synchronization

/// Takes one route's notices to their place, in the ledger's order, on a thread of its own.
///
/// A letter is tried again, after ever longer pauses, until it is taken or refused or its time is over; the ones after
/// it wait. A receiver may see a letter twice, by the same id: when the broker ends after a delivery and before that is
/// written down.
package final class NoticeCourier: Sendable {
    /// The time that one attempt may take, in milliseconds.
    package static let attemptTime = 10_000
    /// Notices that are looked up together.
    static let pageSize = 64

    /// Pauses between attempts, in milliseconds: each is twice the one before, up to a longest.
    package struct Patience: Sendable {
        package var first: Int32 = 1000
        package var longest: Int32 = 300_000

        package init() {}

        package init(first: Int32, longest: Int32) {
            (self.first, self.longest) = (max(1, first), max(1, longest))
        }

        /// The pause after so many failures in a row, 1 or more.
        package func pause(after failures: Int) -> Int32 {
            let doubled = Int64(first) << Int64(min(max(failures, 1) - 1, 20))
            return Int32(clamping: min(doubled, Int64(longest)))
        }
    }

    package let route: NoticeRoute
    private let desk: NoticeDesk
    private let transport: any NoticeTransport
    private let patience: Patience
    private let wakeUp: WakeUp
    private let isStopping = Atomic(false)
    private let thread = Mutex<BackgroundThread?>(nil)

    /// Starts the thread.
    package init(
        _ route: NoticeRoute, desk: NoticeDesk, transport: any NoticeTransport, patience: Patience = Patience()
    ) throws(HTTPServerError) {
        self.route = route
        self.desk = desk
        self.transport = transport
        self.patience = patience
        wakeUp = try WakeUp()
        let thread = try BackgroundThread { [self] in run() }
        self.thread.withLock { $0 = thread }
        desk.listen { [wakeUp] in wakeUp.signal() }
    }

    /// Ends an attempt that is under way, and begins no other; `stop` then has less to wait for.
    package func cancel() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        transport.cancel()
        wakeUp.signal()
    }

    /// Ends the thread, and an attempt that is under way with it; what was not taken stays for the next start.
    package func stop() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        cancel()
        _ = thread.wait(within: .seconds(3))
    }

    private func run() {
        while !isStopping.load(ordering: .acquiring) {
            let page = desk.page(for: route, limit: Self.pageSize)
            guard !page.isEmpty else {
                // Whoever writes a notice signals; the limit is for what was written while the signal was on its way.
                wakeUp.wait(milliseconds: 60_000)
                continue
            }
            for notice in page {
                guard let outcome = outcome(of: notice) else { break }
                settle(notice, outcome)
            }
        }
    }

    /// What becomes of a notice in the end; nil when the thread is to end first, or another broker of the store tells
    /// it.
    private func outcome(of notice: Notice) -> NoticeDesk.Outcome? {
        var failures = 0
        while !isStopping.load(ordering: .acquiring), desk.isOnDuty {
            guard !desk.isOverdue(notice, for: route) else { return .expired }
            switch attempt(notice) {
            case .taken: return .delivered
            case .refused: return .refused
            case .failed: failures += 1
            }
            rest(for: patience.pause(after: failures))
        }
        return nil
    }

    private func attempt(_ notice: Notice) -> NoticeReception {
        // An entry that cannot be read now is no reason to forget it.
        guard let letter = try? desk.letter(for: notice) else { return .failed }
        return transport.deliver(letter, at: desk.now, milliseconds: Self.attemptTime)
    }

    /// Waits, whatever else is written meanwhile.
    private func rest(for milliseconds: Int32) {
        let end = ContinuousClock.now + .milliseconds(Int(milliseconds))
        while !isStopping.load(ordering: .acquiring) {
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard left > 0 else { return }
            wakeUp.wait(milliseconds: Int32(min(left.rounded(.up), 60_000)))
        }
    }

    /// Returns when the outcome is written down, or when the thread is to end.
    ///
    /// Until then the notice is not taken up again: a full disk must not make one delivery many.
    private func settle(_ notice: Notice, _ outcome: NoticeDesk.Outcome) {
        var failures = 0
        while !isStopping.load(ordering: .acquiring) {
            let answer = Answer()
            desk.settle(notice, for: route, as: outcome) { [wakeUp] isWritten in
                answer.give(isWritten)
                wakeUp.signal()
            }
            while answer.given == nil { wakeUp.wait(milliseconds: 1000) }
            if answer.given == true { return }
            failures += 1
            rest(for: patience.pause(after: failures))
        }
    }

    private final class Answer: Sendable {
        private let value = Mutex<Bool?>(nil)

        var given: Bool? { value.withLock { $0 } }
        func give(_ answer: Bool) { value.withLock { $0 = answer } }
    }
}
