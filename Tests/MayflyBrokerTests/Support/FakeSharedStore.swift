internal import Dispatch
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyStorage
internal import Synchronization
internal import Testing

/// A store in memory to which others commit what a test says.
final class FakeSharedStore: SharedStore, ForwardingStore {
    let inner = MemoryStore()
    /// What another broker has committed and this one has not taken in.
    let others = Mutex<[CommittedBatch]>([])
    private let place: FakeMeeting

    init(_ place: FakeMeeting) {
        self.place = place
        let inner = inner
        place.head.withLock { $0 = { () throws(StoreError) in try inner.head() } }
    }

    func takeTurn(after head: StoreHead) throws(StoreError) -> StoreTurn {
        StoreTurn(commits: [], isComplete: true, storeTime: Timestamp(seconds: 1_800_000_000))
    }
    func endTurn() {}
    /// Once what `others` has.
    func commits(after head: StoreHead) throws(StoreError) -> [CommittedBatch] {
        others.withLock { others in
            defer { others = [] }
            return others
        }
    }
    func meeting() throws(StoreError) -> any ClusterMeeting { place }

    /// A broker that shares it.
    func broker() throws -> Broker {
        let (vault, clock) = (MemoryVault(), TestClock())
        try Broker.create(
            in: inner, vault: vault, admin: try #require(AdminID("admin:ops")),
            adminKey: try PrivateKey.generate(.es256).publicKey, wall: clock)
        return try Broker(
            settings: BrokerSettings(issuer: World.issuer), store: self, vault: vault, wall: clock,
            signer: try Ed25519NoteSigner(name: "broker.example", privateKey: try PrivateKey.generate(.edDSA)),
            log: SilentLog(),
            node: ClusterNode(name: "b", address: "127.0.0.1:1", terms: LeaseTerms(milliseconds: 500)))
    }
}

/// Where the broker meets one other: it has everything in memory and renews its lease, or does neither.
final class FakeMeeting: ClusterMeeting {
    let session: Int64 = 7
    /// Where the store stands.
    let head = Mutex<@Sendable () throws(StoreError) -> StoreHead>({ StoreHead() })
    private let isOtherAlive: Bool
    private let own = Mutex<(renewals: Int64, applied: UInt64)?>(nil)
    private let looks = Atomic<Int64>(0)
    private let bell = DispatchSemaphore(value: 0)

    init(isOtherAlive: Bool) { self.isOtherAlive = isOtherAlive }

    func join(_ node: ClusterNode, holding commits: UInt64) throws(StoreError) {
        own.withLock { $0 = (($0?.renewals ?? 0) + 1, commits) }
    }

    func renew(holding commits: UInt64) throws(StoreError) -> StoreHead? {
        let head = try head.withLock { $0 }()
        return own.withLock { own in
            guard let known = own else { return nil }
            own = (known.renewals + 1, max(known.applied, commits))
            return head
        }
    }

    func acknowledge(_ head: StoreHead) throws(StoreError) {
        own.withLock { own in own = own.map { ($0.renewals, max($0.applied, head.commits)) } }
    }

    func members() throws(StoreError) -> [ClusterMemberRow] {
        let look = looks.add(1, ordering: .relaxed).newValue
        let other = ClusterMemberRow(
            session: 9, name: "c", address: "127.0.0.1:2", renewals: isOtherAlive ? look : 1,
            applied: isOtherAlive ? 1_000_000 : 0)
        guard let own = own.withLock({ $0 }) else { return [other] }
        let mine = ClusterMemberRow(
            session: session, name: "b", address: "127.0.0.1:1", renewals: own.renewals, applied: own.applied)
        return [mine, other]
    }

    func leave() throws(StoreError) {}
    func remove(_ members: [ClusterMemberRow]) throws(StoreError) {}

    func listen(milliseconds: Int64) throws(StoreError) -> ClusterNews {
        _ = bell.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        return ClusterNews()
    }

    func interrupt() { bell.signal() }
}
