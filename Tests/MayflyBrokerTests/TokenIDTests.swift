import MayflyModel
import Testing

@testable import MayflyBroker

/// Names are drawn many at a time, and none is given twice.
@Suite struct TokenIDTests {
    @Test func noNameIsGivenTwiceHoweverManyAskAtOnce() async throws {
        let names = try await withThrowingTaskGroup(of: [String].self) { group in
            for thread in 0..<8 {
                group.addTask {
                    try (0..<200).flatMap { turn in
                        let count = (thread + turn) % 3 + 1
                        let drawn = try TokenID.random(count: count)
                        return (0..<count).map(drawn.text)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.count == TokenID.length && Base64URL.decode($0)?.count == 16 })
    }

    @Test func aDrawLargerThanWhatIsKeptIsMadeWhole() throws {
        let names = try TokenID.random(count: 100)
        let texts = (0..<100).map(names.text)
        #expect(Set(texts).count == 100)
        #expect(TokenID.isTrace(names.trace(99)) && Base64URL.decode(texts[99])?.count == 16)
    }
}
