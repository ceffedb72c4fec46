/// Decides how long a commit waits for company.
///
/// A commit costs a tenth of a millisecond of processor time, whatever it holds. On a quick disk it would be over before
/// the next command comes, and a busy broker would pay that for every second token. So while commands come in quick
/// succession a commit waits a little for more of them. A command that comes alone never waits.
struct CommitPace {
    /// Nanoseconds that a commit waits at most.
    static let window: Int64 = 2_000_000
    /// Commands with which a commit waits no longer.
    static let enough = 32
    /// Commands that must be expected within the window to make waiting worth it.
    private static let leastExpected: Int64 = 4
    /// Nanoseconds over which arrivals are counted at least.
    private static let span: Int64 = 5_000_000

    private var arrivals: Int64 = 0
    /// When counting began: steady nanoseconds.
    private var began: Int64
    private var isBusy = false

    init(now: Int64) {
        began = now
    }

    /// Counts one command.
    mutating func arrived() {
        arrivals += 1
    }

    /// Nanoseconds to wait, at steady time `now`, with `count` commands at hand; 0 to begin at once.
    mutating func wait(count: Int, now: Int64) -> Int64 {
        let elapsed = max(0, now - began)
        if elapsed >= Self.span {
            isBusy = arrivals >= elapsed / Self.window * Self.leastExpected
            (arrivals, began) = (0, now)
        }
        return isBusy && count < Self.enough ? Self.window : 0
    }
}
