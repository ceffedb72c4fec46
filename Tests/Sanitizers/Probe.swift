import Glibc
import Synchronization

/// Shows that the thread sanitizer sees what it should: `probe guarded` has no race, `probe bare` has one.
///
/// Both count under one contended Mutex; `bare` also counts beside it.
@main
enum Probe {
    /// Not safe to share, on purpose.
    final class Counters: @unchecked Sendable {
        let guarded = Mutex([0])
        var bare = 0
    }

    static let counters = Counters()
    static let isBare = CommandLine.arguments.contains("bare")
    static let rounds = 50_000

    static func main() {
        var threads: [pthread_t] = []
        for _ in 0..<4 {
            var thread = pthread_t()
            let status = pthread_create(&thread, nil, { _ in Probe.count() }, nil)
            precondition(status == 0, "a thread starts")
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        precondition(counters.guarded.withLock { $0[0] } == 4 * rounds, "a Mutex lets one thread in at a time")
    }

    static func count() -> UnsafeMutableRawPointer? {
        for round in 0..<rounds {
            if isBare { counters.bare += 1 }
            guard round % 8 == 0, counters.guarded.withLockIfAvailable({ $0[0] += 1 }) != nil else {
                counters.guarded.withLock { $0[0] += 1 }
                continue
            }
        }
        return nil
    }
}
