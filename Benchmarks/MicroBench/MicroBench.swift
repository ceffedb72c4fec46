internal import CAllocations
internal import Glibc

/// Counts allocations of single operations, and fails past the recorded limits; time is only reported.
///
/// usage: `mayfly-bench-micro LIMITS [--record]`
@main enum MicroBench {
    /// An array grows now and then; a twentieth of an allocation per operation is not a change.
    private static let tolerance = 0.05

    /// Exit status: 0 within the limits, 1 past one, 2 when something could not be measured.
    static func main() {
        do throws(MicroError) {
            exit(try run(Array(CommandLine.arguments.dropFirst())) ? 0 : 1)
        } catch {
            print("bench-micro: \(error.description)")
            exit(2)
        }
    }

    private static func run(_ arguments: [String]) throws(MicroError) -> Bool {
        guard let path = arguments.first, arguments.dropFirst().allSatisfy({ $0 == "--record" }) else {
            throw MicroError("usage: mayfly-bench-micro LIMITS [--record]")
        }
        guard mayfly_allocations_are_counted() != 0 else {
            throw MicroError("allocations are not counted here; is this glibc, and no sanitizer?")
        }
        let results = try Operation.all().map { ($0.name, $0.measure()) }
        if arguments.count > 1 {
            try AllocationLimits(results.map { ($0.0, Int(($0.1.allocations - tolerance).rounded(.up))) }).write(
                to: path)
        }
        let limits = try AllocationLimits(path: path)
        var isWithin = true
        print(column("operation", 18) + column("allocations", 13) + column("limit", 7) + column("ns", 9) + "verdict")
        for (name, result) in results {
            let limit = limits[name]
            let isReached = limit.map { result.allocations <= Double($0) + tolerance } ?? false
            isWithin = isWithin && isReached
            print(
                column(name, 18) + column("\((result.allocations * 100).rounded() / 100)", 13)
                    + column(limit.map(String.init) ?? "none", 7) + column("\(Int(result.nanoseconds))", 9)
                    + (isReached ? "within" : "PAST"))
        }
        for name in limits.names where !results.contains(where: { $0.0 == name }) {
            throw MicroError("\(path) has a limit for '\(name)', which is not measured")
        }
        return isWithin
    }

    private static func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.utf8.count, 1))
    }
}

/// Why nothing could be measured.
struct MicroError: Error {
    let description: String

    init(_ description: String) { self.description = description }
}
