import MayflyModel
import Synchronization

/// Walks through the agents again and again, a bounded step at a time, and has done what their dates ask for.
///
/// Nothing is kept in order of dates: they move when the configuration does. A step looks at so many agents that
/// 100,000 are seen within two minutes, which is soon for dates that are days apart; an agent whose end has come gets
/// no token from that moment on, whoever has noticed.
final class LifecycleWatch: Sendable {
    /// Agents that are looked at under one hold of the state's lock: some tens of microseconds.
    static let look = 256
    /// Holds of one step.
    static let looks = 4
    /// Agents that one command changes, so that a commit does not keep others waiting.
    static let agentsPerCommand = 64

    private struct Place {
        /// The last agent that was looked at; nil before the first.
        var cursor: AgentID?
        /// Commands that are on their way.
        var pending = 0
    }

    private let live: LiveSettings
    private let state: BrokerState
    private let clock: BrokerClock
    private let writer: Writer
    private let metrics: BrokerMetrics
    private let place = Mutex(Place())

    init(live: LiveSettings, state: BrokerState, clock: BrokerClock, writer: Writer, metrics: BrokerMetrics) {
        self.live = live
        self.state = state
        self.clock = clock
        self.writer = writer
        self.metrics = metrics
    }

    /// Takes one step, unless the one before is still on its way to the disk or the clock went back.
    ///
    /// Only one thread at a time may call it.
    func step() {
        let settings = live.current.lifecycle
        guard place.withLock({ $0.pending == 0 }), let now = try? clock.trusted() else { return }
        var cursor = place.withLock { $0.cursor }
        for _ in 0..<Self.looks {
            let seen = look(from: cursor, settings, now)
            cursor = seen.last
            if !seen.due.isEmpty { submit(seen.due, settings) }
            guard cursor != nil else { break }
        }
        place.withLock { $0.cursor = cursor }
    }

    /// The agents past `cursor` that something is due for, and the last that was looked at; nil at the end.
    private func look(
        from cursor: AgentID?, _ settings: LifecycleSettings, _ now: Timestamp
    ) -> (due: [AgentID], last: AgentID?) {
        state.read { tables in
            let ids = tables.agentOrder.prefix(Self.look) { id in cursor.map { id > $0 } ?? true }
            var due: [AgentID] = []
            for id in ids {
                guard tables.agents[id]?.needsAttention(settings, at: now) ?? false else { continue }
                due.append(id)
                if due.count == Self.agentsPerCommand { return (due, id) }
            }
            return (due, ids.count < Self.look ? nil : ids.last)
        }
    }

    private func submit(_ agents: [AgentID], _ settings: LifecycleSettings) {
        place.withLock { $0.pending += 1 }
        writer.submit(LifecycleCommand(agents: agents, settings: settings)) { result in
            // What failed is found again by the next walk.
            if case .success(let outcome) = result {
                for _ in 0..<outcome.suspended { self.metrics.revocations.add(.suspend) }
                for _ in 0..<outcome.offboarded { self.metrics.revocations.add(.offboard) }
            }
            self.place.withLock { $0.pending -= 1 }
        }
    }
}
