@testable import MayflyBroker
import MayflyModel
import Synchronization
import Testing

/// A token that was found alive is believed only while nothing has changed.
@Suite struct StandingMarkTests {
    private static let now = Timestamp(seconds: 1_900_000_000)

    /// A mark as a reference, since the macros copy what they look at.
    private final class Mark: Sendable {
        private let mark = StandingMark()

        func note(version: UInt64, until end: Timestamp) { mark.note(version: version, until: end) }
        func holds(at version: UInt64, _ now: Timestamp) -> Bool { mark.holds(at: version, now) }
    }

    @Test func aMarkHoldsAtItsVersionAndBeforeItsEnd() {
        let mark = Mark()
        #expect(!mark.holds(at: 0, Self.now) && !mark.holds(at: 1, Self.now))
        let end = Self.now.advanced(bySeconds: 10)
        mark.note(version: 7, until: end)
        #expect(mark.holds(at: 7, Self.now))
        #expect(mark.holds(at: 7, end.advanced(bySeconds: -1)))
        #expect(!mark.holds(at: 7, end))
        #expect(!mark.holds(at: 6, Self.now) && !mark.holds(at: 8, Self.now))
        mark.note(version: 8, until: Timestamp(milliseconds: Int64.max))
        #expect(mark.holds(at: 8, Self.now) && !mark.holds(at: 7, Self.now))
    }

    @Test func anEndThatHasPassedOrLiesBefore1970NeverHolds() {
        let mark = Mark()
        mark.note(version: 3, until: Self.now)
        #expect(!mark.holds(at: 3, Self.now))
        mark.note(version: 3, until: Timestamp(milliseconds: Int64.min))
        #expect(!mark.holds(at: 3, Self.now) && !mark.holds(at: 3, Timestamp(seconds: 0)))
    }

    @Test func aKnownTokenEndsWithItsAgentThoughNothingChanges() throws {
        let world = try World()
        let end = RFC3339.format(world.clock.now().advanced(bySeconds: 50))
        let token = try world.minted("agent:root")
        #expect(try world.change("/api/v1/agents/root") { $0["end_date"] = .string(end) }.status == 200)
        // The end date was brought forward, so the token from before is dead; the next one lives until then.
        #expect(try !world.isActive(token))
        let last = try world.minted("agent:root")
        let verifier = world.broker.verifier
        for _ in 0..<3 { #expect(verifier.verify(Array(last.utf8), as: .accessToken) != nil) }
        let version = world.broker.state.version
        world.clock.advance(50)
        #expect(verifier.verify(Array(last.utf8), as: .accessToken) == nil)
        #expect(world.broker.state.version == version)
    }

    /// Says that a revocation has been answered.
    private final class Answered: Sendable {
        let flag = Atomic<Bool>(false)
    }

    @Test func noQuestionAfterARevocationIsAnsweredFromBefore() async throws {
        let world = try World()
        let verifier = world.broker.verifier
        for trial in 0..<100 {
            let token = Array(try world.minted("agent:root").utf8)
            #expect(verifier.verify(token, as: .accessToken) != nil)
            let answered = Answered()
            let asking = Task.detached {
                while !answered.flag.load(ordering: .acquiring) { _ = verifier.verify(token, as: .accessToken) }
                // Whatever was noted meanwhile, the revocation has been answered by now.
                return verifier.verify(token, as: .accessToken) == nil
            }
            let revoked = try world.revoke(#"{"agent":"agent:root","reason":"trial"}"#)
            #expect(verifier.verify(token, as: .accessToken) == nil, "trial \(trial)")
            answered.flag.store(true, ordering: .releasing)
            #expect((200..<300).contains(revoked.status), "\(revoked.text)")
            #expect(await asking.value, "trial \(trial)")
        }
    }
}
