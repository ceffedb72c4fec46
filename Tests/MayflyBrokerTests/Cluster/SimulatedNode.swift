@testable import MayflyBroker

/// One broker: its memory, its clock, and its part of the protocol.
struct SimulatedNode {
    let clock: SimulatedClock
    let terms: LeaseTerms
    var member: ClusterMember
    /// The revision in memory, of which its `member` may hear a little later.
    var memory: UInt64
    var session: Int64
    /// Grows with each start and each end; what was meant for another life is lost.
    var life = 0
    var isUp = false
    /// Until when its process stands still.
    var pausedUntil: Int64 = 0
    /// What it is cut off from the store for.
    var partitions: [Range<Int64>] = []
    /// The thread that takes the steps waits for this turn; nil when it is at work.
    var waitingTurn: Int?
    var turns = 0
    /// Revisions of which it was told, and nil for each word of an acknowledgement.
    var news: [UInt64?] = []
    var hasJoined = false
    /// The revisions whose answers it holds back, and the moment at which each is overdue.
    var held: [UInt64: HeldAnswer] = [:]
    /// Whether it stood still while it held an answer.
    var wasPaused = false

    struct HeldAnswer {
        let revision: UInt64
        let overdue: Int64
    }

    init(clock: SimulatedClock, terms: LeaseTerms) {
        (self.clock, self.terms) = (clock, terms)
        member = ClusterMember(terms, applied: 0)
        (memory, session) = (0, 0)
    }

    mutating func start(as session: Int64, holding revision: UInt64) {
        member = ClusterMember(terms, applied: revision)
        (self.session, memory) = (session, revision)
        (isUp, hasJoined, waitingTurn) = (true, false, nil)
    }

    mutating func end() {
        life += 1
        (isUp, waitingTurn) = (false, nil)
        (held, news) = ([:], [])
    }

    func isCutOff(at time: Int64) -> Bool { partitions.contains { $0.contains(time) } }

    /// Whether it answers a question that comes at `time`.
    func answers(at time: Int64, broken: BrokenRule?) -> Bool {
        guard isUp else { return false }
        if broken == .lease { return hasJoined }
        return clock.reading(at: time) < member.servesUntil
    }
}
