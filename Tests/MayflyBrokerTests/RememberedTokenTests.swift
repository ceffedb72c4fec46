import MayflyBroker
import Testing

/// A token that this broker has just handed out needs no signature to be checked, whichever grant it came by.
@Suite struct RememberedTokenTests {
    /// How many tokens `world` had to verify by their signature while `token` was asked about for the first time.
    private func misses(_ token: String, as kind: TokenKind = .accessToken, _ world: World) -> UInt64 {
        let metrics = world.broker.metrics
        let before = metrics.knownTokens[.miss]
        #expect(world.broker.verifier.verify(Array(token.utf8), as: kind) != nil)
        return metrics.knownTokens[.miss] - before
    }

    @Test func ofAnAgentsOwnAndOfAnAdministrator() throws {
        let world = try World()
        #expect(misses(try world.minted("agent:root"), world) == 0)
        #expect(misses(try world.adminToken(), world) == 0)
    }

    @Test func ofATicketAndOfWhoRedeemsIt() throws {
        let world = try World()
        let parent = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: parent, for: "agent:child")
        try #require(ticket.status == 200, "\(ticket.text)")
        #expect(misses(ticket.accessToken, as: .ticket, world) == 0)
        let child = try world.redeem("agent:child", ticket: ticket.accessToken)
        try #require(child.status == 200, "\(child.text)")
        #expect(misses(child.accessToken, world) == 0)
    }

    @Test func ofAnAgentThatActsForAPerson() throws {
        let bench = try PersonBench()
        #expect(misses(try bench.token(), bench.world) == 0)
    }

    @Test func ofABrokerThatDidNotMintIt() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        #expect(misses(token, try World(restarting: world)) == 1)
    }
}
