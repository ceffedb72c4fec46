/// What the store says of one node.
package struct ClusterMemberRow: Equatable, Sendable {
    /// A number that its process drew when it started.
    package let session: Int64
    /// What its operator calls it.
    package let name: String
    /// Where it listens, for people.
    package let address: String
    /// Grows with each renewal of its lease, from a number that is drawn anew for each row: no count ever comes again.
    package let renewals: Int64
    /// How many commits are in its memory.
    package let applied: UInt64

    package init(session: Int64, name: String, address: String, renewals: Int64, applied: UInt64) {
        (self.session, self.name, self.address) = (session, name, address)
        (self.renewals, self.applied) = (renewals, applied)
    }
}

/// Tells, by this node's clock alone, which leases of others have run out.
///
/// A lease that was renewed began before anybody could see the renewal. So a count that has not moved for a lease's
/// length since it was first seen belongs to a lease that is over: the node itself gives up a renewal whose answer
/// comes later than that, and says so in the store before it begins anew.
struct MemberWatch {
    private struct Sight {
        let renewals: Int64
        let firstSeen: SteadyTime
    }

    /// Nanoseconds after which the lease of any node is over for others.
    private let patience: Int64
    private var sights: [Int64: Sight] = [:]

    init(patience: Int64) {
        self.patience = patience
    }

    /// Takes in what the store answered at `receivedAt`.
    mutating func note(_ members: [ClusterMemberRow], receivedAt: SteadyTime) {
        var fresh: [Int64: Sight] = [:]
        for member in members {
            if let sight = sights[member.session], sight.renewals == member.renewals {
                fresh[member.session] = sight
            } else {
                fresh[member.session] = Sight(renewals: member.renewals, firstSeen: receivedAt)
            }
        }
        sights = fresh
    }

    /// Whether the lease of `member` had run out before the question was sent that `note` has the answer to.
    ///
    /// The moment of sending counts, not that of the answer: what the store read lies between the two.
    ///
    /// `times` asks whether it has been over for so many leases.
    func hasLapsed(_ member: ClusterMemberRow, sentAt: SteadyTime, times: Int64 = 1) -> Bool {
        guard let sight = sights[member.session], sight.renewals == member.renewals else { return false }
        let (patience, overflow) = patience.multipliedReportingOverflow(by: times)
        return !overflow && sentAt >= sight.firstSeen.advanced(by: patience)
    }
}
