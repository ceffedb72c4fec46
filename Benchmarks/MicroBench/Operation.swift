internal import CAllocations
internal import Glibc

/// One operation that is measured over and over.
struct Operation {
    struct Result {
        /// Allocated blocks per operation.
        let allocations: Double
        let nanoseconds: Double
    }

    let name: String
    /// Runs it once, with all of its effects kept alive.
    let body: () -> Void

    private static let warmUp = 256
    private static let count = 4096

    func measure() -> Result {
        for _ in 0..<Self.warmUp { body() }
        let start = Self.now()
        let before = mayfly_allocations()
        for _ in 0..<Self.count { body() }
        let blocks = mayfly_allocations() - before
        let time = Self.now() - start
        return Result(
            allocations: Double(blocks) / Double(Self.count), nanoseconds: time / Double(Self.count))
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

/// Keeps the optimizer from leaving out what computes `value`.
@inline(never) func keep<Value>(_ value: Value) {
    withExtendedLifetime(value) {}
}
