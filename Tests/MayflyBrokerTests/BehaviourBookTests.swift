import Dispatch
@testable import MayflyBroker
import MayflyModel
import MayflyPolicy
import Synchronization
import Testing

/// The book of all agents: what it learns from, what it raises, what it keeps.
struct BehaviourBookTests {
    private static func allowed(_ agent: String, scope: String = "tickets.read") throws -> LedgerEvent {
        var event = LedgerEvent(.actionDecided, .allowed, actor: "tickets")
        event.agent = AgentID(agent)
        event.scope = scope
        event.resource = World.tickets
        return event
    }

    private static let start = Timestamp(seconds: 1_800_000_000)

    @Test func onlyWhatAnAgentDidItselfCounts() throws {
        let book = BehaviourBook([], writer: nil, metrics: BrokerMetrics())
        for kind in LedgerEvent.Kind.allCases {
            var event = LedgerEvent(kind, .refused, actor: "agent:root")
            event.agent = AgentID("agent:root")
            event.rule = "assertion.replayed"
            let counts = BehaviourRequest.observed(in: event) != nil
            let mayCount: Set<LedgerEvent.Kind> = [.tokenIssued, .tokenDelegated, .ticketIssued, .actionDecided]
            #expect(counts == mayCount.contains(kind), "\(kind)")
        }
        // A token of an administrator has no agent.
        book.committed([[LedgerEvent(.tokenIssued, .ok, actor: "admin:ops")]], at: Self.start)
        #expect(book.count == 0)
    }

    @Test(arguments: [
        (LedgerEvent.Kind.actionDecided, "proof_required", false), (.actionDecided, "proof_invalid", false),
        (.actionDecided, "policy_changed", false), (.actionDecided, "supervision_full", false),
        (.actionDecided, "token_inactive", false), (.actionDecided, "scope_missing", true),
        (.actionDecided, "quota_exhausted", true), (.tokenRefused, "use_dpop_nonce", false),
        (.tokenRefused, "temporarily_unavailable", false), (.tokenRefused, "withdrawn", false),
        (.tokenRefused, "policy.changed", false), (.tokenRefused, "supervision.full", false),
        (.tokenRefused, "invalid_dpop_proof", true), (.tokenRefused, "invalid_scope", true),
    ])
    func aRefusalThatIsNotTheAgentsIsNotCounted(_ kind: LedgerEvent.Kind, _ rule: String, _ counts: Bool) {
        var event = LedgerEvent(kind, .refused, actor: "agent:root")
        event.agent = AgentID("agent:root")
        event.rule = rule
        #expect((BehaviourRequest.observed(in: event)?.request.isRefused ?? false) == counts)
    }

    @Test func aRefusalThatRestsOnTheBehaviourIsNoRefusal() throws {
        func refused(restingOnBehaviour rests: Bool) throws -> BehaviourRequest {
            let condition = rests ? "behaviour.burst > 0.5" : "tier == 1"
            let json =
                "{\"policy\": \"t\", \"rules\": [{\"id\": \"no\", \"decision\": \"deny\", \"rationale\": \"r\", "
                + "\"when\": \"\(condition)\"}]}"
            let document = try JSONParser.parseObject(Array(json.utf8))
            let version = PolicyVersion(
                number: 1, bundle: try PolicyBundle(FieldReader(document)), document: document, author: "admin:ops",
                rationale: "r", createdAt: Self.start)
            let facts = PolicyFacts(
                phase: .mint,
                agent: .init(
                    id: "agent:root", kind: "agent", risk: "low", owner: "owner:ann", roles: [], createdAt: Self.start),
                resource: "tickets", scopes: ["tickets.read"], now: Self.start, behaviour: .unknown)
            var event = LedgerEvent(.tokenRefused, .refused, actor: "agent:root")
            event.agent = AgentID("agent:root")
            event.govern(by: .make(facts, by: version, shadow: nil))
            return try #require(BehaviourRequest.observed(in: event)).request
        }
        #expect(try refused(restingOnBehaviour: false).isRefused)
        let resting = try refused(restingOnBehaviour: true)
        #expect(!resting.isRefused && !resting.isAllowed)
    }

    @Test func agentsThatWereIdleLongestAreForgottenFirst() throws {
        let book = BehaviourBook([], writer: nil, metrics: BrokerMetrics(), maximum: 100)
        for index in 0..<1000 {
            let time = Self.start.advanced(bySeconds: Int64(index) * 60)
            book.committed([[try Self.allowed("agent:a\(index)"), try Self.allowed("agent:always")]], at: time)
            #expect(book.count <= 100)
        }
        #expect(book.look(at: try #require(AgentID("agent:always")))?.seen == 1000)
        #expect(book.look(at: try #require(AgentID("agent:a999"))) != nil)
        #expect(book.look(at: try #require(AgentID("agent:a0"))) == nil)
        // More records than are kept are cut when they are loaded, too.
        let records = try (0..<50).map { index in
            BehaviourRecord(
                id: try #require(AgentID("agent:r\(index)")),
                behaviour: AgentBehaviour(at: BehaviourTime(minute: Int64(index))))
        }
        let small = BehaviourBook(records, writer: nil, metrics: BrokerMetrics(), maximum: 20)
        #expect(small.count <= 20)
        #expect(small.look(at: try #require(AgentID("agent:r49"))) != nil)
    }

