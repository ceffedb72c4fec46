@testable import MayflyBroker
import Testing

/// What is written down of refusals that anyone can cause.
@Suite struct RefusalTallyTests {
    @Test func writesEachNameOnceASecond() {
        var tally = RefusalTally()
        #expect(tally.note("a", second: 1) == 0)
        #expect(tally.note("a", second: 1) == nil)
        #expect(tally.note("b", second: 1) == 0)
        #expect(tally.note("a", second: 2) == 1)
        #expect(tally.note("b", second: 2) == 0)
    }

    @Test func writesFewInAllHoweverManyNamesThereAre() {
        var tally = RefusalTally()
        var written = 0
        var told = 0
        for second in 1...10 as ClosedRange<Int64> {
            for name in 0..<10_000 {
                guard let unwritten = tally.note("agent:\(name)", second: second) else { continue }
                written += 1
                told += unwritten
            }
            #expect(written == Int(second) * RefusalTally.maximumPerSecond)
        }
        #expect(tally.count <= RefusalTally.maximumNames)
        #expect(told > 10_000)
    }

    @Test func failuresUnderManyNamesAreCappedInTheLedger() throws {
        let names = (0..<60).map { "agent:extra\($0)" }
        let world = try World()
        let agents = names.map {
            #"{"id":"\#($0)","purpose":"p","owner":"owner:ann","resources":["tickets"],"scopes":[]}"#
        }
        let applied = try world.admin("POST", "/api/v1/apply", #"{"agents":[\#(agents.joined(separator: ","))]}"#)
        try #require(applied.status == 200, "\(applied.text)")
        let before = try refusals(world)
        let key = try world.key("agent:root")
        for name in names {
            #expect(try world.sendAssertion(try world.assertion(name, key: key)).status == 401)
        }
        #expect(try refusals(world) - before == RefusalTally.maximumPerSecond)
    }

    private func refusals(_ world: World) throws -> Int {
        _ = try world.adminToken()
        let size = try world.store.head().ledgerSize
        return try world.store.ledgerEntries(in: 0..<size).count { $0.terms.event == "client.refused" }
    }
}
