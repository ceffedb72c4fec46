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
        let isDenied: Bool

        /// Whether another record of the same digest matters more: there is at most one open one, and of those that
        /// are done the latest says what became of the question; of two of one moment a denial does.
        func yields(to other: Place) -> Bool {
            guard isOpen == other.isOpen else { return other.isOpen }
            return createdAt == other.createdAt ? !isDenied : createdAt < other.createdAt
        }
    }

    /// All records of a digest: one that was used or denied may be kept longer than one that was made after it.
    private var places: [SHA256Digest: [Place]] = [:]
    private var undecidedByAgent: [AgentID: Int] = [:]
    private var undecidedActionsByAgent: [AgentID: Int] = [:]
    private var undecidedActionsByResource: [ResourceName: Int] = [:]
    private(set) var undecidedCount = 0
    /// Open requests about actions, which end with the token that they were asked with.
    private(set) var openActions: Set<ApprovalID> = []

    func id(for digest: SHA256Digest) -> ApprovalID? {
        guard let known = places[digest], var best = known.first else { return nil }
        for place in known.dropFirst() where best.yields(to: place) { best = place }
        return best.id
    }

    func undecidedCount(of agent: AgentID) -> Int { undecidedByAgent[agent] ?? 0 }

    func undecidedActionCount(at resource: ResourceName) -> Int { undecidedActionsByResource[resource] ?? 0 }

    /// Whether one more question about `subject` may wait for people.
    func hasRoom(for subject: ApprovalSubject) -> Bool {
        guard undecidedCount(of: subject.agent) < ApprovalLimits.pendingPerAgent,
            undecidedCount < ApprovalLimits.pending
        else { return false }
        return subject.action == nil
            || undecidedActionsByAgent[subject.agent] ?? 0 < ApprovalLimits.actionsPerAgent
                && undecidedActionCount(at: subject.resource) < ApprovalLimits.actionsPerResource
    }

    /// Takes note of one record's change; nil is a record that is not there.
    mutating func replace(_ old: ApprovalRequest?, with new: ApprovalRequest?) {
        if let old, old.isUndecided { count(old.subject, -1) }
        if let new, new.isUndecided { count(new.subject, 1) }
        if let old, old.isOpen, old.subject.action != nil { openActions.remove(old.id) }
        if let new, new.isOpen, new.subject.action != nil { openActions.insert(new.id) }
        if let old {
            let rest = (places[old.digest] ?? []).filter { $0.id != old.id }
            places[old.digest] = rest.isEmpty ? nil : rest
        }
        guard let new else { return }
        places[new.digest, default: []].append(
            Place(id: new.id, createdAt: new.createdAt, isOpen: new.isOpen, isDenied: new.state == .denied))
    }

    private mutating func count(_ subject: ApprovalSubject, _ step: Int) {
        undecidedCount += step
        Self.add(step, to: &undecidedByAgent, at: subject.agent)
        guard subject.action != nil else { return }
        Self.add(step, to: &undecidedActionsByAgent, at: subject.agent)
        Self.add(step, to: &undecidedActionsByResource, at: subject.resource)
    }

    private static func add<Key>(_ step: Int, to counts: inout [Key: Int], at key: Key) {
        let sum = (counts[key] ?? 0) + step
        counts[key] = sum > 0 ? sum : nil
    }
}
