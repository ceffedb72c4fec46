internal import Glibc
internal import MayflyBroker

/// How long every node's lease is: it stands in the head, and a renewal of another length finds nothing.
///
/// Milliseconds; 0 while there have been no nodes, and less than 0 while leases of that length are waited for.
enum PostgresLease {
    private static func stored(_ connection: PostgresConnection) throws(StoreError) -> Int64 {
        let question = "SELECT lease FROM mayfly_head WHERE id = 1"
        guard let row = try connection.execute([question], by: .now + PostgresWriter.patience).first else {
            throw .damaged
        }
        return try row.integer(0, 0)
    }

    /// Sees to it that all nodes have leases of one length.
    ///
    /// It changes only while no node has a session: then a lease can be left of one that is cut off, and is waited for.
    static func settle(_ terms: LeaseTerms, at place: PostgresPlace) throws(StoreError) {
        let deadline = ContinuousClock.now + PostgresWriter.patience
        let connection = try PostgresConnection(place, name: "mayfly-lease")
        try PostgresSchema.configure(connection, [("lock_timeout", "3000")], by: deadline)
        try PostgresSchema.upgrade(connection, by: deadline)
        try PostgresSchema.verify(connection, by: deadline)
        var end: ContinuousClock.Instant?
        while true {
            guard try stored(connection) != terms.milliseconds else { return }
            if try PostgresLock.take(connection, by: .now + PostgresWriter.patience, waiting: true) { break }
            // Nodes that start at the same time change it one after the other, and the first for all.
            let found = try stored(connection)
            guard found != terms.milliseconds else { return }
            guard found < 0 else { throw found > 0 ? .otherLease(milliseconds: found) : .conflict }
            let last = end ?? .now + PostgresWriter.patience + .nanoseconds(LeaseTerms(milliseconds: -found).patience)
            guard .now < last else { throw .otherLease(milliseconds: -found) }
            end = last
        }
        let current = try stored(connection)
        guard current != terms.milliseconds else { return }
        let old = abs(max(current, -.max))
        if old > 0 {
            try waitForTheLast(of: old, connection)
        }
        try connection.execute(
            ["UPDATE mayfly_head SET lease = \(terms.milliseconds) WHERE id = 1"], by: .now + PostgresWriter.patience)
    }

    /// Waits until no node can hold a lease any more; for a broker that has the store's lock alone, and will answer for
    /// itself.
    static func end(_ connection: PostgresConnection) throws(StoreError) {
        let current = try stored(connection)
        guard current != 0 else { return }
        // One that left by itself has no row, and no lease.
        let rows = try connection.execute(["SELECT count(*) FROM mayfly_node"], by: .now + PostgresWriter.patience)
        guard let count = try rows.first?.integer(0, 0) else { throw .damaged }
        if count > 0 { try waitForTheLast(of: abs(max(current, -.max)), connection) }
        try connection.execute(
            ["DELETE FROM mayfly_node", "UPDATE mayfly_head SET lease = 0 WHERE id = 1"],
            by: .now + PostgresWriter.patience)
    }

    /// First nobody can renew a lease, then the last one runs out; whoever dies in between leaves the number.
    private static func waitForTheLast(of milliseconds: Int64, _ connection: PostgresConnection) throws(StoreError) {
        try connection.execute(
            ["UPDATE mayfly_head SET lease = \(-milliseconds) WHERE id = 1"], by: .now + PostgresWriter.patience)
        usleep(useconds_t(clamping: LeaseTerms(milliseconds: milliseconds).patience / 1000))
    }
}