    @Test func sixteenThreadsCountEveryEventOnce() throws {
        let book = BehaviourBook([], writer: nil, metrics: BrokerMetrics())
        let events = try (0..<4).map { try Self.allowed("agent:a\($0)", scope: "s.\($0) s.other") }
        let question = BehaviourRequest(phase: .action, scopes: ["s.0"], resource: World.tickets)
        DispatchQueue.concurrentPerform(iterations: 16) { thread in
            for turn in 0..<500 {
                let time = Self.start.advanced(bySeconds: Int64(turn) * (thread % 2 == 0 ? 7 : -3))
                book.committed([events], at: time)
                for event in events {
                    guard let agent = event.agent else { continue }
                    let facts = book.facts(of: question, by: agent, at: time)
                    #expect(facts.anomaly(for: "s.0") <= .full)
                }
            }
        }
        for event in events {
            #expect(book.look(at: try #require(event.agent))?.seen == 8000)
        }
    }

    // MARK: Keeping

    private static func seen(_ world: World, _ agent: String = "agent:root") throws -> Int64 {
        world.broker.behaviour.look(at: try #require(AgentID(agent)))?.seen ?? 0
    }

    @Test func aRestartKeepsWhatIsUsual() throws {
        let world = try World()
        for _ in 0..<25 { _ = try world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")]) }
        let id = try #require(AgentID("agent:root"))
        let before = world.broker.behaviour.look(at: id)
        let again = try World(restarting: world)
        #expect(again.broker.behaviour.look(at: id) == before)
        #expect(try Self.seen(again) == 25)
        _ = try again.minted("agent:root", [("resource", "mail")])
        again.settle()
        #expect(again.broker.metrics.deviations[.newResource] == 1)
        // Long after the last request nothing is left in the store either.
        again.broker.stop()
        again.clock.advance(61 * 86_400)
        let late = try World(restarting: again)
        while try late.broker.removeExpired() {}
        late.clock.advance(2)
        late.settle()
        while try late.broker.removeExpired() {}
        var kept: [String] = []
        try late.store.loadRecords { record in
            if record.key.kind == .behaviour { kept.append(String(decoding: record.key.key, as: UTF8.self)) }
        }
        #expect(kept == [])
    }

    /// A second broker on the same store is what a start after `kill -9` finds.
    @Test func aKillForgetsTheLastMinuteAndNothingElse() throws {
        let world = try World()
        func kept() throws -> Int64 {
            world.settle()
            var seen: Int64 = 0
            var failure: FieldError?
            try world.store.loadRecords { record in
                guard record.key.kind == .behaviour, record.key.key.elementsEqual("agent:root".utf8),
                    let object = try? JSONParser.parseObject(record.value)
                else { return }
                do throws(FieldError) {
                    seen = try BehaviourRecord(stored: object).behaviour.seen
                } catch {
                    failure = error
                }
            }
            #expect(failure == nil)
            return seen
        }
        _ = try world.minted("agent:root")
        while try world.broker.removeExpired() {}
        #expect(try kept() == 1)
        _ = try world.minted("agent:root")
        world.clock.advance(59)
        while try world.broker.removeExpired() {}
        #expect(try kept() == 1)
        world.clock.advance(1)
        while try world.broker.removeExpired() {}
        #expect(try kept() == 2)
        // What the store does not take is tried again a minute later.
        _ = try world.minted("agent:root")
        world.clock.advance(60)
        world.store.fail(.full)
        _ = world.broker.behaviour.keepSome(at: world.clock.now())
        world.settle()
        world.store.fail(nil)
        world.settle()
        #expect(try kept() == 2)
        // Something else has to find out that it takes commits again.
        _ = try world.adminToken()
        world.clock.advance(60)
        while try world.broker.removeExpired() {}
        #expect(try kept() == 3)
    }

    @Test func theStoreForgetsWhomMemoryForgot() throws {
        let world = try World(enrol: [])
        let book = BehaviourBook([], writer: world.broker.writer, metrics: BrokerMetrics(), maximum: 160)
        func kept() throws -> Set<String> {
            world.settle()
            var names: Set<String> = []
            try world.store.loadRecords { record in
                guard record.key.kind == .behaviour else { return }
                names.insert(String(decoding: record.key.key, as: UTF8.self))
            }
            return names
        }
        for round in 0..<5 {
            let events = try (0..<150).map { try Self.allowed("agent:a\(round * 100 + $0)") }
            world.clock.advance(60)
            book.committed([events], at: world.clock.now())
            while book.keepSome(at: world.clock.now()) {}
            #expect(try kept().count == book.count)
        }
        // One that came back before it was removed stays.
        book.committed([[try Self.allowed("agent:a0")]], at: world.clock.now())
        world.clock.advance(60)
        while book.keepSome(at: world.clock.now()) {}
        #expect(try kept().contains("agent:a0"))
        #expect(try kept().count == book.count)
    }

    @Test func manyAgentsAreKeptInBoundedSteps() throws {
        let world = try World(enrol: [])
        let book = world.broker.behaviour
        let events = try (0..<1000).map { try Self.allowed("agent:a\($0)") }
        book.committed([events], at: world.clock.now())
        var steps = 0
        while book.keepSome(at: world.clock.now()) { steps += 1 }
        #expect(steps == (1000 - 1) / BehaviourBook.step)
        world.settle()
        #expect(try World(restarting: world).broker.behaviour.count == 1000)
    }
}
