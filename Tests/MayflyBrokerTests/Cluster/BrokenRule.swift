/// A rule of the protocol that a simulation leaves out, to show that it would be missed.
enum BrokenRule: CaseIterable, Sendable {
    /// A node answers without a lease.
    case lease
    /// A node says that it has a revision when the store names it, and applies it after that.
    case applyBeforeAcknowledging
    /// A renewal counts although its answer came after the lease that it follows on.
    case timelyAnswer
    /// Another's lease is judged at the receipt of the answer, not at the sending of the question.
    case judgedAtSending
    /// A count is taken to be first seen when the question was sent, not when the answer came.
    case seenAtReceipt
    /// An answer is held back from before its commit.
    case heldAfterCommit
    /// A node that lost its lease renews without joining first.
    case joinAfterLoss
    /// A node takes its lease before it has the revision that came with it.
    case caughtUpFirst
    /// Others wait for 0.8 of a lease before they take it to be over.
    case patienceWithOthers
    /// An answer that nobody confirms goes after 0.8 of a lease.
    case patienceWithAll
    /// Nothing is added to a lease for clocks that differ.
    case driftAllowance
    /// A lease begins with the answer.
    case leaseFromAsking
    /// A node is taken out of the list whatever it has said since.
    case removedAsSeen
    /// A node that was taken out of the list counts its renewals from one again.
    case countsNeverRepeat
    /// A crash of the store loses what it has answered to a node that joined or renewed.
    case durableRows
    /// Nodes are configured with leases of different lengths.
    case oneLength
}

extension BrokenRule {
    /// A seed whose schedule shows what the rule is for; changes with the simulation and with the protocol.
    var shownBy: UInt64 {
        switch self {
        case .lease: 20
        case .applyBeforeAcknowledging: 7
        case .timelyAnswer: 668
        case .judgedAtSending: 4033
        case .seenAtReceipt: 669
        case .heldAfterCommit: 48
        case .joinAfterLoss: 760
        case .caughtUpFirst: 20
        case .patienceWithOthers: 36
        case .patienceWithAll: 22
        case .driftAllowance: 839
        case .leaseFromAsking: 2
        case .removedAsSeen: 17729
        case .countsNeverRepeat: 155
        case .durableRows: 2889
        case .oneLength: 20
        }
    }
}
