import Glibc
@testable import MayflyBroker
import MayflyModel
import Synchronization
import Testing

/// Who observes the ledger sees what is durable, in order, before its callers are answered.
@Suite struct LedgerObserverTests {
    private final class Witness: LedgerObserver {
        let actors = Mutex<[String]>([])

        func committed(_ events: [[LedgerEvent]], at now: Timestamp) {
            actors.withLock { $0 += events.joined().map(\.actor) }
        }
    }

    @Test func anObserverSeesEventsBeforeTheyAreAnsweredAndNoneThatFailed() throws {
        let world = try World()
        let witness = Witness()
        let writer = world.broker.writer
        writer.add(witness)
        let seen = Mutex<[[String]]>([])
        func submit(_ actor: String) {
            writer.submit(NoteCommand(events: [LedgerEvent(.brokerStarted, .ok, actor: actor)])) { _ in
                let actors = witness.actors.withLock { $0 }
                seen.withLock { $0.append(actors) }
            }
        }
        submit("first")
        submit("second")
        world.broker.stop()
        let answers = seen.withLock { $0 }
        #expect(answers.count == 2)
        #expect(answers.first?.first == "first")
        #expect(answers.last == ["first", "second"])
        submit("late")
        #expect(witness.actors.withLock { $0 } == ["first", "second"])
    }

    @Test func nothingHoldsTheStoreOfABrokerThatHasStopped() throws {
        weak var store: TestStore?
        do {
            let world = try World()
            store = world.store
            #expect(store != nil)
            let parent = try world.minted("agent:root")
            let child = try world.delegated(from: "agent:root", parent: parent, to: "agent:child")
            #expect(try world.isActive(child))
            #expect(try world.token("agent:root", [("resource", "nowhere")]).status == 400)
            let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
            let question =
                #"{"subject":{"type":"access_token","id":"\#(child)"},"action":{"name":"view"},"#
                + #""resource":{"type":"thing","id":"1"}}"#
            let decided = try world.handler.send(
                "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: question)
            #expect(decided.status == 200)
            #expect(try world.revoke(#"{"agent": "agent:child", "reason": "test"}"#).status == 200)
            while try world.broker.removeExpired() {}
            world.broker.watchLifecycles()
            world.broker.stop()
        }
        #expect(store == nil)
    }

    @Test func nothingHoldsTheStoreOfABrokerThatNobodyStopped() throws {
        weak var store: TestStore?
        do {
            let world = try World()
            store = world.store
            #expect(store != nil)
            #expect(try world.isActive(try world.minted("agent:root")))
            world.settle()
        }
        // The writer's thread may hold it for the rest of its turn.
        let end = ContinuousClock.now + .seconds(10)
        while store != nil, .now < end { sched_yield() }
        #expect(store == nil)
    }
}
