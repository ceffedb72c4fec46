@testable import MayflyBroker
import MayflyModel
import Synchronization
import Testing

/// What is said of a clock that goes back: once when it has, and once when it is right again.
@Suite struct ClockWatchTests {
    private final class HeardLog: BrokerLog {
        let notices = Mutex<[BrokerNotice]>([])

        func note(_ notice: BrokerNotice) { notices.withLock { $0.append(notice) } }
    }

    @Test func aStepBackAndItsEndAreSaidOnceEach() {
        let (wall, log) = (TestClock(), HeardLog())
        let watch = ClockWatch(clock: BrokerClock(wall: wall, floor: wall.now()), log: log)
        func heard(after seconds: Int64) -> [BrokerNotice] {
            wall.step(seconds)
            for _ in 0..<3 { watch.step() }
            return log.notices.withLock { notices in
                defer { notices = [] }
                return notices
            }
        }
        #expect(heard(after: 0) == [])
        // A small step is slept through, and one ahead is none.
        #expect(heard(after: -5) == [])
        #expect(heard(after: 5) == [])
        #expect(heard(after: -3600) == [.clockWentBack])
        #expect(heard(after: -3600) == [])
        #expect(heard(after: 7200) == [.clockCaughtUp])
        #expect(heard(after: 86_400) == [])
    }
}
