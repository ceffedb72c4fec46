import Synchronization

/// How often a value fell below each of some bounds, and the sum of all values.
///
/// Values are whole numbers in the unit of the bounds, such as nanoseconds. Observing takes two atomic additions; a
/// reader may see one without the other, which the next reading mends.
package final class Histogram: Sendable {
    /// The most bounds that a histogram has; one more bucket is for what lies above all of them.
    package static let maximumBounds = 19

    /// What a histogram has seen, each bucket with everything that lies below it.
    package struct Reading: Equatable, Sendable {
        /// How many values were at most each bound, and last how many there were.
        package let cumulative: [UInt64]
        package let sum: UInt64

        package var count: UInt64 { cumulative.last ?? 0 }
    }

    /// Ascending; a value that equals a bound belongs to it.
    package let bounds: [UInt64]
    private let buckets: [20 of Atomic<UInt64>] = InlineArray { _ in Atomic(0) }
    private let total = Atomic<UInt64>(0)

    package init(bounds: [UInt64]) {
        precondition(bounds.count <= Self.maximumBounds, "a histogram has 19 bounds at most")
        self.bounds = bounds
    }

    package func observe(_ value: UInt64) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[bucket].wrappingAdd(1, ordering: .relaxed)
        total.wrappingAdd(value, ordering: .relaxed)
    }

    package var reading: Reading {
        var below: UInt64 = 0
        let cumulative = (0...bounds.count).map { bucket in
            below &+= buckets[bucket].load(ordering: .relaxed)
            return below
        }
        return Reading(cumulative: cumulative, sum: total.load(ordering: .relaxed))
    }
}
