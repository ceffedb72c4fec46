/// A moment of a clock that nobody sets and that does not stand still while the machine sleeps.
///
/// It counts from some moment before the process began to use it, and means nothing to another process.
package struct SteadyTime: Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    private static let origin = ContinuousClock.now

    package static func now() -> SteadyTime {
        let (seconds, attoseconds) = origin.duration(to: .now).components
        return SteadyTime(nanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }

    /// The end of time where it would lie beyond.
    package func advanced(by nanoseconds: Int64) -> SteadyTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return SteadyTime(nanoseconds: overflow ? .max : sum)
    }

    package static func < (left: SteadyTime, right: SteadyTime) -> Bool { left.nanoseconds < right.nanoseconds }
}
