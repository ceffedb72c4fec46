/// How long a node may answer from memory without having heard from the store, and how long others wait for it.
package struct LeaseTerms: Equatable, Sendable {
    package let milliseconds: Int64
    /// Nanoseconds for which a node answers after it asked for its lease, by its own clock.
    package let length: Int64

    package static let defaultMilliseconds: Int64 = 2000
    /// Milliseconds that may be configured: a shorter one would not outlast a slow commit.
    package static let range: ClosedRange<Int64> = 500...60_000

    /// `milliseconds` is brought into the range that may be configured.
    package init(milliseconds: Int64 = LeaseTerms.defaultMilliseconds) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
        length = self.milliseconds * 1_000_000
    }

    /// Nanoseconds after which others take a lease to have run out, by their own clocks.
    ///
    /// A tenth longer: two clocks may run at rates that differ by that much, which is 4 % of drift for each.
    package var patience: Int64 { length / 10 * 11 }

    /// Nanoseconds between two renewals: three may fail.
    package var renewal: Int64 { length / 4 }

    /// Nanoseconds between two attempts while the store does not answer.
    package var retry: Int64 { length / 20 }
}
