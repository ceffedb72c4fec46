internal import Glibc

/// The clocks that measurements use.
enum Moment {
    /// Seconds on the steady clock.
    static func now() -> Double { read(CLOCK_MONOTONIC) }

    /// Whole seconds since 1970.
    static func wall() -> Int64 { Int64(read(CLOCK_REALTIME)) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
