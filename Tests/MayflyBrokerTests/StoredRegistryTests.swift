internal import MayflyCrypto
internal import MayflyModel
internal import Testing

@testable internal import MayflyBroker

/// What a broker makes of a large or damaged registry that it finds in its store.
struct StoredRegistryTests {
    /// Registers `count` agents with one owner, one role, one resource and two scopes each.
    private static func world(agents count: Int) throws -> World {
        let world = try World(enrol: ["agent:root"])
        let agents = (0..<count).map { number in
            #"{"id": "agent:bulk-\#(number)", "purpose": "p", "owner": "owner:bob", "roles": ["role:reader"], "#
                + #""resources": ["tickets"], "scopes": ["tickets.write", "tickets.read"]}"#
        }
        let body = #"{"agents": [\#(agents.joined(separator: ","))]}"#
        try #require(try world.admin("POST", "/api/v1/apply", body).status == 200)
        return world
    }

    /// Replaces a member of an agent's first key in the store, behind the broker's back.
    private static func damage(_ world: World, _ edit: (inout JSONObject) -> Void) throws {
        let agent = try #require(AgentID("agent:root"))
        var record = try #require(world.broker.state.read { $0.agents[agent] }).stored
        var key = try #require(record["keys"]?.arrayValue?.first?.objectValue)
        edit(&key)
        record["keys"] = .array([.object(key)])
        var batch = Batch(head: try world.store.head())
        batch.puts = [
            StoredRecord(
                key: RecordKey(kind: .agent, key: Agent.key(of: agent)), value: JSONWriter.bytes(of: .object(record)))
        ]
        world.broker.stop()
        try world.store.commit(batch)
    }

    @Test func everyRecordOfALargeRegistryIsReadBack() throws {
        let world = try Self.world(agents: 3000)
        let before = world.broker.state.read { $0.agents.all }
        let again = try World(restarting: world)
        let after = again.broker.state.read { $0.agents.all }
        #expect(after.count == 3000 + World.agents.count)
        #expect(after.sorted { $0.id < $1.id } == before.sorted { $0.id < $1.id })
        #expect(again.broker.state.read { $0.owners.all.count } == 2)
    }

    @Test func oneRecordThatCannotBeReadAmongThousandsStopsTheStart() throws {
        let world = try Self.world(agents: 3000)
        world.broker.stop()
        var batch = Batch(head: try world.store.head())
        batch.puts = [
            StoredRecord(key: RecordKey(kind: .agent, key: Array("agent:bulk-1500".utf8)), value: Array("{}".utf8))
        ]
        try world.store.commit(batch)
        #expect(throws: StartError.unreadableRecord) { try World(restarting: world) }
    }

    static let damages: [(name: String, value: JSONValue)] = [
        ("kid", .string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("jwk", .object(["kty": .string("EC"), "crv": .string("P-256"), "x": .string("AA"), "y": .string("AA")])),
        ("jwk", .string("none")),
    ]

    @Test(arguments: damages)
    func aMalformedStoredKeyStopsTheStart(name: String, value: JSONValue) throws {
        let world = try World(enrol: ["agent:root"])
        try Self.damage(world) { $0[name] = value }
        #expect(throws: StartError.unreadableRecord) { try World(restarting: world) }
    }

    @Test func aKeyWhoseNumbersWereExchangedStopsTheStart() throws {
        let world = try World(enrol: ["agent:root"])
        let other = try PrivateKey.generate(.es256).publicKey.jwk
        try Self.damage(world) { $0["jwk"] = .object(other) }
        #expect(throws: StartError.unreadableRecord) { try World(restarting: world) }
    }

    /// The thumbprint is made to fit, as only who writes the store could do: found at the first use, and fails closed.
    @Test func aStoredPointOffTheCurveNeverAuthenticates() throws {
        let world = try World(enrol: ["agent:root"])
        let own = try world.key("agent:root").publicKey
        var jwk = own.jwk
        let y = try #require(jwk["y"]?.stringValue.flatMap { Base64URL.decode($0) })
        jwk["y"] = .string(Base64URL.encode(y.dropLast() + [(y.last ?? 0) ^ 1]))
        let damaged = try PublicKey(registered: jwk)
        try Self.damage(world) { key in
            key["jwk"] = .object(jwk)
            key["kid"] = .string(damaged.thumbprint)
        }
        let again = try World(restarting: world)
        for _ in 0..<2 {
            let answer = try again.token("agent:root", [("resource", World.tickets)])
            #expect(answer.status == 401)
            #expect(answer.error == "invalid_client")
        }
    }

    @Test func aCopyOfAnAgentChangesAlone() throws {
        let world = try World(enrol: ["agent:root"])
        let id = try #require(AgentID("agent:root"))
        let agent = try #require(world.broker.state.read { $0.agents[id] })
        var copy = agent
        #expect(copy == agent)
        copy.epoch = 7
        copy.spec.scopes = ScopeSet([])
        copy.keys = []
        #expect(copy != agent)
        #expect(agent.epoch == 0 && !agent.spec.scopes.isEmpty && agent.keys.count == 1)
        #expect(world.broker.state.read { $0.agents[id] } == agent)
    }

    /// Where a table keeps its rows; the copy that is looked at is let go of before this returns.
    private static func storage<R: Record>(_ world: World, _ table: @Sendable (borrowing Tables) -> Table<R>) throws
        -> UInt
    {
        let rows = Mirror(reflecting: world.broker.state.read(table)).descendant("rows")
        return unsafeBitCast(try #require(rows as? [R.ID: R]), to: UInt.self)
    }

    /// A copy of the table at every commit would cost more the more agents there are.
    @Test func publishingChangesTheRowsInPlace() throws {
        let world = try Self.world(agents: 100)
        let before = try Self.storage(world) { $0.agents }
        for step in ["suspend", "resume", "offboard"] {
            let id = try #require(AgentID("agent:root"))
            let version = world.broker.state.read { $0.agents[id]?.version }
            try #require(try world.admin("POST", "/api/v1/agents/root/\(step)").status == 200)
            #expect(world.broker.state.read { $0.agents[id]?.version } != version)
            #expect(try Self.storage(world) { $0.agents } == before, "\(step)")
        }
    }
}
