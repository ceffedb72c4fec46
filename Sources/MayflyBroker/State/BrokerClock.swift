package import MayflyModel
import Synchronization

/// Time that never runs back and never stands still, whatever is done to the system's clock.
///
/// When the wall clock steps back, time goes on from the latest moment that was seen, by the steady clock: expired
/// tokens stay expired, the living ones die when they should, and ledger times do not fall. After a small step it goes
/// on at half speed until the wall clock has caught up. After a large one nothing is minted until then.
package final class BrokerClock: Sendable {
    /// Milliseconds that the wall clock may fall behind before nothing is minted any more; time servers slew less.
    package static let tolerance: Int64 = 5_000

    private struct Reading {
        /// The last moment at which the wall clock was not behind.
        var base: Timestamp
        /// The steady clock at that moment.
        var mark: Int64
        /// The latest answer.
        var latest: Timestamp
    }

    private let wall: any WallClock
    private let reading: Mutex<Reading>
    /// The latest answer, in milliseconds, when the wall clock itself was the answer; at first nothing.
    private let current = Atomic<Int64>(Int64.min)

    /// `floor` is the latest moment that the store has written down.
    package init(wall: any WallClock, floor: Timestamp) {
        self.wall = wall
        reading = Mutex(Reading(base: floor, mark: wall.elapsed(), latest: floor))
    }

    /// The time, never smaller than an earlier answer or the floor.
    package func now() -> Timestamp {
        // Within the millisecond of the last answer there is nothing to work out and nothing to wait for.
        let wallTime = wall.now()
        if wallTime.milliseconds == current.load(ordering: .relaxed) { return wallTime }
        return read().now
    }

    /// `now`, or an error when the wall clock is behind it by more than the tolerance.
    package func trusted() throws(BrokerError) -> Timestamp {
        let (now, behind) = read()
        guard behind <= Self.tolerance else { throw .unavailable(.clockWentBack) }
        return now
    }

    /// Whether the wall clock is within the tolerance of another clock that has just been read.
    package func agrees(with other: Timestamp) -> Bool {
        let (difference, overflow) = wall.now().milliseconds.subtractingReportingOverflow(other.milliseconds)
        return !overflow && difference.magnitude <= UInt64(Self.tolerance)
    }

    /// Goes on from `time`, which another broker of the same store has written down, if that is later.
    func follow(_ time: Timestamp) {
        let steady = wall.elapsed()
        reading.withLock { reading in
            guard time > reading.latest else { return }
            (reading.base, reading.mark, reading.latest) = (time, steady, time)
            current.store(Int64.min, ordering: .relaxed)
        }
    }

    /// The time, and the milliseconds by which the wall clock is behind it.
    private func read() -> (now: Timestamp, behind: Int64) {
        let wallTime = wall.now()
        let steady = wall.elapsed()
        return reading.withLock { reading in
            let passed = max(0, steady &- reading.mark)
            let carried = reading.base.milliseconds.addingReportingOverflow(passed).partialValue
            let behind = carried &- wallTime.milliseconds
            if behind <= 0 {
                reading.base = wallTime
                reading.mark = steady
                reading.latest = max(reading.latest, wallTime)
            } else {
                let step = behind <= Self.tolerance ? passed / 2 : passed
                let moved = Timestamp(
                    milliseconds: reading.base.milliseconds.addingReportingOverflow(step).partialValue)
                reading.latest = max(reading.latest, moved, wallTime)
            }
            current.store(
                reading.latest == wallTime ? wallTime.milliseconds : Int64.min, ordering: .relaxed)
            return (reading.latest, reading.latest.milliseconds &- wallTime.milliseconds)
        }
    }
}
