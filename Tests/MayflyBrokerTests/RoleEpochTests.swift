internal import MayflyModel
internal import Testing

@testable internal import MayflyBroker

/// The short cut over roles that end nothing never leaves out one that does.
struct RoleEpochTests {
    /// The largest epoch that can kill, looked up one by one.
    private static func largest(_ agent: Agent, _ resource: Resource, _ tables: Tables) -> Int64 {
        ([tables.epoch, agent.epoch, resource.epoch, tables.owners[agent.spec.owner]?.epoch ?? 0]
            + agent.spec.roles.map { tables.roles[$0]?.epoch ?? 0 }).max() ?? 0
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func theEpochIsAlwaysTheLargestOfAllThatCanKill(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let world = try World(enrol: [])
        var tables = world.broker.state.copy()
        let resource = try #require(tables.resources.all.min { $0.id < $1.id })
        var roles: [Role] = []
        for number in 0..<6 {
            var role = try #require(tables.roles.all.first)
            role = Role(
                id: try #require(RoleID("role:r\(number)")), spec: role.spec, epoch: 0, createdAt: role.createdAt,
                version: 1)
            roles.append(role)
            tables.apply(.role(role))
        }
        for _ in 0..<400 {
            let epoch = tables.newestEpoch + 1
            switch Int.random(in: 0..<6, using: &generator) {
            case 0:
                var agent = try #require(tables.agents.all.randomElement(using: &generator))
                agent.spec.roles = roles.map(\.id).shuffled(using: &generator).dropLast(3)
                tables.apply(.agent(agent))
            case 1:
                var agent = try #require(tables.agents.all.randomElement(using: &generator))
                agent.epoch = epoch
                tables.apply(.agent(agent))
            case 2:
                var role = try #require(roles.randomElement(using: &generator))
                role.epoch = epoch
                tables.apply(.role(role))
            case 3:
                tables.apply(.removeRole(try #require(roles.randomElement(using: &generator)).id))
            case 4:
                tables.apply(.role(try #require(roles.randomElement(using: &generator))))
            default:
                // Published, and drafted on again.
                let drafted = tables.drafted
                let state = BrokerState(world.broker.state.copy())
                state.absorb(drafted)
                tables = state.copy()
            }
            for agent in tables.agents.all {
                #expect(tables.epoch(of: agent, for: resource) == Self.largest(agent, resource, tables))
            }
        }
    }

    @Test func aRoleKilledBeforeARestartStillKills() throws {
        let world = try World(enrol: ["agent:root"])
        let token = try world.minted("agent:root", [("resource", World.tickets)])
        try #require(try world.isActive(token))
        try #require(try world.revoke(#"{"role": "role:reader", "reason": "r"}"#).status < 300)
        #expect(try !world.isActive(token))
        let again = try World(restarting: world)
        #expect(try !again.isActive(token))
        let fresh = try again.minted("agent:root", [("resource", World.tickets)])
        #expect(try again.isActive(fresh))
    }

    @Test func rightsFollowEachChangeOfRoleResourceAgentAndOwnerAtOnce() throws {
        let world = try World(enrol: ["agent:root"])
        func scopes() throws -> [String] {
            let answer = try world.token("agent:root", [("resource", World.tickets)])
            return answer.string("scope")?.split(separator: " ").map(String.init) ?? []
        }
        #expect(try scopes() == ["tickets.read", "tickets.write"])
        func set(_ path: String, _ scopes: [String]) throws {
            let answer = try world.change(path) { $0["scopes"] = .array(scopes.map { .string($0) }) }
            try #require(answer.status == 200, "\(answer.text)")
        }
        try set("/api/v1/roles/reader", ["tickets.admin"])
        #expect(try scopes() == ["tickets.admin", "tickets.write"])
        try set("/api/v1/roles/reader", [])
        #expect(try scopes() == ["tickets.write"])
        try set("/api/v1/agents/root", ["tickets.read", "tickets.write"])
        #expect(try scopes() == ["tickets.read", "tickets.write"])
        let narrowed = try world.change("/api/v1/resources/tickets") { resource in
            resource["scopes"] = .array([.string("tickets.read")])
            resource["actions"] = .array([])
            resource["routes"] = .array([])
        }
        try #require(narrowed.status == 200, "\(narrowed.text)")
        #expect(try scopes() == ["tickets.read"])
        try #require(try world.admin("POST", "/api/v1/owners/ann/leave").status == 200)
        #expect(try world.token("agent:root", [("resource", World.tickets)]).status == 401)
    }
}
