internal import MayflyModel
internal import Testing

/// Size is a feature: a token travels in a header at every call.
struct TokenSizeTests {
    @Test func tokenThreeHopsBelowTheRootStaysUnderTwoKilobytes() throws {
        let world = try World()
        let changed = try world.change("/api/v1/agents/leaf") { $0["delegates"] = .array([.string("agent:other")]) }
        #expect(changed.status == 200)
        var token = try world.minted("agent:root")
        for (holder, child) in [
            ("agent:root", "agent:child"), ("agent:child", "agent:leaf"), ("agent:leaf", "agent:other"),
        ] {
            token = try world.delegated(from: holder, parent: token, to: child)
        }
        #expect(try world.isActive(token))
        #expect(token.utf8.count < 2048, "\(token.utf8.count) bytes")
    }

    @Test func aKeyMakesATokenAHundredBytesLonger() throws {
        let bench = try ProofBench()
        let bound = try bench.bound("agent:root", ProofBench.task + [("task", "t")])
        let bearer = try bench.world.minted("agent:root", [("resource", "tickets"), ("task", "t")])
        #expect(bound.utf8.count - bearer.utf8.count <= 100, "\(bound.utf8.count) and \(bearer.utf8.count) bytes")
    }
}
