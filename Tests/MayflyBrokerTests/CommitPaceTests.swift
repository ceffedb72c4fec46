@testable import MayflyBroker
import Testing

/// A commit waits for company only where company comes.
@Suite struct CommitPaceTests {
    private static let millisecond: Int64 = 1_000_000

    @Test func aCommandThatComesAloneNeverWaits() {
        var pace = CommitPace(now: 0)
        for second in 0..<100 as Range<Int64> {
            pace.arrived()
            #expect(
                pace.wait(count: 1, oldest: second * 1000 * Self.millisecond, now: second * 1000 * Self.millisecond)
                    == 0)
        }
    }

    /// Commands in a millisecond, and the share of the window that a commit then waits.
    @Test(arguments: [(1, 0), (3, 2), (8, 2), (10, 1), (30, 1)] as [(Int64, Int64)])
    func whileCommandsComeQuicklyACommitWaitsForThem(_ rate: Int64, _ divisor: Int64) {
        var pace = CommitPace(now: 0)
        for step in 1...(10 * rate) {
            pace.arrived()
            _ = pace.wait(count: 1, oldest: 0, now: step * Self.millisecond / rate)
        }
        let now = 11 * Self.millisecond
        let expected = divisor == 0 ? 0 : CommitPace.window / divisor
        #expect(pace.wait(count: 1, oldest: now, now: now) == expected)
        #expect(pace.wait(count: CommitPace.enough - 1, oldest: now, now: now) == expected)
        #expect(pace.wait(count: CommitPace.enough, oldest: now, now: now) == 0)
    }

    /// Part of the window that the first command has waited already, and the part that it still waits.
    @Test(arguments: [(0, 4), (1, 3), (4, 0), (9, 0)] as [(Int64, Int64)])
    func whatACommandHasWaitedForTheCommitBeforeCounts(_ waited: Int64, _ left: Int64) {
        var pace = CommitPace(now: 0)
        for step in 1...200 as ClosedRange<Int64> {
            pace.arrived()
            _ = pace.wait(count: 1, oldest: 0, now: step * Self.millisecond / 20)
        }
        let now = 11 * Self.millisecond
        let quarter = CommitPace.window / 4
        #expect(pace.wait(count: 1, oldest: now - waited * quarter, now: now) == left * quarter)
        #expect(pace.wait(count: 1, oldest: now + quarter, now: now) == CommitPace.window)
    }

    @Test func theFirstCommandAfterARestDoesNotWait() {
        var pace = CommitPace(now: 0)
        for step in 1...500 as ClosedRange<Int64> {
            pace.arrived()
            _ = pace.wait(count: 1, oldest: 0, now: step * Self.millisecond / 10)
        }
        pace.arrived()
        #expect(pace.wait(count: 1, oldest: 1000 * Self.millisecond, now: 1000 * Self.millisecond) == 0)
    }

    @Test func aClockThatStandsStillOrRunsBackDoesNoHarm() {
        var pace = CommitPace(now: Self.millisecond)
        for now in [Self.millisecond, 0, -5, Int64.min / 4] {
            pace.arrived()
            #expect(pace.wait(count: 1, oldest: 0, now: now) == 0)
        }
    }
}
