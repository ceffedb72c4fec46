internal import Glibc
internal import Synchronization

/// Where requests wait that cost a signature, or seconds, and the few threads of low priority that work them off.
///
/// The server's own threads stay free for verification, and the system prefers them to these. Each line is bounded by
/// count, by bytes and by the time that the last in it would wait, so that past capacity a client hears it at once and
/// before anything was spent on it. A worker that has work takes the next job without being woken.
package final class WorkLane: Sendable {
    package struct Bounds: Sendable {
        /// Requests that may wait in one line, plus at most one for each thread that adds.
        package var maximumJobs = 2048
        /// Bytes of their bodies and headers together.
        package var maximumBytes = 8 << 20
        /// The longest expected wait, and the longest real one before a request is given up; nanoseconds.
        package var maximumWait: Int64 = 2_000_000_000
        /// Workers.
        package var threads = 1
        /// Added to each worker's nice value.
        ///
        /// A third of a usual thread's weight: enough to prefer verification, and not so little that, on a machine busy
        /// with other programs, a worker would keep everybody waiting for a lock that it holds.
        package var niceness: Int32 = 5
        /// Whether the thread that brings a request does the work itself while the whole lane rests.
        package var worksAlone = true

        package init() {}
    }

    /// Lines that are worked in turn, each bounded by itself: a flood of one leaves the others their places.
    package enum Line: Int, CaseIterable, Sendable {
        /// Requests for tokens, and what else is not urgent.
        case ordinary
        /// Administrators' requests for theirs: the kill switch must be in reach while agents flood the lane.
        case administrative
        /// Clients that prove themselves to end a token, to ask about one or to bring a further key.
        ///
        /// They are taken also while the store does not keep up, which still has room for them.
        case proving
    }

    /// Why a request is not taken, and when to ask again.
    struct Refusal: Equatable {
        /// Whole seconds, at least 1.
        let retryAfter: Int64
    }

    private final class Job: Sendable {
        let request: HTTPRequest
        let parked: ParkedReply
        let arrived: Int64

        init(_ request: HTTPRequest, _ parked: ParkedReply, arrived: Int64) {
            (self.request, self.parked, self.arrived) = (request, parked, arrived)
        }

        var size: Int { request.body.count + WorkLane.overhead }
    }

    private struct Queue {
        var jobs = JobQueue<Job>()
        var bytes = 0

        mutating func append(_ job: Job) {
            jobs.append(job)
            bytes += job.size
        }

        mutating func removeFirst() -> Job? {
            guard let job = jobs.removeFirst() else { return nil }
            bytes -= job.size
            return job
        }
    }

    private struct State {
        /// One for each line, in the order of the cases.
        var queues = Line.allCases.map { _ in Queue() }
        /// The line whose turn it is.
        var turn = 0
        /// Workers that wait to be woken, by number.
        var idle: [Int] = []
        /// Moving mean of one job's wall time in nanoseconds; it grows when verification takes the processors.
        var cost: Int64 = 0
        /// Whether a request is worked on by the thread that brought it.
        var isLoneRunning = false
        var isStopped = false

        var count: Int { queues.reduce(0) { $0 + $1.jobs.count } }

        mutating func next() -> Job? {
            for _ in queues.indices {
                let line = turn
                turn = (turn + 1) % queues.count
                if let job = queues[line].removeFirst() { return job }
            }
            return nil
        }

        /// Requests that are worked before the next one of a line: its own, and as many of each other line's.
        func ahead(of line: Line) -> Int {
            let own = queues[line.rawValue].jobs.count
            return queues.reduce(0) { $0 + min(own, $1.jobs.count) }
        }
    }

    /// Bytes counted for a waiting request beside its body.
    private static let overhead = 1024

    private let bounds: Bounds
    private let state = Mutex(State())
    private let workers: [Worker]
    private let work: @Sendable (HTTPRequest) -> HTTPOutcome
    private let shed: @Sendable (HTTPRequest, _ retryAfter: Int64) -> HTTPReply
    private let isDownstreamFull: @Sendable () -> Bool
    private let refused = Atomic<Int>(0)

    /// Starts the workers.
    ///
    /// `work` is what a worker does with a request, `shed` the reply to one that is given up. While `isDownstreamFull`
    /// says so, nothing new is taken but in the line of those who prove themselves.
    package init(
        bounds: Bounds, isDownstreamFull: @escaping @Sendable () -> Bool = { false },
        shed: @escaping @Sendable (HTTPRequest, _ retryAfter: Int64) -> HTTPReply,
        work: @escaping @Sendable (HTTPRequest) -> HTTPOutcome
    ) throws(HTTPServerError) {
        self.bounds = bounds
        self.work = work
        self.shed = shed
        self.isDownstreamFull = isDownstreamFull
        var workers: [Worker] = []
        for _ in 0..<max(1, bounds.threads) { workers.append(try Worker()) }
        self.workers = workers
        do throws(HTTPServerError) {
            for index in workers.indices {
                try workers[index].thread.withLock { thread throws(HTTPServerError) in
                    thread = try SystemThread { [self] in run(index) }
                }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// Requests that wait now.
    package var waiting: Int { state.withLock { $0.count } }

    /// Whether every worker waits for work.
    var isResting: Bool { state.withLock { $0.idle.count == workers.count && $0.count == 0 } }

    /// Requests that were answered 503 instead of being worked on, since the start.
    package var shedCount: Int { refused.load(ordering: .relaxed) }

    /// What a handler answers to `request`: parked in the lane, or refused at once.
    ///
    /// While the whole lane rests, the calling thread does the work itself, one request at a time: waking a worker
    /// would cost a lone request more than it could save anybody.
    package func admit(_ request: HTTPRequest, to line: Line) -> HTTPOutcome {
        let isBlocked = line != .proving && isDownstreamFull()
        if !isBlocked, startsLone() { return lone(request) }
        if let refusal = isBlocked ? Refusal(retryAfter: 1) : refusal(on: line) {
            refused.add(1, ordering: .relaxed)
            return .reply(shed(request, refusal.retryAfter))
        }
        return .parked { parked in self.add(Job(request, parked, arrived: monotonicNanoseconds()), to: line) }
    }

    /// Works off what waits, takes nothing more, and returns when no worker runs.
    package func stop() {
        state.withLock { $0.isStopped = true }
        for worker in workers { worker.wakeUp.signal() }
        for worker in workers {
            if let thread = worker.thread.withLock({ $0.take() }) { thread.join() }
        }
    }

    private func startsLone() -> Bool {
        state.withLock { state in
            guard bounds.worksAlone, !state.isStopped, !state.isLoneRunning, state.idle.count == workers.count,
                state.count == 0
            else { return false }
            state.isLoneRunning = true
            return true
        }
    }

    private func lone(_ request: HTTPRequest) -> HTTPOutcome {
        switch work(request) {
        case .reply(let reply):
            endLone()
            return .reply(reply)
        case .parked(let begin):
            return .parked { parked in
                begin(parked)
                self.endLone()
            }
        }
    }

    private func endLone() {
        state.withLock { $0.isLoneRunning = false }
    }

    private func refusal(on line: Line) -> Refusal? {
        let now = monotonicNanoseconds()
        return state.withLock { state in
            if state.isStopped { return Refusal(retryAfter: 1) }
            let queue = state.queues[line.rawValue]
            let expected =
                Int64(state.ahead(of: line)).multipliedReportingOverflow(by: state.cost).partialValue
                / Int64(workers.count)
            let oldest = queue.jobs.first.map { now - $0.arrived } ?? 0
            let isFull =
                queue.jobs.count >= bounds.maximumJobs || queue.bytes >= bounds.maximumBytes
                || max(expected, oldest) > bounds.maximumWait
            return isFull ? Refusal(retryAfter: max(1, min(60, expected / 1_000_000_000))) : nil
        }
    }

    private func add(_ job: Job, to line: Line) {
        let worker = state.withLock { state -> Int? in
            state.queues[line.rawValue].append(job)
            return state.idle.popLast()
        }
        if let worker { workers[worker].wakeUp.signal() }
    }

    private func run(_ index: Int) {
        // Linux keeps a nice value for each thread, and 0 means the calling one. Where it is not permitted the lane
        // still bounds and orders; its threads then compete with the server's as equals.
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(which, 0, min(19, getpriority(which, 0) + bounds.niceness))
        var spent: Int64?
        while let job = next(index, spent: spent) {
            let start = monotonicNanoseconds()
            if start - job.arrived > bounds.maximumWait {
                // The client has waited longer than it was told to expect; a signature would come too late for it.
                refused.add(1, ordering: .relaxed)
                job.parked.finish(shed(job.request, 1))
                spent = nil
                continue
            }
            switch work(job.request) {
            case .reply(let reply): job.parked.finish(reply)
            case .parked(let begin): begin(job.parked)
            }
            spent = monotonicNanoseconds() - start
        }
    }

    /// The next job, when there is one; nil when the lane has stopped and is empty.
    private func next(_ index: Int, spent: Int64?) -> Job? {
        var spent = spent
        while true {
            let (job, isOver) = state.withLock { state -> (Job?, Bool) in
                if let taken = spent.take() { state.cost += (taken - state.cost) / 16 }
                if let job = state.next() { return (job, false) }
                if !state.isStopped, !state.idle.contains(index) { state.idle.append(index) }
                return (nil, state.isStopped)
            }
            if let job { return job }
            if isOver { return nil }
            workers[index].wakeUp.wait(milliseconds: -1)
        }
    }
}

/// One of a lane's threads, and what wakes it.
private final class Worker: Sendable {
    let wakeUp: WakeUp
    let thread = Mutex<SystemThread?>(nil)

    init() throws(HTTPServerError) {
        wakeUp = try WakeUp()
    }
}

/// `MonotonicTime`, where differences may be negative.
private func monotonicNanoseconds() -> Int64 { Int64(clamping: MonotonicTime.now()) }
