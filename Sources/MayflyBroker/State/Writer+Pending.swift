extension Writer {
    /// A command with its type forgotten.
    struct Job: Sendable {
        /// See `Command.concernsNobodyElse`.
        let concernsNobodyElse: Bool
        /// Decides on the draft; answers the events, and what to call once the commit has succeeded or failed.
        let run: @Sendable (inout Tables, Moment) -> (events: [LedgerEvent], finish: @Sendable (BrokerError?) -> Void)
        let refuse: @Sendable (BrokerError) -> Void
    }

    /// The commands that wait, and who sees to them.
    struct Pending {
        private(set) var jobs: [Job] = []
        /// When the first of them came; steady nanoseconds.
        private var oldest: Int64 = 0
        /// Whether a turn on the queue is asked for or under way.
        var isDraining = false
        /// Whether that turn waits for more commands, and nobody has told it yet that there are enough.
        var isGathering = false
        var isStopped = false
        private var pace: CommitPace

        /// `now` is steady nanoseconds, here and below.
        init(now: Int64) {
            pace = CommitPace(now: now)
        }

        /// Reads the clock for the first command of a commit alone.
        mutating func add(_ job: Job, now: @autoclosure () -> Int64) {
            if jobs.isEmpty { oldest = now() }
            jobs.append(job)
            pace.arrived()
        }

        /// Notes that a turn is asked for; true when it was not before, and the caller must ask.
        mutating func claimTurn() -> Bool {
            defer { isDraining = true }
            return !isDraining
        }

        /// Nanoseconds that the turn under way waits for more commands.
        mutating func gather(now: @autoclosure () -> Int64) -> Int64 {
            let wait =
                jobs.isEmpty || isStopped ? 0 : pace.wait(count: jobs.count, oldest: oldest, now: now())
            isGathering = wait > 0
            return wait
        }

        /// Notes that the turn under way need not wait any longer; true when the caller must tell it.
        mutating func endGathering() -> Bool {
            guard isGathering, isStopped || jobs.count >= CommitPace.enough else { return false }
            isGathering = false
            return true
        }

        mutating func takeBatch() -> [Job] {
            isGathering = false
            guard jobs.count > Writer.maximumBatch else {
                defer { jobs = [] }
                return jobs
            }
            let batch = Array(jobs.prefix(Writer.maximumBatch))
            jobs.removeFirst(batch.count)
            return batch
        }
    }

    /// Nanoseconds of a clock that nobody sets.
    static func steadyTime() -> Int64 {
        let (seconds, attoseconds) = origin.duration(to: .now).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private static let origin = ContinuousClock.now
}
