internal import MayflyBroker

/// Whether a server passes calls from one session to others: not everything that speaks the protocol does.
enum PostgresNotice {
    static func isThere(
        _ connection: PostgresConnection, by deadline: ContinuousClock.Instant
    ) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try connection.execute(["SELECT pg_notify('mayfly', '')"], by: deadline)
            return true
        } catch {
            if connection.isLost { throw error }
            return false
        }
    }
}
