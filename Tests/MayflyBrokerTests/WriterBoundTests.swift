@testable import MayflyBroker
import MayflyModel
import Synchronization
import Testing

/// What waits for a store that does not keep up is bounded.
@Suite struct WriterBoundTests {
    @Test func pastTheBoundCommandsAreRefusedAtOnceAndTheOthersAreKept() throws {
        let world = try World()
        let writer = world.broker.writer
        let outcomes = Mutex<[Bool]>([])
        func submit() {
            writer.submit(NoteCommand(events: [])) { result in
                outcomes.withLock { $0.append((try? result.get()) != nil) }
            }
        }
        // One commit is on its way to the disk and stays there.
        world.store.hold()
        writer.submit(NoteCommand(events: [LedgerEvent(.brokerStarted, .ok, actor: "test")])) { _ in }
        world.store.awaitHeld()
        #expect(!world.broker.isFallingBehind)
        for _ in 0..<(Writer.maximumPending / 2) { submit() }
        #expect(world.broker.isFallingBehind)
        for _ in 0..<(Writer.maximumPending / 2) { submit() }
        #expect(outcomes.withLock { $0 } == [])
        for _ in 0..<100 { submit() }
        // Refused by the time that `submit` returned, while the store still hangs.
        #expect(outcomes.withLock { $0 } == [Bool](repeating: false, count: 100))
        let answer = try world.begin("/oauth2/token", as: "agent:root", World.tokenForm).wait()
        #expect(answer.status == 503 && answer.error == "temporarily_unavailable")
        #expect(answer.header("Retry-After") == "1")
        world.store.release()
        world.broker.stop()
        #expect(outcomes.withLock { $0.count { $0 } } == Writer.maximumPending)
    }
}

extension World {
    static let tokenForm: Form = [("grant_type", "client_credentials"), ("resource", "tickets")]
}
