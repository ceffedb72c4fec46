package import MayflyModel
import MayflyPolicy
import Synchronization

/// What is usual for every agent, learned from the ledger as it is written.
///
/// In memory alone: the store gets copies, a bounded step at a time, so that a broker that is killed forgets the last
/// minute of it and nothing else.
package final class BehaviourBook: LedgerObserver {
    /// Agents that are remembered, one to two kilobytes each; those that were idle longest are forgotten first.
    package static let maximumAgents = 20_000
    /// Agents of one step of writing.
    static let step = 64
    /// Milliseconds between two rounds of writing.
    static let interval: Int64 = 60_000

    /// By reference, so that counting a request changes the page where it is.
    private final class Page {
        var behaviour: AgentBehaviour
        /// Whether it has changed since it was last on its way to the store.
        var isDirty = false

        init(_ behaviour: AgentBehaviour) {
            self.behaviour = behaviour
        }
    }

    private struct State {
        var pages: [AgentID: Page] = [:]
        /// The agents whose pages are dirty, each once.
        var dirty: [AgentID] = []
        /// Those of the round of writing that is under way.
        var round: [AgentID] = []
        var nextRound = Timestamp(milliseconds: 0)
        /// Agents that were forgotten and whose copies the store still has.
        var forgotten: [AgentID] = []
    }

    private let state: Mutex<State>
    private weak let writer: Writer?
    private let metrics: BrokerMetrics
    private let maximum: Int

    init(
        _ records: [BehaviourRecord], writer: Writer?, metrics: BrokerMetrics,
        maximum: Int = BehaviourBook.maximumAgents
    ) {
        var state = State()
        for record in records { state.pages[record.id] = Page(record.behaviour) }
        Self.trim(&state, to: maximum)
        self.state = Mutex(state)
        self.writer = writer
        self.metrics = metrics
        self.maximum = maximum
    }

    /// A book that knows nothing yet, and writes nothing down.
    package convenience init(metrics: BrokerMetrics) {
        self.init([], writer: nil, metrics: metrics)
    }

    /// How many agents something is known of.
    package var count: Int { state.withLock { $0.pages.count } }

    // MARK: Learning

    package func committed(_ events: [[LedgerEvent]], at now: Timestamp) {
        let time = BehaviourTime(now)
        var raised: [LedgerEvent] = []
        for event in events.joined() {
            guard let (agent, request) = BehaviourRequest.observed(in: event) else { continue }
            for deviation in observe(request, of: agent, at: time) {
                metrics.deviations.add(deviation.sign)
                raised.append(.deviation(deviation, in: event))
            }
        }
        // Should it not be written, the next one of its kind is an hour away; the metric has counted it.
        if !raised.isEmpty { writer?.submit(NoteCommand(events: raised)) { _ in } }
    }

    func observe(_ request: BehaviourRequest, of agent: AgentID, at time: BehaviourTime) -> [BehaviourDeviation] {
        state.withLock { state in
            let known = state.pages[agent]
            let page = known ?? Page(AgentBehaviour(at: time))
            let deviations = page.behaviour.observe(request, at: time)
            if !page.isDirty {
                page.isDirty = true
                state.dirty.append(agent)
            }
            if known == nil {
                state.pages[agent] = page
                Self.trim(&state, to: maximum)
            }
            return deviations
        }
    }

    /// Forgets whoever was idle longest once there are too many: an eighth more than must go, so that the search for
    /// them, which takes milliseconds on the writer's thread, is rare.
    private static func trim(_ state: inout State, to maximum: Int) {
        guard state.pages.count > maximum else { return }
        let surplus = min(state.pages.count, state.pages.count - maximum + maximum / 8)
        let minutes = state.pages.values.map { $0.behaviour.time.minute }.sorted()
        // Of those that were last seen in the same minute any will do.
        guard let last = minutes.prefix(surplus).last else { return }
        let older = state.pages.lazy.filter { $0.value.behaviour.time.minute < last }.map(\.key)
        let equal = state.pages.lazy.filter { $0.value.behaviour.time.minute == last }.map(\.key)
        for agent in (Array(older) + Array(equal)).prefix(surplus) {
            state.pages[agent] = nil
            // What is not removed expires by itself.
            if state.forgotten.count < maximum { state.forgotten.append(agent) }
        }
        let pages = state.pages
        state.dirty.removeAll { pages[$0] == nil }
        state.round.removeAll { pages[$0] == nil }
    }

    // MARK: Asking

    /// How usual a request is for an agent.
    func facts(of request: BehaviourRequest, by agent: AgentID, at now: Timestamp) -> BehaviourFacts {
        state.withLock { $0.pages[agent]?.behaviour.facts(of: request, at: BehaviourTime(now)) } ?? .unknown
    }

    /// What is known of an agent, as of its last request; nil when that is nothing.
    func look(at agent: AgentID) -> AgentBehaviour? {
        state.withLock { $0.pages[agent]?.behaviour }
    }

    // MARK: Keeping

    /// Sends some of what has changed to the store; answers whether there is more to send now.
    ///
    /// A round begins once a minute, or at once when `isLast`.
    func keepSome(at now: Timestamp, isLast: Bool = false) -> Bool {
        // Finding out whether the store is well again is for whoever then says so in the ledger.
        guard isLast || writer?.health.isFailing != true else { return false }
        let (command, isMore) = state.withLock { state -> (KeepBehaviourCommand, Bool) in
            if state.round.isEmpty, isLast || now >= state.nextRound {
                swap(&state.round, &state.dirty)
                state.nextRound = Timestamp(
                    milliseconds: now.milliseconds.addingReportingOverflow(Self.interval).partialValue)
            }
            var records: [BehaviourRecord] = []
            while records.count < Self.step, let agent = state.round.popLast() {
                guard let behaviour = state.pages[agent]?.behaviour else { continue }
                state.pages[agent]?.isDirty = false
                records.append(BehaviourRecord(id: agent, behaviour: behaviour))
            }
            // Whoever has come back since is written over instead.
            let forgotten = state.forgotten.suffix(records.isEmpty ? Self.step : 0).filter { state.pages[$0] == nil }
            if records.isEmpty { state.forgotten.removeLast(min(Self.step, state.forgotten.count)) }
            let isMore = !state.round.isEmpty || !state.forgotten.isEmpty || isLast && !state.dirty.isEmpty
            return (KeepBehaviourCommand(records: records, forgotten: forgotten), isMore)
        }
        guard !command.records.isEmpty || !command.forgotten.isEmpty else { return isMore }
        writer?.submit(command) { [weak self] result in
            if case .failure = result { self?.mustKeep(command.records.map(\.id)) }
        }
        return isMore
    }

    /// Sends all that has changed; what the store does not take now is lost.
    func keepAll(at now: Timestamp) {
        let most = state.withLock { $0.pages.count + $0.forgotten.count } / Self.step + 2
        for _ in 0...most where !keepSome(at: now, isLast: true) { return }
    }

    /// What could not be written is written in the next round.
    private func mustKeep(_ agents: [AgentID]) {
        state.withLock { state in
            for agent in agents where state.pages[agent]?.isDirty == false {
                state.pages[agent]?.isDirty = true
                state.dirty.append(agent)
            }
        }
    }
}
