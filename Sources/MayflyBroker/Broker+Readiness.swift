extension Broker {
    /// Succeeds when the clock can be trusted and the store answers; throws `.unavailable` otherwise.
    package func readiness() throws(BrokerError) {
        _ = try clock.trusted()
        do {
            let head = try store.head()
            guard head.ledgerSize >= writer.head.ledgerSize else { throw BrokerError.unavailable(.storeFailed) }
        } catch {
            throw .unavailable(.storeFailed)
        }
    }
}
