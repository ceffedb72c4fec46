import MayflyModel
import Synchronization

/// Writes down that somebody failed to authenticate under a registered name, at most once a second for each name.
///
/// Anyone can fail to authenticate as often as they like, so what they cause is bounded: the first failure of a second
/// is written at once, and the next entry says how many went unwritten. A name that nobody registered leaves nothing.
package final class RefusedClients: Sendable {
    private struct Tally {
        var second: Int64
        var unwritten = 0
    }

    private let state: BrokerState
    private let clock: BrokerClock
    private let writer: Writer
    private let tallies = Mutex<[String: Tally]>([:])

    init(state: BrokerState, clock: BrokerClock, writer: Writer) {
        self.state = state
        self.clock = clock
        self.writer = writer
    }

    func note(claimed name: String?) {
        guard let name, let event = event(for: name) else { return }
        let second = clock.now().seconds
        let unwritten = tallies.withLock { tallies -> Int? in
            guard let tally = tallies[name] else {
                tallies[name] = Tally(second: second)
                return 0
            }
            guard tally.second == second else {
                tallies[name] = Tally(second: second)
                return tally.unwritten
            }
            tallies[name]?.unwritten += 1
            return nil
        }
        guard let unwritten else { return }
        var entry = event
        if unwritten > 0 { entry.reason = "\(unwritten) earlier failures were not written one by one" }
        writer.submit(NoteCommand(events: [entry])) { _ in }
    }

    /// An entry for a registered name; the registry bounds how many names there can be.
    private func event(for name: String) -> LedgerEvent? {
        state.read { tables in
            var event = LedgerEvent(.clientRefused, .refused, actor: name)
            event.decision = "deny"
            event.rule = "client.not_authenticated"
            if let agent = AgentID(name).flatMap({ tables.agents[$0] }) {
                event.agent = agent.id
                event.owner = agent.spec.owner
                return event
            }
            if let resource = ResourceName(name).flatMap({ tables.resources[$0] }) {
                event.resource = resource.spec.identifier.text
                return event
            }
            return AdminID(name).flatMap { tables.admins[$0] } == nil ? nil : event
        }
    }
}
