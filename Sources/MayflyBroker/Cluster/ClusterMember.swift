/// What one node does so that a revocation is final everywhere when it is answered; docs/revocation-protocol.md.
///
/// It does nothing by itself: whoever drives it carries out the step that it names, and tells what came of it. So the
/// broker's thread and the simulation in the tests run the same code. Every moment is one of the node's own clock. A
/// revision is here the number of a commit.
struct ClusterMember {
    enum Step: Equatable {
        /// Say in the store that this node is about to answer: `joined` or `failed` comes next.
        case join
        /// Ask for a lease: `renewed`, `wasForgotten` or `failed`.
        case renew
        /// Take in what others have committed: `caughtUp` or `failed`.
        case catchUp
        /// Tell the store that this revision is in memory: `acknowledged` or `failed`.
        case acknowledge(UInt64)
        /// Read what the store says of all nodes: `looked` or `failed`.
        case look
        case wait(until: SteadyTime)
    }

    private let terms: LeaseTerms
    /// The revision in memory.
    private(set) var applied: UInt64
    /// The newest revision that this node has heard of.
    private var told: UInt64
    /// The newest one that the store knows to be in memory here.
    private var acknowledged: UInt64 = 0
    /// Until when others count on this node: a lease must follow on the one before it, or on a `join`.
    private var countedUntil: SteadyTime?
    /// Until when it may answer.
    private(set) var servesUntil = SteadyTime(nanoseconds: .min)
    /// A lease that holds once `revision` is in memory.
    private var offered: (until: SteadyTime, revision: UInt64)?
    private var nextRenewal = SteadyTime(nanoseconds: .min)
    /// No step that failed is tried again before.
    private var nextTry = SteadyTime(nanoseconds: .min)
    private var nextLook = SteadyTime(nanoseconds: .min)
    /// Whether it has acknowledged something since it last looked.
    private var owesLook = false
    /// Every node that may answer has this revision in memory.
    private(set) var settled: UInt64 = 0
    private var watch: MemberWatch
    private var gate: RevocationGate

    init(_ terms: LeaseTerms, applied: UInt64) {
        self.terms = terms
        self.applied = applied
        told = applied
        watch = MemberWatch(patience: terms.patience)
        gate = RevocationGate(patience: terms.patience)
    }

    /// What to do now.
    func next(at now: SteadyTime) -> Step {
        if now < nextTry { return .wait(until: min(nextTry, gate.deadline ?? nextTry)) }
        if told > applied { return .catchUp }
        let isCounted = countedUntil.map { now < $0 } ?? false
        if !isCounted { return .join }
        if now >= nextRenewal { return .renew }
        // They take turns, so that neither what comes all the time nor what is asked all the time holds up the other.
        let isLookDue = now >= nextLook
        if acknowledged < told && !(isLookDue && owesLook) { return .acknowledge(applied) }
        if isLookDue { return .look }
        return .wait(until: min(nextRenewal, nextLook, gate.deadline ?? nextLook))
    }

    // MARK: What came of it

    /// The store says now that this node is about to answer, and has `revision` in memory.
    mutating func joined(askedAt: SteadyTime, holding revision: UInt64) {
        countedUntil = askedAt.advanced(by: terms.length)
        nextRenewal = askedAt
        acknowledged = revision
    }

    /// The store has counted a renewal; `revision` is the one that it had at that moment or before.
    mutating func renewed(askedAt: SteadyTime, answeredAt: SteadyTime, revision: UInt64) {
        // Others may take the lease before it to be over, and not have seen this renewal: nobody waits for it.
        guard let countedUntil, answeredAt < countedUntil else { return lost() }
        let end = askedAt.advanced(by: terms.length)
        self.countedUntil = end
        nextRenewal = askedAt.advanced(by: terms.renewal)
        heard(of: revision)
        offered = (end, revision)
        takeLease()
    }

    /// The store does not know this node any more.
    mutating func wasForgotten() {
        acknowledged = 0
        // It is over already, unless the store is not the one that it was.
        servesUntil = SteadyTime(nanoseconds: .min)
        lost()
    }

    mutating func acknowledged(_ revision: UInt64) {
        acknowledged = max(acknowledged, revision)
        owesLook = true
    }

    /// All that the store had when it was asked is in memory: `revision` at least.
    mutating func caughtUp(to revision: UInt64) {
        applied = max(applied, revision)
        // Word of a revision comes from its commit: what the store has is all that there is.
        told = min(told, applied)
        takeLease()
    }

    /// What the store said of all nodes to a question of `sentAt`; answers which held answers may go.
    ///
    /// `asked` is the revision that was in memory here when the question was sent.
    mutating func looked(
        sentAt: SteadyTime, receivedAt: SteadyTime, at members: [ClusterMemberRow], as session: Int64,
        having asked: UInt64
    ) -> [UInt64] {
        owesLook = false
        watch.note(members, receivedAt: receivedAt)
        let holdouts = members.filter { $0.session != session && !watch.hasLapsed($0, sentAt: sentAt) }
        let done = gate.release(sentAt: sentAt, holdouts: holdouts.map(\.applied))
        // Of what this node learned after it asked, the others' rows say nothing.
        settled = max(settled, holdouts.map(\.applied).min().map { min($0, asked) } ?? asked)
        nextLook = receivedAt.advanced(by: gate.isEmpty ? terms.renewal : terms.length / 400)
        return done
    }

    /// Something did not work; it is tried again after a while.
    mutating func failed(at now: SteadyTime) {
        nextTry = now.advanced(by: terms.retry)
    }

    /// Somebody said that there is a revision.
    mutating func heard(of revision: UInt64) {
        told = max(told, revision)
    }

    /// This node has committed `revision` itself, or taken it in with a commit of its own.
    mutating func holds(_ revision: UInt64) {
        applied = max(applied, revision)
        takeLease()
    }

    /// Holds the answer `id` back until all nodes know of `revision`, which this one has committed before `now`.
    mutating func hold(_ id: UInt64, revision: UInt64, at now: SteadyTime) {
        gate.add(id, revision: revision, committedAt: now)
        nextLook = now
    }

    /// Others may have moved on.
    mutating func shouldLook(at now: SteadyTime) {
        if !gate.isEmpty { nextLook = min(nextLook, now) }
    }

    /// Answers that have been held for as long as any lease lasts.
    mutating func releaseExpired(at now: SteadyTime) -> [UInt64] {
        gate.releaseExpired(at: now)
    }

    var holdsAnswers: Bool { !gate.isEmpty }

    /// See `MemberWatch.hasLapsed`.
    func hasLapsed(_ member: ClusterMemberRow, sentAt: SteadyTime, times: Int64 = 1) -> Bool {
        watch.hasLapsed(member, sentAt: sentAt, times: times)
    }

    private mutating func takeLease() {
        guard let offer = offered, applied >= offer.revision else { return }
        servesUntil = max(servesUntil, offer.until)
        offered = nil
    }

    private mutating func lost() {
        countedUntil = nil
        offered = nil
    }
}
