@testable import MayflyBroker
import Testing

/// What waits for the writer, and for how long, by a clock of the test's own.
@Suite struct PendingCommandsTests {
    private static let millisecond: Int64 = 1_000_000

    private static let job = Writer.Job(
        concernsNobodyElse: true, run: { _, _ in (events: [], finish: { _ in }) }, refuse: { _ in })

    /// Twenty commands in each millisecond up to `now`, all taken, so that the next ones wait the whole window.
    private func busy(until now: Int64) -> Writer.Pending {
        var pending = Writer.Pending(now: 0)
        for step in 1...(20 * now / Self.millisecond) {
            let time = step * Self.millisecond / 20
            pending.add(Self.job, now: time)
            _ = pending.gather(now: time)
            _ = pending.takeBatch()
        }
        return pending
    }

    @Test func timeSpentBehindASlowCommitCountsFromTheFirstCommandOn() {
        let start = 20 * Self.millisecond
        var pending = busy(until: start)
        pending.add(Self.job, now: start)
        pending.add(Self.job, now: start + Self.millisecond)
        #expect(pending.gather(now: start) == CommitPace.window)
        #expect(pending.gather(now: start + Self.millisecond) == CommitPace.window - Self.millisecond)
        #expect(pending.gather(now: start + CommitPace.window) == 0)
    }

    @Test func theNextCommitsCommandsWaitForThemselves() {
        let start = 20 * Self.millisecond
        var pending = busy(until: start)
        pending.add(Self.job, now: start)
        #expect(pending.takeBatch().count == 1)
        pending.add(Self.job, now: start + 4 * Self.millisecond)
        #expect(pending.gather(now: start + 4 * Self.millisecond) == CommitPace.window)
    }

    @Test func whatDidNotFitIntoACommitWaitsNoLonger() {
        let start = 20 * Self.millisecond
        var pending = busy(until: start)
        for _ in 0..<(Writer.maximumBatch + 1) { pending.add(Self.job, now: start) }
        #expect(pending.takeBatch().count == Writer.maximumBatch)
        #expect(pending.gather(now: start + CommitPace.window) == 0)
        #expect(pending.takeBatch().count == 1)
    }

    @Test func aStopWaitsForNobody() {
        let start = 20 * Self.millisecond
        var pending = busy(until: start)
        pending.add(Self.job, now: start)
        pending.isStopped = true
        #expect(pending.gather(now: start) == 0)
    }
}
