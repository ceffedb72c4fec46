@testable internal import MayflyBroker
internal import MayflyModel
internal import MayflyServer
internal import Synchronization
internal import Testing

/// Whoever is to be told of something is told, once it is durable and not before, in order, and whatever happens
/// meanwhile.
struct NoticeTests {
    private static func route(_ name: String, _ events: String..., keep: Int64 = 3600) -> NoticeRoute {
        var route = NoticeRoute(name: name, events: events)
        route.keep = keep
        return route
    }

    private static func world(_ routes: NoticeRoute...) throws -> World {
        let world = try World()
        tell(world, routes)
        return world
    }

    private static func tell(_ world: World, _ routes: [NoticeRoute]) {
        var settings = world.broker.settings
        settings.notices = routes
        world.broker.live.replace(with: settings)
    }

    /// A place that does as it is told.
    private final class Place: NoticeTransport {
        private struct State {
            var answers: [NoticeReception] = []
            var letters: [NoticeDesk.Letter] = []
            var isCancelled = false
        }

        private let state = Mutex(State())

        /// `answers` are given one after the other; then everything is taken.
        init(_ answers: [NoticeReception] = []) { state.withLock { $0.answers = answers } }

        func deliver(_ letter: NoticeDesk.Letter, at now: Int64, milliseconds: Int) -> NoticeReception {
            state.withLock { state in
                guard !state.isCancelled else { return .failed }
                state.letters.append(letter)
                return state.answers.isEmpty ? .taken : state.answers.removeFirst()
            }
        }

        func cancel() { state.withLock { $0.isCancelled = true } }
        var letters: [NoticeDesk.Letter] { state.withLock { $0.letters } }
    }

    private static let quick = NoticeCourier.Patience(first: 1, longest: 4)

    /// Waits until nothing is owed to anybody any more.
    private static func settle(_ world: World) {
        for _ in 0..<20_000 {
            let isDone = world.broker.state.read { $0.notices.count } == 0
            // What was committed is counted before the next command is answered.
            world.settle()
            if isDone { return }
        }
        Issue.record("notices are still owed")
    }

    private static func data(_ letter: NoticeDesk.Letter) throws -> JSONObject {
        let body = try JSONParser.parseObject(letter.body)
        #expect(body.names == ["type", "timestamp", "data"])
        return try #require(body["data"]?.objectValue)
    }

    @Test func aRouteIsToldOfWhatItWantsInTheLedgersOrderAndOfNothingElse() throws {
        let world = try Self.world(Self.route("all", "token.*"), Self.route("other", "approval.*"))
        let place = Place()
        let route = try #require(world.broker.settings.notices.first)
        let courier = try NoticeCourier(route, desk: world.broker.notices, transport: place, patience: Self.quick)
        defer { courier.stop() }
        let tokens = try (0..<5).map { _ in try world.minted("agent:root") }
        #expect(try world.token("agent:root", [("resource", "nowhere")]).status == 400)
        Self.settle(world)
        let events = place.letters.map(\.event)
        #expect(events.filter { $0 == "token.issued" }.count >= tokens.count)
        #expect(events.last == "token.refused")
        #expect(events.allSatisfy { $0.hasPrefix("token.") })
        #expect(Set(place.letters.map(\.id)).count == events.count)
        for letter in place.letters {
            let text = String(decoding: letter.body, as: UTF8.self)
            #expect(!tokens.contains { text.contains($0) })
            #expect(try Self.data(letter)["event"]?.stringValue == letter.event)
        }
    }

    @Test func aFailedAttemptIsRepeatedWithTheSameIdAndHoldsBackWhatComesAfter() throws {
        let world = try Self.world(Self.route("all", "token.issued"))
        let place = Place([.failed, .failed, .failed])
        let route = try #require(world.broker.settings.notices.first)
        _ = try world.minted("agent:root")
        _ = try world.minted("agent:root")
        let courier = try NoticeCourier(route, desk: world.broker.notices, transport: place, patience: Self.quick)
        defer { courier.stop() }
        Self.settle(world)
        let ids = place.letters.map(\.id)
        #expect(ids.count == 5)
        #expect(Set(ids.prefix(4)).count == 1)
        #expect(ids.last != ids.first)
        #expect(world.broker.metrics.notices[.delivered] == 2)
    }

