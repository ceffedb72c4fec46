internal import MayflyModel
internal import Testing

@testable internal import MayflyBroker

/// Pages of agents and owners.
struct ListingTests {
    private static func register(_ world: World, _ names: [String], owner: String = "owner:bob") throws {
        let agents = names.map { #"{"id": "agent:\#($0)", "purpose": "p", "owner": "\#(owner)"}"# }
        let body = #"{"agents": [\#(agents.joined(separator: ","))]}"#
        try #require(try world.admin("POST", "/api/v1/apply", body).status == 200)
    }

    /// One page: its ids, and the cursor of the next one.
    private static func page(
        _ world: World, _ query: String, kind: String = "agents"
    ) throws -> (ids: [String], next: String?) {
        let answer = try world.admin("GET", "/api/v1/\(kind)?\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        let ids = answer[kind]?.arrayValue?.compactMap { $0.objectValue?["id"]?.stringValue }
        return (try #require(ids), answer.string("next_cursor"))
    }

    @Test func pagesWalkAllAgentsInOrderWhileOthersAreRegistered() throws {
        let world = try World(enrol: [])
        try Self.register(world, (0..<700).map { "m-\(1000 + $0)" })
        var seen: [String] = []
        var cursor: String?
        var round = 0
        repeat {
            let (ids, next) = try Self.page(world, "limit=90" + (cursor.map { "&cursor=\($0)" } ?? ""))
            #expect(ids.count == 90 || next == nil)
            seen += ids
            cursor = next
            // One before what was shown, and one far behind it.
            try Self.register(world, ["a-\(round)", "z-\(round)"])
            round += 1
        } while cursor != nil && round < 50
        #expect(seen == seen.sorted() && Set(seen).count == seen.count)
        #expect(Set(seen).isSuperset(of: (0..<700).map { "agent:m-\(1000 + $0)" } + World.agents))
        #expect(seen.contains("agent:z-0") && !seen.contains("agent:a-1"))
    }

    @Test func theLastPageNamesNoNextOne() throws {
        let world = try World(enrol: [])
        let all = World.agents.sorted()
        #expect(try Self.page(world, "limit=4") == (all, nil))
        #expect(try Self.page(world, "limit=3") == (Array(all.prefix(3)), all[2]))
        #expect(try Self.page(world, "limit=3&cursor=\(all[2])") == ([all[3]], nil))
        #expect(try Self.page(world, "cursor=\(all[3])") == ([], nil))
        #expect(try Self.page(world, "cursor=agent%3Ab") == (all.filter { $0 > "agent:b" }, nil))
        #expect(try Self.page(world, "limit=1", kind: "owners") == (["owner:ann"], "owner:ann"))
        #expect(try Self.page(world, "cursor=owner:ann", kind: "owners") == (["owner:bob"], nil))
    }

    @Test func aFilterThatTakesFewOfManyFindsThemAll() throws {
        let world = try World(enrol: [])
        try Self.register(world, (0..<900).map { "m-\(1000 + $0)" })
        let wanted = ["agent:child", "agent:root"]
        #expect(try Self.page(world, "owner=owner:ann&limit=2") == (wanted, nil))
        #expect(try Self.page(world, "owner=owner:ann&limit=1") == (["agent:child"], "agent:child"))
        try Self.register(world, ["m-1899"], owner: "owner:ann")
        #expect(try Self.page(world, "owner=ann&limit=2") == (["agent:child", "agent:m-1899"], "agent:m-1899"))
        try #require(try world.admin("POST", "/api/v1/agents/m-1500/offboard").status == 200)
        #expect(try Self.page(world, "state=offboarded") == (["agent:m-1500"], nil))
    }

    @Test func nothingIsListedThatWasNotMadeDurable() throws {
        let world = try World(enrol: [])
        let token = try world.adminToken()
        let before = world.broker.state.read { $0.agentOrder.prefix(9) { _ in true } }
        world.store.fail(.full)
        let body = #"{"agents": [{"id": "agent:ghost", "purpose": "p", "owner": "owner:bob"}]}"#
        #expect(try world.beginAdmin("POST", "/api/v1/apply", body, token: token).wait().status == 503)
        world.store.fail(nil)
        #expect(world.broker.state.read { $0.agentOrder.prefix(9) { _ in true } } == before)
        try Self.register(world, ["later"])
        #expect(try Self.page(world, "").ids == (World.agents + ["agent:later"]).sorted())
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func sortedIDsAreTheSortedSetOfWhatWasInserted(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var order = SortedIDs<Int>()
        var expected: Set<Int> = []
        for _ in 0..<4000 {
            let id = Int.random(in: 0..<3000, using: &generator)
            order.insert(id)
            expected.insert(id)
        }
        let sorted = expected.sorted()
        #expect(order.prefix(5000) { _ in true } == sorted)
        for _ in 0..<200 {
            let cursor = Int.random(in: -5..<3005, using: &generator)
            let limit = Int.random(in: 0..<700, using: &generator)
            #expect(order.prefix(limit) { $0 > cursor } == Array(sorted.filter { $0 > cursor }.prefix(limit)))
        }
    }
}
