internal import Glibc

/// Readings of clocks in nanoseconds, for measuring and for spans.
enum MonotonicTime {
    /// Nanoseconds since some moment before the process began; never runs back.
    static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970 by the wall clock.
    static func wall() -> UInt64 { read(CLOCK_REALTIME) }

    /// Nanoseconds for which the process has held a processor.
    static func processorTime() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // It fails for a clock that does not exist only, and these do.
        guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
