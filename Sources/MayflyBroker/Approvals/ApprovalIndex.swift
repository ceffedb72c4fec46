import MayflyCrypto
import MayflyModel

/// Finds requests for approval by what they ask for, and counts those that nobody has decided.
///
/// It follows the records one by one, so that a draft and the published state each keep their own.
struct ApprovalIndex: Sendable {
    private struct Place: Sendable {
        let id: ApprovalID
        let createdAt: Timestamp
        let isOpen: Bool

        /// Whether another record of the same digest matters more: there is at most one open one, and of those that
        /// are done the latest says what became of the question.
        func yields(to other: Place) -> Bool {
            isOpen == other.isOpen ? createdAt <= other.createdAt : other.isOpen
        }
    }

    /// All records of a digest: one that was used or denied may be kept longer than one that was made after it.
    private var places: [SHA256Digest: [Place]] = [:]
    private var undecidedByAgent: [AgentID: Int] = [:]
    private(set) var undecidedCount = 0

    func id(for digest: SHA256Digest) -> ApprovalID? {
        guard let known = places[digest], var best = known.first else { return nil }
        for place in known.dropFirst() where best.yields(to: place) { best = place }
        return best.id
    }

    func undecidedCount(of agent: AgentID) -> Int { undecidedByAgent[agent] ?? 0 }

    /// Takes note of one record's change; nil is a record that is not there.
    mutating func replace(_ old: ApprovalRequest?, with new: ApprovalRequest?) {
        if let old, old.isUndecided { count(old.subject.agent, -1) }
        if let new, new.isUndecided { count(new.subject.agent, 1) }
        if let old {
            let rest = (places[old.digest] ?? []).filter { $0.id != old.id }
            places[old.digest] = rest.isEmpty ? nil : rest
        }
        guard let new else { return }
        places[new.digest, default: []].append(Place(id: new.id, createdAt: new.createdAt, isOpen: new.isOpen))
    }

    private mutating func count(_ agent: AgentID, _ step: Int) {
        undecidedCount += step
        let sum = undecidedCount(of: agent) + step
        undecidedByAgent[agent] = sum > 0 ? sum : nil
    }
}
