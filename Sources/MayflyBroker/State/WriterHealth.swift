import MayflyModel
import Synchronization

/// Whether the writer's last commit reached the disk, and when to try again while it did not.
final class WriterHealth: Sendable {
    /// Milliseconds between two attempts to write while nothing else is written.
    static let probeInterval: Int64 = 1000

    private struct State {
        var isFailing = false
        var lastProbe: Timestamp?
        var hasSaidReopen = false
    }

    private let state = Mutex(State())

    /// True from a commit that failed to the next one that succeeds.
    var isFailing: Bool { state.withLock { $0.isFailing } }

    func failed() {
        state.withLock { $0.isFailing = true }
    }

    func succeeded() {
        state.withLock {
            $0.isFailing = false
            $0.lastProbe = nil
        }
    }

    /// True while commits fail, and at most once in `probeInterval`: the caller then tries to write.
    func takesProbe(at now: Timestamp) -> Bool {
        state.withLock { state in
            guard state.isFailing else { return false }
            if let last = state.lastProbe, now.milliseconds - last.milliseconds < Self.probeInterval { return false }
            state.lastProbe = now
            return true
        }
    }

    /// True the first time: the operator is told once that only a restart helps.
    func takesReopenNotice() -> Bool {
        state.withLock { state in
            defer { state.hasSaidReopen = true }
            return !state.hasSaidReopen
        }
    }
}
