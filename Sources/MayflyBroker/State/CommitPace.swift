/// Decides how long a commit waits for company.
///
/// A commit costs a tenth of a millisecond of processor time, whatever it holds. On a quick disk it would be over
/// before the next command comes, and a busy broker would pay that for every second token. So while commands come in
/// quick succession a commit waits a little for more of them: longer the more that brings. A command that comes alone
/// never waits.
struct CommitPace {
    /// Nanoseconds that a command waits for others at most.
    static let window: Int64 = 2_000_000
    /// Commands with which a commit waits no longer.
    static let enough = 32
    /// Nanoseconds between commands at which waiting half of the window is worth it, and all of it.
    private static let quick: Int64 = 500_000
    private static let veryQuick: Int64 = 110_000
    /// Nanoseconds over which arrivals are counted at least.
    private static let span: Int64 = 5_000_000

    private var arrivals: Int64 = 0
    /// When counting began: steady nanoseconds.
    private var began: Int64
    /// What a command waits at the present rate.
    private var patience: Int64 = 0

    init(now: Int64) {
        began = now
    }

    /// Counts one command.
    mutating func arrived() {
        arrivals += 1
    }

    /// Nanoseconds to wait, at steady time `now`, with `count` commands at hand, the first of which came at `oldest`; 0
    /// to begin at once.
    ///
    /// What that one has waited for the commit before counts, so a slow one is not followed by a pause.
    mutating func wait(count: Int, oldest: Int64, now: Int64) -> Int64 {
        let elapsed = max(0, now - began)
        if elapsed >= Self.span {
            let distance = elapsed / max(1, arrivals)
            patience = distance <= Self.veryQuick ? Self.window : distance <= Self.quick ? Self.window / 2 : 0
            (arrivals, began) = (0, now)
        }
        return count < Self.enough ? max(0, patience - max(0, now - oldest)) : 0
    }
}
