@testable import MayflyBroker

/// The store that all nodes share: the newest revision, and a row of each node.
struct SimulatedDatabase {
    let broken: BrokenRule?
    private(set) var revision: UInt64 = 1
    private(set) var rows: [ClusterMemberRow] = []
    private var durable: [ClusterMemberRow] = []
    private var count: Int64 = 0

    init(broken: BrokenRule?) { self.broken = broken }

    mutating func commit() -> UInt64 {
        revision += 1
        durable = rows
        return revision
    }

    mutating func join(_ session: Int64, holding applied: UInt64) {
        let known = index(session)
        let row = ClusterMemberRow(
            session: session, name: "", address: "", renewals: nextCount(after: known.map { rows[$0].renewals }),
            applied: applied)
        if let known { rows[known] = row } else { rows.append(row) }
        flush()
    }

    /// Answers whether it knows the node.
    mutating func renew(_ session: Int64, holding applied: UInt64) -> Bool {
        guard let known = index(session) else { return false }
        let row = rows[known]
        rows[known] = ClusterMemberRow(
            session: session, name: "", address: "", renewals: nextCount(after: row.renewals),
            applied: max(row.applied, applied))
        flush()
        return true
    }

    mutating func acknowledge(_ session: Int64, _ applied: UInt64) {
        guard let known = index(session) else { return }
        let row = rows[known]
        rows[known] = ClusterMemberRow(
            session: session, name: "", address: "", renewals: row.renewals, applied: max(row.applied, applied))
    }

    /// Takes out `row` if its node has not said anything since it was read.
    mutating func remove(_ row: ClusterMemberRow) {
        rows.removeAll {
            $0.session == row.session && ($0.renewals == row.renewals || broken == .removedAsSeen)
        }
    }

    /// Takes out the row of a node that said goodbye.
    mutating func remove(_ session: Int64) {
        rows.removeAll { $0.session == session }
    }

    /// Ends and begins anew, without what it had not written to its disk: what nodes said of their memories.
    mutating func crash() {
        rows = durable
    }

    private mutating func flush() {
        if broken != .durableRows { durable = rows }
    }

    private mutating func nextCount(after known: Int64?) -> Int64 {
        if broken == .countsNeverRepeat { return (known ?? 0) + 1 }
        count += 1
        return count
    }

    private func index(_ session: Int64) -> Int? { rows.firstIndex { $0.session == session } }
}