    @Test func whatIsRefusedOrTooOldIsGivenUpAndTheLedgerSaysSoAndTellsNobody() throws {
        let world = try Self.world(Self.route("all", "*", keep: 60))
        let route = try #require(world.broker.settings.notices.first)
        _ = try world.minted("agent:root")
        let waiting = world.broker.notices.backlogs().first?.count ?? 0
        #expect(waiting > 0)
        let place = Place([.refused])
        world.clock.advance(30)
        var courier = try NoticeCourier(route, desk: world.broker.notices, transport: place, patience: Self.quick)
        Self.settle(world)
        courier.stop()
        world.broker.notices.removeListeners()
        #expect(world.broker.metrics.notices[.refused] == 1)
        #expect(try SupervisionTests.entry(world, "notice.failed")?["rule"] == .string("notice.refused"))
        // The failure itself, and the reading of it, are told to nobody but those who ask for tokens of admins.
        _ = try world.minted("agent:root")
        world.clock.advance(61)
        courier = try NoticeCourier(route, desk: world.broker.notices, transport: Place(), patience: Self.quick)
        defer { courier.stop() }
        Self.settle(world)
        #expect(world.broker.metrics.notices[.expired] >= 1)
        #expect(try SupervisionTests.entry(world, "notice.failed")?["rule"] == .string("notice.expired"))
    }

    @Test func whatIsOwedOutlivesARestartAndARouteThatIsGoneIsLetGo() throws {
        let world = try Self.world(Self.route("kept", "token.issued"), Self.route("gone", "token.issued"))
        _ = try world.minted("agent:root")
        let second = try World(restarting: world)
        #expect(second.broker.state.read { $0.notices.all.map(\.owed) } == [["kept", "gone"]])
        Self.tell(second, [Self.route("kept", "token.issued")])
        second.broker.notices.forgetOthers()
        second.settle()
        #expect(second.broker.state.read { $0.notices.all.map(\.owed) } == [["kept"]])
        Self.tell(second, [])
        second.broker.notices.forgetOthers()
        second.settle()
        #expect(second.broker.state.read { $0.notices.count } == 0)
    }

