package import MayflyModel

/// Looks at what was written into the ledger, once it is durable and before its callers are answered.
///
/// Called on the writer's thread, a commit at a time and in the ledger's order: whatever it does, every request that
/// waits for a commit waits for. What it wants written itself it submits as a command of its own.
package protocol LedgerObserver: Sendable {
    /// `events` are those of one commit, command by command.
    func committed(_ events: [[LedgerEvent]], at now: Timestamp)

    /// Another broker of the store has committed something that is to be told to others.
    func tookIn()
}

extension LedgerObserver {
    package func tookIn() {}
}
