import Dispatch
import MayflyCrypto
import MayflyModel
import Synchronization
import Testing

@testable import MayflyBroker

/// What a broker makes of the commits of others, and which answers wait for them.
struct SharedWriterTests {
    /// Moves the revision, or writes down the time, in a command that says that it concerns nobody else.
    private struct QuietCommand: Command {
        static let concernsNobodyElse = true
        let change: Change?

        func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
            Decided((), changes: [change ?? .lastTime(moment.now)])
        }
    }

    @Test func whateverMovesTheRevisionWaitsForAllNodes() throws {
        let broker = try FakeSharedStore(FakeMeeting(isOtherAlive: false)).broker()
        defer { broker.stop() }
        try #require(broker.waitForPermit())
        func held(_ change: Change?) -> UInt64 {
            let before = HeldEnd.allCases.reduce(0) { $0 + broker.metrics.heldEnds[$1] }
            let done = DispatchSemaphore(value: 0)
            broker.writer.submit(QuietCommand(change: change)) { _ in done.signal() }
            done.wait()
            return HeldEnd.allCases.reduce(0) { $0 + broker.metrics.heldEnds[$1] } - before
        }
        // What the broker wrote down when it started may still be held, and go meanwhile.
        let settled = DispatchSemaphore(value: 0)
        broker.writer.whenEverywhere { settled.signal() }
        settled.wait()
        #expect(held(nil) == 0)
        #expect(held(.setting(Setting(id: .epoch, value: 7))) == 1)
    }

    @Test func whatIsRemovedMakesRoomForWhatIsPutInTheSameCommit() throws {
        let store = FakeSharedStore(FakeMeeting(isOtherAlive: true))
        let broker = try store.broker()
        defer { broker.stop() }
        let url = "https://tool.example.com"
        func resource(_ name: String) throws -> Resource {
            var fields = FieldReader(["name": .string(name), "identifier": .string(url), "scopes": .array([])])
            let spec = try ResourceSpec(&fields)
            return Resource(
                id: spec.name, spec: spec, secretDigest: nil, keys: [], epoch: 1, createdAt: Timestamp(seconds: 1),
                version: 1)
        }
        func takeIn(puts: [StoredRecord], deletes: [RecordKey]) throws {
            var head = broker.writer.head
            head.commits += 1
            head.revision += 1
            store.others.withLock {
                $0 = [CommittedBatch(puts: puts, deletes: deletes, marks: [], time: nil, head: head)]
            }
            _ = try broker.writer.catchUp()
        }
        let (old, new) = (try resource("old"), try resource("new"))
        try takeIn(puts: [old.storedRecord], deletes: [])
        try takeIn(puts: [new.storedRecord], deletes: [RecordKey(kind: .resource, key: Resource.key(of: old.id))])
        let identifier = try #require(ResourceURL(url))
        #expect(broker.state.read { $0.resource(identifiedBy: identifier)?.id } == new.id)
    }
}