    @Test func nothingIsToldThatDidNotBecomeDurable() throws {
        let world = try Self.world(Self.route("all", "token.*"))
        world.store.fail(.full)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 503)
        world.store.fail(nil)
        #expect(world.broker.state.read { $0.notices.count } == 0)
    }

    @Test func aDeliveryThatCannotBeWrittenDownIsNotRepeatedWhileTheBrokerRuns() throws {
        let world = try Self.world(Self.route("all", "token.issued"))
        let place = Place()
        let route = try #require(world.broker.settings.notices.first)
        _ = try world.minted("agent:root")
        world.store.fail(.full)
        let courier = try NoticeCourier(route, desk: world.broker.notices, transport: place, patience: Self.quick)
        defer { courier.stop() }
        while world.broker.metrics.storeErrors[.full] < 5 { world.settle() }
        #expect(place.letters.count == 1)
        world.store.fail(nil)
        Self.settle(world)
        #expect(place.letters.count == 1)
    }

    @Test func filtersLookAtAgentOwnerResourceAndTier() throws {
        var event = LedgerEvent(.tokenIssued, .ok, actor: "agent:root")
        event.agent = AgentID("agent:root")
        event.owner = OwnerID("owner:ann")
        event.resource = World.tickets
        var route = NoticeRoute(name: "r", events: ["token.issued"])
        #expect(route.wants(event))
        route.agents = [try #require(AgentID("agent:other"))]
        #expect(!route.wants(event))
        route.agents = [try #require(AgentID("agent:root"))]
        route.owners = [try #require(OwnerID("owner:bob"))]
        #expect(!route.wants(event))
        event.answering = [try #require(OwnerID("owner:bob"))]
        #expect(route.wants(event))
        route.owners = [try #require(OwnerID("owner:ann"))]
        route.resources = ["https://mail.example"]
        #expect(!route.wants(event))
        route.resources = [World.tickets]
        #expect(route.wants(event))
        route.tiers = [4]
        #expect(!route.wants(event))
        var opened = LedgerEvent(.supervisionOpened, .ok, actor: "agent:root")
        opened.supervision = "id"
        var owners = NoticeRoute(name: "r", events: ["supervision.*"])
        owners.tiers = [2]
        #expect(owners.wants(opened))
        owners.tiers = [3]
        #expect(!owners.wants(opened))
        #expect(NoticeRoute.isKnown("approval.*") && NoticeRoute.isKnown("*") && !NoticeRoute.isKnown("approval"))
        #expect(!NoticeRoute(name: "r", events: ["*"]).wants(LedgerEvent(.noticeFailed, .refused, actor: "broker")))
    }

    @Test func aTestReachesItsRouteAloneAndARouteThatIsNotThereIsSaid() throws {
        let world = try Self.world(Self.route("one", "approval.*"), Self.route("two", "*"))
        #expect(try world.admin("POST", "/api/v1/notices/test", #"{"route": "one"}"#).status == 204)
        let owed = world.broker.state.read { $0.notices.all.map(\.owed) }
        #expect(owed.contains(["one"]))
        #expect(try world.admin("POST", "/api/v1/notices/test", #"{"route": "three"}"#).status == 404)
        let routes = try world.admin("GET", "/api/v1/notices")["routes"]?.arrayValue ?? []
        #expect(routes.first?.objectValue?["waiting"] == .integer(1))
        #expect(routes.first?.objectValue?["oldest"]?.stringValue != nil)
    }

    @Test func pausesGrowToALongestAndNeverTrap() {
        let patience = NoticeCourier.Patience(first: 1000, longest: 300_000)
        #expect([1, 2, 3].map { patience.pause(after: $0) } == [1000, 2000, 4000])
        #expect([9, 10, 1000, .max].map { patience.pause(after: $0) } == [256_000, 300_000, 300_000, 300_000])
        #expect(NoticeCourier.Patience(first: .max, longest: .max).pause(after: 99) == .max)
    }

    @Test func pastTheBoundANoticeIsLostAndCountedAndItsEntryIsThere() throws {
        let world = try Self.world(Self.route("all", "broker.started"))
        let events = [LedgerEvent](
            repeating: LedgerEvent(.brokerStarted, .ok, actor: "test"), count: Notice.maximumKept + 3)
        world.broker.writer.submit(NoteCommand(events: events)) { _ in }
        world.settle()
        #expect(world.broker.state.read { $0.notices.count } == Notice.maximumKept)
        #expect(world.broker.metrics.notices[.lost] == 3)
    }

    @Test func aReceiverThatTakesNothingLeavesTheOthersTheirShare() throws {
        let world = try Self.world(Self.route("dead", "broker.started"), Self.route("live", "token.issued", "revoked"))
        let share = Notice.maximumKept / 2
        let events = [LedgerEvent](repeating: LedgerEvent(.brokerStarted, .ok, actor: "test"), count: share + 3)
        world.broker.writer.submit(NoteCommand(events: events)) { _ in }
        world.settle()
        #expect(world.broker.metrics.notices[.lost] == 3)
        _ = try world.minted("agent:root")
        let place = Place()
        let route = try #require(world.broker.settings.notices.last)
        let courier = try NoticeCourier(route, desk: world.broker.notices, transport: place, patience: Self.quick)
        defer { courier.stop() }
        while world.broker.metrics.notices[.delivered] == 0 { world.settle() }
        #expect(place.letters.first?.event == "token.issued")
        #expect(world.broker.metrics.notices[.lost] == 3)
        #expect(world.broker.notices.backlogs().map(\.count).first == share)
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 7])
    func theIndexOfWhoIsOwedWhatIsThatOfTheRecords(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (index, known) = (NoticeIndex(), [Int64: Notice]())
        let names = ["a", "b", "c"]
        for _ in 0..<2000 {
            let id = Int64.random(in: 0..<60, using: &random)
            let owed = names.filter { _ in Bool.random(using: &random) }
            let new = owed.isEmpty ? nil : Notice(id: id, at: Timestamp(seconds: id), owed: owed)
            index.replace(known[id], with: new)
            known[id] = new
            for name in names {
                let expected = known.values.filter { $0.owed.contains(name) }.map(\.id).sorted()
                #expect(
                    Array(index.first(100, of: name)) == expected && index.count(of: name) == expected.count, "\(seed)")
            }
        }
    }
}
