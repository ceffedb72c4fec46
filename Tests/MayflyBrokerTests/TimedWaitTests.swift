import Dispatch
@testable import MayflyBroker
import Testing

/// What a commit waits with for more commands.
@Suite struct TimedWaitTests {
    @Test func aWaitThatNobodyEndsEndsByItself() {
        let start = ContinuousClock.now
        TimedWait().wait(nanoseconds: 2_000_000)
        #expect(ContinuousClock.now - start >= .milliseconds(2))
    }

    @Test(arguments: [0, -1, Int64.min]) func noTimeIsNoWait(_ nanoseconds: Int64) {
        TimedWait().wait(nanoseconds: nanoseconds)
    }

    @Test func whoEndsItBeforeItBeginsEndsTheNextOneAndNoMore() {
        let wait = TimedWait()
        wait.end()
        wait.end()
        // An hour: a wait that is not ended hangs the test.
        wait.wait(nanoseconds: 3_600_000_000_000)
        let start = ContinuousClock.now
        wait.wait(nanoseconds: 2_000_000)
        #expect(ContinuousClock.now - start >= .milliseconds(2))
    }

    @Test func anotherThreadEndsIt() {
        let wait = TimedWait()
        for _ in 0..<1000 {
            DispatchQueue.global().async { wait.end() }
            wait.wait(nanoseconds: 3_600_000_000_000)
        }
    }
}
