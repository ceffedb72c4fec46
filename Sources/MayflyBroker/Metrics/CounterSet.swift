import Synchronization

/// One counter for each value of a label, at most 32 of them; counting takes one atomic addition and nothing else.
package struct CounterSet<Label: MetricLabel>: ~Copyable, Sendable {
    private let values: [32 of Atomic<UInt64>]

    package init() {
        precondition(Label.allCases.allSatisfy { (0..<32).contains($0.rawValue) }, "a label has 32 values at most")
        values = InlineArray { _ in Atomic(0) }
    }

    package func add(_ label: Label, _ count: UInt64 = 1) {
        values[label.rawValue].wrappingAdd(count, ordering: .relaxed)
    }

    package subscript(label: Label) -> UInt64 {
        values[label.rawValue].load(ordering: .relaxed)
    }
}
