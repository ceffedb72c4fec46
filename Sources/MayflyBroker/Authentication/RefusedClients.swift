import MayflyModel
import Synchronization

/// Writes down that somebody failed to authenticate under a registered name, at most once a second for each name.
///
/// Anyone can fail to authenticate as often as they like, under as many names as they know, so what they cause is
/// bounded for each name and in all: what is not written is counted, and the next entry says how many that were. A name
/// that nobody registered leaves nothing.
package final class RefusedClients: Sendable {
    private let state: BrokerState
    private let clock: BrokerClock
    private let writer: Writer
    private let metrics: BrokerMetrics
    private let tally = Mutex(RefusalTally())

    init(state: BrokerState, clock: BrokerClock, writer: Writer, metrics: BrokerMetrics) {
        self.state = state
        self.clock = clock
        self.writer = writer
        self.metrics = metrics
    }

    func note(claimed name: String?) {
        metrics.clientRefused()
        guard let name, let event = event(for: name) else { return }
        write(event, under: name)
    }

    private func write(_ event: LedgerEvent, under name: String) {
        var event = event
        let second = clock.now().seconds
        guard let unwritten = tally.withLock({ $0.note(name, second: second) }) else { return }
        if unwritten > 0 { event.reason = "\(unwritten) earlier failures were not written one by one" }
        writer.submit(NoteCommand(events: [event])) { _ in }
    }

    /// Notes that a provider's token was not taken for anybody's; a token of no known provider leaves nothing.
    func note(_ fault: TrustFault, of provider: ProviderID?) {
        metrics.clientRefused()
        guard let provider else { return }
        var event = LedgerEvent(.clientRefused, .refused, actor: provider.text)
        event.decision = "deny"
        event.rule = "trust.\(fault.rawValue)"
        write(event, under: provider.text)
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
            if let owner = OwnerID(name).flatMap({ tables.owners[$0] }) {
                event.owner = owner.id
                return event
            }
            return AdminID(name).flatMap { tables.admins[$0] } == nil ? nil : event
        }
    }
}
