internal import Glibc
internal import Synchronization

/// What was tried and what held, counted over all rounds, and every promise that was broken.
final class Report: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        var broken: [String] = []
        var round = "start"
    }

    private let state = Mutex(State())
    private let isQuiet: Bool

    /// `isQuiet` for a run whose promises are broken on purpose.
    init(isQuiet: Bool = false) { self.isQuiet = isQuiet }

    /// Names the round that what follows belongs to.
    func begin(_ round: String) { state.withLock { $0.round = round } }

    func count(_ name: String, _ amount: Int = 1) {
        state.withLock { $0.counts[name, default: 0] += amount }
    }

    /// Records a broken promise; the text holds ids only, never a token.
    func broken(_ text: String) {
        let line = state.withLock { state -> String in
            let line = "\(state.round): \(text)"
            state.broken.append(line)
            return line
        }
        if !isQuiet { say("BROKEN \(line)") }
    }

    func expect(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds { broken(text()) }
    }

    var brokenCount: Int { state.withLock { $0.broken.count } }

    subscript(name: String) -> Int { state.withLock { $0.counts[name] ?? 0 } }

    /// Counts by name, one a line.
    var summary: String {
        state.withLock { state in
            state.counts.sorted { $0.key < $1.key }
                .map { "  \($0.key)\(String(repeating: " ", count: max(1, 44 - $0.key.count)))\($0.value)" }
                .joined(separator: "\n")
        }
    }
}

/// Prints a line at once, also into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
