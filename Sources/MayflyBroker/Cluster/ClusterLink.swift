import Dispatch
import Synchronization

/// Keeps a broker in touch with the others of its store: carries out what `ClusterMember` says, on a thread of its own.
package final class ClusterLink: Sendable {
    /// Leases after which a node that says nothing is taken out of the list.
    private static let forgetAfter: Int64 = 30

    /// What is known of one node.
    package struct Standing: Sendable {
        package let row: ClusterMemberRow
        package let isSelf: Bool
        /// Whether it may be answering now.
        package let isAlive: Bool
        /// Whether it does what one node is to do for all.
        package let isLeader: Bool
    }

    /// An answer that waits until all nodes have the commit of this number.
    private struct Held {
        let commits: UInt64
        let since: SteadyTime
        let finish: @Sendable () -> Void
    }

    private struct State {
        var member: ClusterMember
        var held: [UInt64: Held] = [:]
        var nextID: UInt64 = 0
        var standings: [Standing] = []
        var isStopped = false
    }

    /// What this node says of itself.
    package let node: ClusterNode
    private let meeting: any ClusterMeeting
    private let writer: ClusterWriter
    private let permit: ServingPermit
    private let log: any BrokerLog
    private let metrics: BrokerMetrics
    private let state: Mutex<State>
    private let leads = Atomic(false)
    private let leading = Mutex<(@Sendable () -> Void)?>(nil)
    private let isInTouch = Atomic(true)
    private let queue = DispatchQueue(label: "mayfly.cluster")
    private let timers = DispatchQueue(label: "mayfly.cluster.timers")
    private let stopped = DispatchSemaphore(value: 0)

    init(
        _ node: ClusterNode, meeting: any ClusterMeeting, writer: ClusterWriter, permit: ServingPermit,
        log: any BrokerLog, metrics: BrokerMetrics
    ) {
        self.node = node
        self.meeting = meeting
        self.writer = writer
        self.permit = permit
        self.log = log
        self.metrics = metrics
        state = Mutex(State(member: ClusterMember(node.terms, applied: writer.head().commits)))
    }

    /// Whether this node is the one that cleans up, tells notices and watches dates for all.
    package var isLeader: Bool { leads.load(ordering: .acquiring) && permit.isValid }

    /// The nodes as they were when this one last looked, in the order of their names.
    package var standings: [Standing] {
        state.withLock { $0.standings }.sorted { ($0.row.name, $0.row.session) < ($1.row.name, $1.row.session) }
    }

    /// Has `body` called, on the link's thread, each time that this node begins to lead.
    func whenLeading(_ body: @escaping @Sendable () -> Void) {
        leading.withLock { $0 = body }
    }

    func start() {
        queue.async {
            while self.takeStep() {}
            self.stopped.signal()
        }
    }

    /// Lets every held answer go when it may, says goodbye, and returns; no lease is held afterwards.
    func stop() {
        state.withLock { $0.isStopped = true }
        meeting.interrupt()
        stopped.wait()
    }

    /// Calls `finish` when no node can say yes any more to what the commit of this number ended.
    ///
    /// This node has made the commit, or taken it in.
    func whenEverywhere(_ commits: UInt64, _ finish: @escaping @Sendable () -> Void) {
        let now = SteadyTime.now()
        let isSettled = state.withLock { state in
            if state.member.settled >= commits { return true }
            state.nextID += 1
            state.held[state.nextID] = Held(commits: commits, since: now, finish: finish)
            state.member.hold(state.nextID, revision: commits, at: now)
            return false
        }
        guard !isSettled else { return finish() }
        // Should the store not answer any more, the thread may wait for it for longer than this.
        timers.asyncAfter(deadline: .now() + .nanoseconds(Int(node.terms.patience) + 1_000_000)) { [weak self] in
            self?.releaseExpired()
        }
        meeting.interrupt()
    }

    private func releaseExpired() {
        release { ($0.releaseExpired(at: .now()), 0) }
    }

    /// Calls the answers that `body` lets go of, outside the lock.
    ///
    /// It also answers the least number of commits that a node without a lease has in memory: what is newer was let go
    /// of although not every node has it.
    private func release(_ body: (inout ClusterMember) -> (done: [UInt64], least: UInt64)) {
        let (held, least) = state.withLock { state in
            let (done, least) = body(&state.member)
            return (done.compactMap { state.held.removeValue(forKey: $0) }, least)
        }
        let now = SteadyTime.now()
        for answer in held {
            metrics.held(
                answer.commits > least ? .lapsed : .acknowledged,
                for: now.nanoseconds.subtractingReportingOverflow(answer.since.nanoseconds).partialValue)
            answer.finish()
        }
    }

    /// Answers whether there is more to do.
    private func takeStep() -> Bool {
        let head = writer.head()
        let now = SteadyTime.now()
        let isFenced = writer.isFenced()
        let (step, isOver) = state.withLock { state in
            state.member.holds(head.commits)
            // What this node has is not what the store has: its numbers mean nothing any more.
            permit.hold(until: isFenced ? SteadyTime(nanoseconds: .min) : state.member.servesUntil)
            return (state.member.next(at: now), state.isStopped && !state.member.holdsAnswers)
        }
        if isOver {
            permit.hold(until: SteadyTime(nanoseconds: .min))
            // Whoever waits for this node stops to do so; without it they wait until its lease is over.
            try? meeting.leave()
            return false
        }
        do throws(StoreError) {
            guard !isFenced || step.isQuiet else { throw .conflict }
            try carryOut(step, at: now, holding: head)
            if case .wait = step {} else { inTouch(true) }
        } catch {
            // Of a store that is another one the writer says so.
            if !isFenced { inTouch(false) }
            state.withLock { $0.member.failed(at: .now()) }
        }
        return true
    }

    private func carryOut(_ step: ClusterMember.Step, at now: SteadyTime, holding head: StoreHead) throws(StoreError) {
        switch step {
        case .join:
            try meeting.join(node, holding: head.commits)
            tell { $0.joined(askedAt: now, holding: head.commits) }
        case .renew:
            let found = try meeting.renew(holding: head.commits)
            let answeredAt = SteadyTime.now()
            // A database that was put back and has come as far again is another one; what is past that the writer
            // finds.
            let isAnother = found.map { $0.commits == head.commits && $0 != head } ?? false
            guard let found, !isAnother else {
                tell { $0.wasForgotten() }
                if isAnother { throw .conflict }
                return
            }
            tell { $0.renewed(askedAt: now, answeredAt: answeredAt, revision: found.commits) }
        case .catchUp:
            let reached: UInt64
            do throws(BrokerError) {
                reached = try writer.catchUp()
            } catch {
                throw .inputOutput(code: 0)
            }
            tell { $0.caughtUp(to: reached) }
        case .acknowledge:
            try meeting.acknowledge(head)
            tell { $0.acknowledged(head.commits) }
        case .look: try look(at: now, having: head.commits)
        case .wait(let end): try wait(until: end, from: now)
        }
    }

    /// Tells the member what came of a step; the permit follows.
    private func tell(_ body: (inout ClusterMember) -> Void) {
        state.withLock { state in
            body(&state.member)
            permit.hold(until: state.member.servesUntil)
        }
    }

    private func look(at now: SteadyTime, having commits: UInt64) throws(StoreError) {
        let rows = try meeting.members()
        let receivedAt = SteadyTime.now()
        release { member in
            let done = member.looked(
                sentAt: now, receivedAt: receivedAt, at: rows, as: meeting.session, having: commits)
            let lapsed = rows.filter { $0.session != meeting.session && member.hasLapsed($0, sentAt: now) }
            return (done, lapsed.map(\.applied).min() ?? .max)
        }
        let (gone, isLeading) = state.withLock { state -> ([ClusterMemberRow], Bool) in
            let member = state.member
            func isAlive(_ row: ClusterMemberRow) -> Bool {
                row.session == meeting.session ? permit.isValid : !member.hasLapsed(row, sentAt: now)
            }
            let leader = rows.first(where: isAlive)?.session
            state.standings = rows.map { row in
                Standing(
                    row: row, isSelf: row.session == meeting.session, isAlive: isAlive(row),
                    isLeader: row.session == leader)
            }
            let gone = rows.filter { row in
                row.session != meeting.session && member.hasLapsed(row, sentAt: now, times: Self.forgetAfter)
            }
            return (gone, leader == meeting.session)
        }
        if !leads.exchange(isLeading, ordering: .acquiringAndReleasing), isLeading { leading.withLock { $0 }?() }
        if isLeader, !gone.isEmpty { try meeting.remove(gone) }
    }

    private func wait(until end: SteadyTime, from now: SteadyTime) throws(StoreError) {
        let (left, overflow) = end.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        // Rounded up: a step that is due in half a millisecond is not asked for in vain.
        let milliseconds = overflow ? 1000 : min(max(left / 1_000_000 + 1, 1), 1000)
        let news = try meeting.listen(milliseconds: milliseconds)
        state.withLock { state in
            if let commits = news.commits { state.member.heard(of: commits) }
            if news.hasAcknowledgement { state.member.shouldLook(at: .now()) }
        }
    }

    /// Says once that the store is out of reach, and once that it is back.
    private func inTouch(_ isNow: Bool) {
        guard isInTouch.exchange(isNow, ordering: .acquiringAndReleasing) != isNow else { return }
        log.note(isNow ? .clusterInTouch : .clusterOutOfTouch)
    }
}

extension ClusterMember.Step {
    /// Whether it says nothing to others.
    fileprivate var isQuiet: Bool {
        switch self {
        case .wait, .look: true
        case .join, .renew, .catchUp, .acknowledge: false
        }
    }
}

/// What a `ClusterLink` needs of the broker's writer.
struct ClusterWriter: Sendable {
    /// What is in memory.
    let head: @Sendable () -> StoreHead
    /// Whether the store is another than the one that this broker has read.
    let isFenced: @Sendable () -> Bool
    /// Takes in what others have committed; answers how many commits are then in memory.
    let catchUp: @Sendable () throws(BrokerError) -> UInt64
}
