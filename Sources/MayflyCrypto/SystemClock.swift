internal import Glibc
package import MayflyModel

/// The system's wall clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        // It fails for a clock that does not exist only, and this one does.
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return Timestamp(milliseconds: 0) }
        return Timestamp(milliseconds: Self.milliseconds(time))
    }

    package func elapsed() -> Int64 {
        var time = timespec()
        // Counts on through suspension, as tokens do.
        guard unsafe clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return 0 }
        return Self.milliseconds(time)
    }

    private static func milliseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
