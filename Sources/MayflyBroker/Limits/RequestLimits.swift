import MayflyModel
import Synchronization

/// How often an agent, and all agents of an owner, may ask for tokens and a resource may ask about them, by the
/// settings in force.
///
/// Charged once the client has proven who it is, so that nobody can use up another's share. Administrators are not
/// limited: the kill switch must be in reach.
package final class RequestLimits: Sendable {
    private let live: LiveSettings
    private let wall: any WallClock
    private let clock: BrokerClock
    private let state: BrokerState
    private let writer: Writer
    private let minting = MintBuckets()
    private let revoking = TokenBuckets<AgentID>()
    private let verifying = TokenBuckets<ResourceName>()
    private let tally = Mutex(RefusalTally())
    private let refusedMints = Atomic<Int>(0)
    private let refusedOwnerMints = Atomic<Int>(0)
    private let refusedRevocations = Atomic<Int>(0)
    private let refusedVerifications = Atomic<Int>(0)

    init(live: LiveSettings, wall: any WallClock, clock: BrokerClock, state: BrokerState, writer: Writer) {
        self.live = live
        self.wall = wall
        self.clock = clock
        self.state = state
        self.writer = writer
    }

    /// Token requests that their agent's limit refused, since the start.
    package var refusedMintCount: Int { refusedMints.load(ordering: .relaxed) }

    /// Token requests that their owner's limit alone refused, since the start.
    package var refusedOwnerMintCount: Int { refusedOwnerMints.load(ordering: .relaxed) }

    /// Revocations by an agent itself that were refused, since the start.
    package var refusedRevocationCount: Int { refusedRevocations.load(ordering: .relaxed) }

    /// Questions about tokens that were refused, since the start.
    package var refusedVerificationCount: Int { refusedVerifications.load(ordering: .relaxed) }

    /// Charges a token request to its agent and to the agent's owner; nil when both have room, else whole seconds after
    /// which to ask again, and nothing is charged.
    package func refusesMint(for client: AuthenticatedClient) -> Int64? {
        let settings = live.current
        guard case .agent(let agent) = client.client, settings.mintLimit != nil || settings.ownerMintLimit != nil else {
            return nil
        }
        let now = clock.now()
        let owner = state.read { tables -> OwnerID? in
            // A replayed assertion is refused later; it must not cost the agent anything.
            if let mark = client.mark, tables.used.isSpent(mark, at: now) { return nil }
            return tables.agents[agent]?.spec.owner
        }
        // Without an owner there is no agent any more, and what follows says so.
        guard let owner,
            let refusal = minting.take(
                agent: agent, settings.mintLimit, owner: owner, settings.ownerMintLimit, at: steady())
        else { return nil }
        if refusal.isOwners {
            refusedOwnerMints.add(1, ordering: .relaxed)
        } else {
            refusedMints.add(1, ordering: .relaxed)
        }
        // Told apart by who is over the limit: one owner's many agents make one entry a second.
        write(refusal.isOwners ? owner.text : agent.text, refusal.isOwners ? "limit.mint.owner" : "limit.mint") {
            event in
            event.actor = agent.text
            event.agent = agent
            event.owner = owner
        }
        return Self.seconds(refusal.wait)
    }

    /// Charges a revocation to the agent that asks for it; nil when there is room, else whole seconds to wait.
    ///
    /// The limit is that of its token requests and the bucket another one: an agent that has asked for too many tokens
    /// can still end them, and cannot have the broker verify and write for it without end.
    package func refusesRevocation(for client: AuthenticatedClient) -> Int64? {
        guard case .agent(let agent) = client.client, let limit = live.current.mintLimit else { return nil }
        let now = clock.now()
        if let mark = client.mark, state.read({ $0.used.isSpent(mark, at: now) }) { return nil }
        guard let wait = revoking.take(of: agent, at: steady(), limit: limit) else { return nil }
        refusedRevocations.add(1, ordering: .relaxed)
        write(agent.text, "limit.revoke") { event in
            event.agent = agent
            event.owner = state.read { $0.agents[agent]?.spec.owner }
        }
        return Self.seconds(wait)
    }

    /// Charges `count` questions to the resource that asks; nil when there is room, else whole seconds to wait.
    package func refusesVerification(for asker: VerificationService.Asker, count: Int = 1) -> Int64? {
        guard case .resource(let resource) = asker, let limit = live.current.verifyLimit else { return nil }
        guard let wait = verifying.take(Int64(clamping: count), of: resource, at: steady(), limit: limit) else {
            return nil
        }
        refusedVerifications.add(1, ordering: .relaxed)
        write(resource.text, "limit.verify") { event in
            event.resource = state.read { $0.resources[resource]?.spec.identifier.text }
        }
        return Self.seconds(wait)
    }

    private func steady() -> Int64 {
        max(0, wall.elapsed()).multipliedReportingOverflow(by: 1_000_000).partialValue
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 {
        max(1, (nanoseconds - 1) / 1_000_000_000 + 1)
    }

    private func write(_ name: String, _ rule: String, _ complete: (inout LedgerEvent) -> Void) {
        let second = clock.now().seconds
        guard let unwritten = tally.withLock({ $0.note(name, second: second) }) else { return }
        var event = LedgerEvent(.requestLimited, .refused, actor: name)
        event.decision = "deny"
        event.rule = rule
        if unwritten > 0 { event.reason = "\(unwritten) earlier refusals were not written one by one" }
        complete(&event)
        writer.submit(NoteCommand(events: [event])) { _ in }
    }
}
