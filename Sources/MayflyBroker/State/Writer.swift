import Dispatch
import MayflyLedger
import MayflyModel
import Synchronization

/// The one place where state changes: commands go through it in order, and many share one durable commit.
///
/// A submitted command waits without holding a thread. While one batch is on its way to the disk the next one gathers.
package final class Writer: Sendable {
    /// Commands that may wait; one more is refused, so that memory stays bounded and callers hear it early.
    package static let maximumPending = 8192
    /// Commands of one commit.
    package static let maximumBatch = 512

    let store: any Store
    let state: BrokerState
    let clock: BrokerClock
    let log: any BrokerLog
    let metrics: BrokerMetrics
    private let live: LiveSettings
    let queue = DispatchQueue(label: "mayfly.writer")
    private let pending = Mutex(Pending(now: Writer.steadyTime()))
    /// Where a turn waits for more commands.
    private let company = TimedWait()
    /// Touched on `queue` only; the mutex is what lets the compiler believe it.
    let position: Mutex<Position>
    let health = WriterHealth()
    let observers = Mutex(LedgerObservers())
    /// Called once the state has signing keys that were moved, by whichever broker.
    let keysMoved = Mutex<(@Sendable () -> Void)?>(nil)
    /// The store, when other brokers commit to it too.
    let shared: (any SharedStore)?
    let link = Mutex<ClusterLink?>(nil)

    struct Position {
        var head: StoreHead
        var frontier: MerkleFrontier
        /// True after a commit that failed.
        var isUncertain = false
        /// What that commit would have brought, when the store may have kept it.
        var unsettled: Unsettled?
        /// See `Writer.writtenTime`.
        var writtenTime: Timestamp
        /// The last commit, by number, that moved the revision: all others must know of it.
        var lastMove: UInt64
    }

    /// A commit of which only the store can tell whether it was kept.
    struct Unsettled: Sendable {
        let head: StoreHead
        let frontier: MerkleFrontier
        let drafted: DraftedChanges
        /// Command by command.
        let events: [[LedgerEvent]]
        let writtenTime: Timestamp?
        let time: Timestamp
    }

    init(
        store: any Store, state: BrokerState, clock: BrokerClock, head: StoreHead, writtenTime: Timestamp,
        log: any BrokerLog, metrics: BrokerMetrics, live: LiveSettings
    ) throws(LedgerError) {
        self.live = live
        self.store = store
        shared = store as? any SharedStore
        self.state = state
        self.clock = clock
        self.log = log
        self.metrics = metrics
        position = Mutex(
            Position(
                head: head, frontier: try MerkleFrontier(size: head.ledgerSize, hashes: head.frontier),
                writtenTime: writtenTime, lastMove: head.commits))
    }

    /// Queues `command`; `completion` is called once, from the writer's thread, after the commit that holds it.
    package func submit<C: Command>(
        _ command: consuming C, _ completion: @escaping @Sendable (Result<C.Answer, BrokerError>) -> Void
    ) {
        let held = HeldCommand(command)
        let job = Job(
            concernsNobodyElse: C.concernsNobodyElse,
            run: { draft, moment in
                do throws(BrokerError) {
                    let decided = try held.command.decide(draft, moment)
                    for change in decided.changes { draft.apply(change) }
                    let answer = decided.answer
                    return (decided.events, { failure in completion(failure.map { .failure($0) } ?? .success(answer)) })
                } catch {
                    return ([], { failure in completion(.failure(failure ?? error)) })
                }
            },
            refuse: { completion(.failure($0)) })
        let verdict = pending.withLock { pending -> (needsTurn: Bool, hasGathered: Bool, refusal: BrokerError?) in
            if pending.isStopped { return (false, false, .unavailable(.stopping)) }
            if pending.jobs.count >= Self.maximumPending { return (false, false, .unavailable(.overloaded)) }
            pending.add(job, now: Self.steadyTime())
            return (pending.claimTurn(), pending.endGathering(), nil)
        }
        if let refusal = verdict.refusal { job.refuse(refusal) }
        if verdict.hasGathered { company.end() }
        if verdict.needsTurn { queue.async { self.drain() } }
    }

    /// Tells `observer` of every later commit, after those that came before it; somebody else keeps it.
    package func add(_ observer: any LedgerObserver) {
        observers.withLock { $0.add(observer) }
    }

    /// Has `body` called, on the writer's thread, each time that the state has got other signing keys.
    ///
    /// By a commit, by one that was answered as failed and turns out to have been kept, or by one of another broker.
    /// Whoever asked for the change is answered afterwards.
    func whenKeysMove(_ body: @escaping @Sendable () -> Void) {
        keysMoved.withLock { $0 = body }
    }

    /// Whether half of the commands that may wait do wait; what is not urgent is better refused before it costs
    /// anything.
    package var isHalfFull: Bool { pending.withLock { $0.jobs.count >= Self.maximumPending / 2 } }

    /// Returns when what was submitted before has been committed, as far as one commit holds it.
    func settle() {
        queue.sync { drain() }
    }

    /// Refuses new commands, and returns when every accepted one has been answered.
    package func stop() {
        let hasGathered = pending.withLock { pending in
            pending.isStopped = true
            return pending.endGathering()
        }
        if hasGathered { company.end() }
        // A command may be accepted already whose turn on the queue has not been asked for yet.
        repeat { queue.sync { drain() } } while pending.withLock { $0.isDraining }
        observers.withLock { $0.removeAll() }
    }

    /// The head that the last successful commit left.
    package var head: StoreHead { position.withLock { $0.head } }

    /// The latest moment that the store holds: a start would take up time from there, whatever the wall clock says.
    var writtenTime: Timestamp { position.withLock { $0.writtenTime } }

    /// Commands that wait for their turn.
    package var pendingCount: Int { pending.withLock { $0.jobs.count } }

    /// Commits what waits, and asks for the next turn.
    ///
    /// A turn that comes too late, because another has done its work, finds nothing: whoever leaves commands behind, or
    /// adds the first one, has asked for a turn under the same lock.
    private func drain() {
        let patience = pending.withLock { $0.gather(now: Self.steadyTime()) }
        if patience > 0 { company.wait(nanoseconds: patience) }
        let jobs = pending.withLock { $0.takeBatch() }
        if !jobs.isEmpty { commit(jobs) }
        let needsTurn = pending.withLock { pending in
            pending.isDraining = false
            return pending.jobs.isEmpty ? false : pending.claimTurn()
        }
        if needsTurn { queue.async { self.drain() } }
    }

    private func commit(_ jobs: [Job]) {
        let finishes: [(call: @Sendable (BrokerError?) -> Void, concernsOthers: Bool)]
        let failure: BrokerError?
        var written: [[LedgerEvent]] = []
        let observers = observers.withLock { $0 }
        let routes = live.current.notices
        let link = link.withLock { $0 }
        let now: Timestamp
        do throws(BrokerError) {
            var (head, frontier) = try nextPosition()
            // Not `trusted`: whatever is wrong with the clock, revoking must work. Minting asks for trust itself.
            now = clock.now()
            var draft = state.copy()
            let before = draft.revision
            var entries: [LedgerEntry] = []
            var subtrees: [LedgerSubtree] = []
            finishes = jobs.map { job in
                let previous = draft.revision
                let epoch = Int64(clamping: previous).addingReportingOverflow(1).partialValue
                let (events, finish) = job.run(&draft, Moment(now: now, epoch: epoch))
                if !observers.isEmpty, !events.isEmpty { written.append(events) }
                for event in events {
                    let entry = event.entry(index: frontier.size, time: now)
                    let leaf = entry.leafHash
                    if !routes.isEmpty { owe(event, entry, to: routes, in: &draft) }
                    entries.append(entry)
                    for subtree in frontier.append(leaf) {
                        subtrees.append(LedgerSubtree(level: subtree.level, index: subtree.index, hash: subtree.hash))
                    }
                }
                return (finish, !job.concernsNobodyElse || draft.revision != previous)
            }
            let revision = draft.revision
            head = StoreHead(
                revision: revision, ledgerSize: frontier.size, frontier: frontier.hashes,
                commits: shared == nil ? 0 : head.commits + 1)
            metrics.batchSize.observe(UInt64(jobs.count))
            failure = write(&draft, entries, subtrees, head, frontier, written, now, movesRevision: revision != before)
        } catch {
            health.failed()
            log.note(.commandsRefused(error, count: jobs.count))
            for job in jobs { job.refuse(error) }
            return
        }
        if failure == nil, !written.isEmpty { observers.forEach { $0.committed(written, at: now) } }
        guard let link, failure == nil else {
            for finish in finishes { finish.call(failure) }
            return
        }
        let lastMove = position.withLock { $0.lastMove }
        for finish in finishes {
            if finish.concernsOthers {
                link.whenEverywhere(lastMove) { finish.call(nil) }
            } else {
                finish.call(nil)
            }
        }
    }

    /// Has an entry told to those who want to hear of it, in the entry's own commit.
    private func owe(_ event: LedgerEvent, _ entry: LedgerEntry, to routes: [NoticeRoute], in draft: inout Tables) {
        let wanting = routes.filter { $0.wants(event) }.map(\.name)
        guard !wanting.isEmpty else { return }
        // A share for each: one that takes nothing leaves the others theirs.
        let share = Notice.maximumKept / routes.count
        let owed = wanting.filter { draft.noticeIndex.count(of: $0) < share }
        if owed.count < wanting.count { metrics.notices.add(.lost, UInt64(wanting.count - owed.count)) }
        guard !owed.isEmpty, let id = Int64(exactly: entry.index) else { return }
        draft.apply(.notice(Notice(id: id, at: entry.time, owed: owed)))
    }

    /// Makes the draft durable and then visible, and leaves nothing in it; answers why not, if not.
    private func write(
        _ draft: inout Tables, _ entries: [LedgerEntry], _ subtrees: [LedgerSubtree], _ head: StoreHead,
        _ frontier: MerkleFrontier, _ events: [[LedgerEvent]], _ now: Timestamp, movesRevision: Bool
    ) -> BrokerError? {
        var batch = Batch(head: head)
        batch.movesRevision = movesRevision
        batch.entries = entries
        batch.subtrees = subtrees
        draft.collect(into: &batch)
        let drafted = draft.drafted
        // The draft's hold on the published rows ends here, for the caller too: publishing then changes them in place.
        draft = Tables()
        state.endDraft()
        guard !batch.isEmpty else {
            shared?.endTurn()
            return nil
        }
        let writtenTime = !entries.isEmpty || drafted.settings[.lastTime] != nil ? now : nil
        let start = ContinuousClock.now
        do {
            defer { metrics.commitTime.observe((ContinuousClock.now - start).wholeNanoseconds) }
            try store.commit(batch)
        } catch {
            metrics.storeFailed(error)
            // In a shared store the next turn tells what was kept, as it tells what others have committed.
            if shared == nil {
                position.withLock {
                    $0.isUncertain = true
                    $0.unsettled = Unsettled(
                        head: head, frontier: frontier, drafted: drafted, events: events, writtenTime: writtenTime,
                        time: now)
                }
            }
            health.failed()
            log.note(.commitFailed(error))
            sayIfFenced()
            return .unavailable(error == .full ? .storeFull : .storeFailed)
        }
        position.withLock {
            $0.head = head
            $0.frontier = frontier
            if let writtenTime { $0.writtenTime = writtenTime }
            if movesRevision { $0.lastMove = head.commits }
        }
        health.succeeded()
        state.absorb(drafted)
        if !drafted.signingKeys.isEmpty { keysMoved.withLock { $0 }?() }
        return nil
    }

    /// The position to append at.
    ///
    /// After a failed commit the store is asked where it stands: where the last commit left it, or where the failed one
    /// would have, which then is taken over. Its requests were told that it may be so. A commit that left the head as
    /// it was, which holds marks, times or counts of polls, is not looked for: whether or not the store has them, it
    /// errs on the strict side until a later commit writes them again.
    func settledPosition() throws(BrokerError) -> (StoreHead, MerkleFrontier) {
        let (head, frontier, isUncertain, unsettled) = position.withLock {
            ($0.head, $0.frontier, $0.isUncertain, $0.unsettled)
        }
        guard isUncertain else { return (head, frontier) }
        let found: StoreHead
        do {
            found = try store.head()
        } catch {
            metrics.storeFailed(error)
            throw .unavailable(.storeFailed)
        }
        if found == head {
            position.withLock { ($0.isUncertain, $0.unsettled) = (false, nil) }
            return (head, frontier)
        }
        guard let unsettled, found == unsettled.head else { throw .unavailable(.storeFailed) }
        takeOver(unsettled)
        return (unsettled.head, unsettled.frontier)
    }

    private func takeOver(_ unsettled: Unsettled) {
        position.withLock {
            ($0.head, $0.frontier) = (unsettled.head, unsettled.frontier)
            if let time = unsettled.writtenTime { $0.writtenTime = time }
            ($0.isUncertain, $0.unsettled) = (false, nil)
        }
        state.absorb(unsettled.drafted)
        if !unsettled.drafted.signingKeys.isEmpty { keysMoved.withLock { $0 }?() }
        let observers = observers.withLock { $0 }
        guard !unsettled.events.isEmpty else { return }
        observers.forEach { $0.committed(unsettled.events, at: unsettled.time) }
    }
}

extension Duration {
    /// Zero for a negative span; the most that fits for one that is longer.
    fileprivate var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        let whole = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return whole.overflow
            ? .max
            : whole.partialValue.addingReportingOverflow(UInt64(clamping: attoseconds / 1_000_000_000)).partialValue
    }
}
