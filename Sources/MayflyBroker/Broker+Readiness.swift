extension Broker {
    /// Succeeds when the clock can be trusted, the store answers, and the last commit reached it; throws
    /// `.unavailable` otherwise.
    ///
    /// While commits fail, and at most once a second, this queues a small one, so that a broker that nobody asks for
    /// anything finds out by itself that its disk is well again.
    package func readiness() throws(BrokerError) {
        let now = try clock.trusted()
        guard permit.isValid else { throw .unavailable(.noLease) }
        guard keyring.failure(at: now) == nil else { throw .unavailable(.keysFailed) }
        guard !store.mustBeReopened else { throw .unavailable(.storeFailed) }
        guard writer.health.isFailing else {
            // Before the store is asked: what is committed in between is more than this, and no loss.
            let written = writer.head.ledgerSize
            let head: StoreHead
            do {
                head = try store.head()
            } catch {
                metrics.storeFailed(error)
                // From here on the writer asks: a store that does not answer must not hold up the server's threads.
                writer.health.failed()
                throw .unavailable(.storeFailed)
            }
            guard head.ledgerSize >= written else { throw .unavailable(.storeFailed) }
            return
        }
        if writer.health.takesProbe(at: now) {
            writer.submit(NoteCommand(events: [LedgerEvent(.storeResumed, .ok, actor: "broker")])) { _ in }
        }
        throw .unavailable(.storeFailed)
    }

    /// Whether minting should pause because the store does not keep up; revocations and decisions still have room.
    package var isFallingBehind: Bool { writer.isHalfFull }
}
