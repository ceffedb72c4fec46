@testable import MayflyBroker

/// Many brokers, their store and all that may go wrong between them, as one seed has it.
///
/// Times are nanoseconds of true time, which no node knows; `SteadyTime` is what a node's clock shows.
struct ClusterSimulation {
    let seed: UInt64
    let broken: BrokenRule?
    let weather: SimulatedWeather
    var random: SeededGenerator
    var database: SimulatedDatabase
    var nodes: [SimulatedNode] = []
    var queue = EventQueue<SimulatedEvent>()
    var calls: [SimulatedCall] = []
    var report = SimulationReport()
    var now: Int64 = 0
    var nextSession: Int64 = 0
    var nextAnswer: UInt64 = 0
    /// The newest revision of which an answer was let go.
    var maxReleased: UInt64 = 0
    var hadStaleNode = false
    /// An answer that is held back in calm weather, and when.
    var calmAnswer: (id: UInt64, since: Int64)?

    private init(seed: UInt64, without broken: BrokenRule?) {
        (self.seed, self.broken) = (seed, broken)
        random = SeededGenerator(seed: seed)
        let terms = LeaseTerms(milliseconds: 500)
        weather = SimulatedWeather(lease: terms.length, using: &random)
        database = SimulatedDatabase(broken: broken)
        let nodeCounts = weather.theme == .anything ? [2, 2, 3, 3, 4, 5] : [2, 2, 2, 3]
        let nodeCount = nodeCounts.randomElement(using: &random) ?? 2
        for index in 0..<nodeCount {
            let milliseconds: Int64 = broken == .oneLength && index > 0 ? 2000 : 500
            let clock = SimulatedClock(until: weather.end, using: &random)
            nodes.append(SimulatedNode(clock: clock, terms: LeaseTerms(milliseconds: milliseconds)))
        }
        report.schedules = 1
        plan()
    }

    /// Runs the schedule of `seed`, without the rule `broken`.
    static func run(seed: UInt64, without broken: BrokenRule? = nil) -> SimulationReport {
        var simulation = ClusterSimulation(seed: seed, without: broken)
        simulation.run()
        return simulation.report
    }

    private mutating func run() {
        while report.breach == nil, let (time, event) = queue.next(), time < weather.end {
            now = time
            happen(event)
        }
        now = weather.end
        report.staleSchedules = hadStaleNode ? 1 : 0
        if report.breach == nil { checkEnd() }
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func add(_ event: SimulatedEvent, after delay: Int64 = 0) { queue.add(event, at: now + delay) }

    // MARK: What should never be

    /// Looks whether any node could answer now without what an answered revocation ended.
    ///
    /// Between two events only clocks move, which ends leases and begins none.
    mutating func check(_ index: Int) {
        let node = nodes[index]
        guard node.isUp, node.memory < maxReleased else { return }
        hadStaleNode = true
        if node.answers(at: now, broken: broken) {
            breach("node \(index) answers at revision \(node.memory) after \(maxReleased) was answered")
        }
    }

    mutating func release(_ ids: [UInt64], by index: Int, _ way: WritableKeyPath<SimulationReport, Int>) {
        for id in ids {
            guard let answer = nodes[index].held.removeValue(forKey: id) else { continue }
            report[keyPath: way] += 1
            if !nodes[index].wasPaused, now > answer.overdue {
                stall("node \(index) held an answer for \(now - answer.overdue) ns too long")
            }
            if let calmAnswer, calmAnswer.id == id {
                if now - calmAnswer.since > weather.lease / 2 {
                    stall("node \(index) held an answer for \(now - calmAnswer.since) ns though nothing was wrong")
                }
                self.calmAnswer = nil
            }
            if answer.revision > maxReleased {
                maxReleased = answer.revision
                for other in nodes.indices { check(other) }
            }
        }
        if nodes[index].held.isEmpty { nodes[index].wasPaused = false }
    }

    private mutating func checkEnd() {
        if calmAnswer != nil { stall("an answer is held though nothing is wrong") }
        for index in nodes.indices {
            if !nodes[index].isUp || !nodes[index].answers(at: now, broken: broken) {
                stall("node \(index) has no lease though nothing is wrong")
            }
        }
    }

    private mutating func breach(_ what: String) {
        report.breach = report.breach ?? "seed \(seed), at \(now / 1000) µs: \(what)"
    }

    private mutating func stall(_ what: String) {
        report.stall = report.stall ?? "seed \(seed), at \(now / 1000) µs: \(what)"
    }
}
