import Dispatch
import MayflyModel
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

    private struct State {
        var member: ClusterMember
        var held: [UInt64: @Sendable () -> Void] = [:]
        var nextID: UInt64 = 0
        var standings: [Standing] = []
        var isStopped = false
    }

    private let node: ClusterNode
    private let meeting: any ClusterMeeting
    private let tables: BrokerState
    private let permit: ServingPermit
    private let log: any BrokerLog
    private let state: Mutex<State>
    private let leads = Atomic(false)
    private let isInTouch = Atomic(true)
    private let queue = DispatchQueue(label: "mayfly.cluster")
    private let timers = DispatchQueue(label: "mayfly.cluster.timers")
    private let stopped = DispatchSemaphore(value: 0)
    /// Takes in what others have committed; answers the revision that is then in memory.
    private let catchUp: @Sendable () throws(BrokerError) -> UInt64

    init(
        _ node: ClusterNode, meeting: any ClusterMeeting, tables: BrokerState, permit: ServingPermit,
        log: any BrokerLog, catchUp: @escaping @Sendable () throws(BrokerError) -> UInt64
    ) {
        self.node = node
        self.meeting = meeting
        self.tables = tables
        self.permit = permit
        self.log = log
        self.catchUp = catchUp
        state = Mutex(State(member: ClusterMember(node.terms, applied: tables.read { $0.revision })))
    }

    /// Whether this node is the one that cleans up, tells notices and watches dates for all.
    package var isLeader: Bool { leads.load(ordering: .acquiring) && permit.isValid }

    /// The nodes as they were when this one last looked, in the order of their names.
    package var standings: [Standing] {
        state.withLock { $0.standings }.sorted { ($0.row.name, $0.row.session) < ($1.row.name, $1.row.session) }
    }

    func start() {
        queue.async {
            while self.takeStep() {}
            self.stopped.signal()
        }
    }

    /// Lets every held answer go when it may, says goodbye, and returns; no lease is held afterwards.
    func stop() {
        let isIdle = state.withLock { state in
            state.isStopped = true
            return state.member.servesUntil.nanoseconds == .min && state.held.isEmpty
        }
        meeting.interrupt()
        if !isIdle { stopped.wait() }
    }

    /// Calls `finish` when no node can say yes any more to what `revision` ended.
    ///
    /// This node has committed the revision, or taken it in.
    func whenEverywhere(_ revision: UInt64, _ finish: @escaping @Sendable () -> Void) {
        let now = SteadyTime.now()
        let isSettled = state.withLock { state in
            if state.member.settled >= revision { return true }
            state.nextID += 1
            state.held[state.nextID] = finish
            state.member.hold(state.nextID, revision: revision, at: now)
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
        release { $0.releaseExpired(at: .now()) }
    }

    /// Calls the answers that `body` lets go of, outside the lock.
    private func release(_ body: (inout ClusterMember) -> [UInt64]) {
        let finishes = state.withLock { state in
            body(&state.member).compactMap { state.held.removeValue(forKey: $0) }
        }
        for finish in finishes { finish() }
    }

    /// Answers whether there is more to do.
    private func takeStep() -> Bool {
        let revision = tables.read { $0.revision }
        let now = SteadyTime.now()
        let (step, isOver) = state.withLock { state in
            state.member.holds(revision)
            permit.extend(to: state.member.servesUntil)
            return (state.member.next(at: now), state.isStopped && !state.member.holdsAnswers)
        }
        if isOver {
            permit.extend(to: SteadyTime(nanoseconds: .min))
            // Whoever waits for this node stops to do so; without it they wait until its lease is over.
            try? meeting.remove([meeting.session])
            return false
        }
        do throws(StoreError) {
            try carryOut(step, at: now, holding: revision)
            if case .wait = step {} else { inTouch(true) }
        } catch {
            inTouch(false)
            state.withLock { $0.member.failed(at: .now()) }
        }
        return true
    }

    private func carryOut(_ step: ClusterMember.Step, at now: SteadyTime, holding revision: UInt64) throws(StoreError) {
        switch step {
        case .join:
            try meeting.join(node, holding: revision)
            state.withLock { $0.member.joined(askedAt: now, holding: revision) }
        case .renew:
            let found = try meeting.renew(holding: revision)
            let answeredAt = SteadyTime.now()
            state.withLock { state in
                if let found {
                    state.member.renewed(askedAt: now, answeredAt: answeredAt, revision: found)
                } else {
                    state.member.wasForgotten()
                }
                permit.extend(to: state.member.servesUntil)
            }
        case .catchUp:
            do throws(BrokerError) {
                let reached = try catchUp()
                state.withLock { state in
                    state.member.caughtUp(to: reached)
                    permit.extend(to: state.member.servesUntil)
                }
            } catch {
                throw .inputOutput(code: 0)
            }
        case .acknowledge(let revision):
            try meeting.acknowledge(revision)
            state.withLock { $0.member.acknowledged(revision) }
        case .look: try look(at: now, having: revision)
        case .wait(let end): try wait(until: end, from: now)
        }
    }

    private func look(at now: SteadyTime, having revision: UInt64) throws(StoreError) {
        let rows = try meeting.members()
        let receivedAt = SteadyTime.now()
        release {
            $0.looked(sentAt: now, receivedAt: receivedAt, at: rows, as: meeting.session, having: revision)
        }
        let gone = state.withLock { state -> [Int64] in
            let member = state.member
            func isAlive(_ row: ClusterMemberRow) -> Bool {
                row.session == meeting.session ? permit.isValid : !member.hasLapsed(row, sentAt: now)
            }
            let leader = rows.first(where: isAlive)?.session
            leads.store(leader == meeting.session, ordering: .releasing)
            state.standings = rows.map { row in
                Standing(
                    row: row, isSelf: row.session == meeting.session, isAlive: isAlive(row),
                    isLeader: row.session == leader)
            }
            return rows.filter { row in
                row.session != meeting.session && member.hasLapsed(row, sentAt: now, times: Self.forgetAfter)
            }.map(\.session)
        }
        if isLeader, !gone.isEmpty { try meeting.remove(gone) }
    }

    private func wait(until end: SteadyTime, from now: SteadyTime) throws(StoreError) {
        let (left, overflow) = end.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        // Rounded up: a step that is due in half a millisecond is not asked for in vain.
        let milliseconds = overflow ? 1000 : min(max(left / 1_000_000 + 1, 1), 1000)
        let news = try meeting.listen(milliseconds: milliseconds)
        state.withLock { state in
            if let revision = news.revision { state.member.heard(of: revision) }
            if news.hasAcknowledgement { state.member.shouldLook(at: .now()) }
        }
    }

    /// Says once that the store is out of reach, and once that it is back.
    private func inTouch(_ isNow: Bool) {
        guard isInTouch.exchange(isNow, ordering: .acquiringAndReleasing) != isNow else { return }
        log.note(isNow ? .clusterInTouch : .clusterOutOfTouch)
    }
}
