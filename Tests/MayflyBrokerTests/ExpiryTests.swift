internal import Dispatch
internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyStorage
internal import Synchronization
internal import Testing

/// What has expired leaves memory and the store, in small steps, and nothing leaves them too early.
struct ExpiryTests {
    /// The largest answers that `removeExpired` of a store was asked for and gave.
    private final class Steps: Sendable {
        let largest = Mutex((asked: 0, removed: 0, count: 0))
    }

    /// A broker on a SQLite store in a directory of its own.
    private final class Bench {
        let clock = TestClock()
        let store: SQLiteStore
        let steps = Steps()
        let broker: Broker
        private let path: String
        private var pattern = Array("/tmp/mayfly-expiry-XXXXXX".utf8CString)

        /// A broker whose ledger names `tokens` tokens, so that they can be revoked.
        init(tokens: Int) throws {
            try #require(mkdtemp(&pattern) != nil)
            path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            store = try SQLiteStore(path: path + "/store", mode: .create)
            let vault = MemoryVault()
            let admin = try PrivateKey.generate(.es256)
            try Broker.create(
                in: store, vault: vault, admin: try #require(AdminID("admin:ops")), adminKey: admin.publicKey,
                wall: clock)
            try Self.write(tokens: tokens, into: store, at: clock.now())
            broker = try Broker(
                settings: BrokerSettings(issuer: World.issuer), store: MeteredStore(store, steps), vault: vault,
                wall: clock, signer: try Ed25519NoteSigner(name: "b", privateKey: try PrivateKey.generate(.edDSA)),
                log: SilentLog())
        }

        private static func write(tokens: Int, into store: SQLiteStore, at now: Timestamp) throws {
            let head = try store.head()
            var frontier = try MerkleFrontier(size: head.ledgerSize, hashes: head.frontier)
            var batch = Batch(head: head)
            for number in 0..<tokens {
                var event = LedgerEvent(.tokenIssued, .ok, actor: "agent:a")
                event.token = "token-\(number)"
                let entry = event.entry(index: frontier.size, time: now)
                batch.entries.append(entry)
                batch.subtrees += frontier.append(entry.leafHash).map {
                    LedgerSubtree(level: $0.level, index: $0.index, hash: $0.hash)
                }
            }
            batch.head.ledgerSize = frontier.size
            batch.head.frontier = frontier.hashes
            try store.commit(batch)
        }

        deinit {
            broker.stop()
            for name in ["store", "store-wal", "store-shm", "store.lock"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        /// Uses up `count` fresh things and revokes tokens; returns when all of it is durable.
        func use(_ count: Int, revoking tokens: Range<Int>, life: Int64, name: String) throws {
            let admin = Client.admin(try #require(AdminID("admin:ops")))
            let expires = clock.now().advanced(bySeconds: life)
            let group = DispatchGroup()
            let failures = Atomic(0)
            for number in 0..<count {
                let mark = UsedMark(id: SHA256.digest(of: Array("\(name)/\(number)".utf8)), expires: expires)
                group.enter()
                broker.consume(AuthenticatedClient(client: admin, mark: mark)) { result in
                    if case .failure = result { failures.add(1, ordering: .relaxed) }
                    group.leave()
                }
            }
            for number in tokens {
                group.enter()
                broker.administration.revoke(
                    .token("token-\(number)"), reason: "", by: "admin:ops"
                ) { result in
                    if case .failure = result { failures.add(1, ordering: .relaxed) }
                    group.leave()
                }
            }
            group.wait()
            #expect(failures.load(ordering: .relaxed) == 0)
        }

        func clean() throws {
            while try broker.removeExpired() {}
        }

        func stored(_ kind: RecordKind) throws -> Int {
            var count = 0
            try store.loadRecords { if $0.key.kind == kind { count += 1 } }
            return count
        }

        func storedMarks() throws -> Int {
            var count = 0
            try store.loadMarks { _ in count += 1 }
            return count
        }
    }

    /// A store that remembers how large the steps of clean-up were.
    private final class MeteredStore: ForwardingStore {
        let inner: SQLiteStore
        private let steps: Steps

        init(_ inner: SQLiteStore, _ steps: Steps) { (self.inner, self.steps) = (inner, steps) }

        func removeExpired(at moment: Timestamp, limit: Int) throws(StoreError) -> Int {
            let removed = try inner.removeExpired(at: moment, limit: limit)
            steps.largest.withLock {
                $0 = (asked: max($0.asked, limit), removed: max($0.removed, removed), count: $0.count + 1)
            }
            return removed
        }
    }

    @Test func anHourOfUseLeavesNoMoreThanTheLiveSetInMemoryAndInTheStore() throws {
        let bench = try Bench(tokens: 1300)
        let tick: Int64 = 6
        let marks = 60
        let life: Int64 = 120
        // A revocation by name is remembered for an hour and the clock skew.
        let memory: Int64 = 3630
        for number in 0..<1300 {
            try bench.use(marks, revoking: number..<number + 1, life: life, name: "\(number)")
            bench.clock.advance(tick)
            let tickNumber = Int64(number) + 1
            try bench.clean()
            let live = Int(min(tickNumber, life / tick)) * marks
            // What shares a bucket with what lives is kept for a minute more.
            let slack = (Int(64 / tick) + 2) * marks
            #expect(bench.broker.state.read { $0.used.count } <= live + slack)
            #expect(bench.broker.state.read { $0.revocations.count } <= Int(memory / tick) + 2)
            guard tickNumber.isMultiple(of: 100) else { continue }
            #expect(try bench.storedMarks() <= live + marks)
            #expect(try bench.stored(.revocation) <= Int(memory / tick) + 2)
        }
        let (asked, removed, count) = bench.steps.largest.withLock { $0 }
        #expect(asked <= 200)
        #expect(removed <= asked)
        #expect(count > 1300)
        // Nobody asks for anything any more: all of it goes, although no entry moves the ledger's time.
        bench.clock.advance(7200)
        try bench.clean()
        #expect(bench.broker.state.read { $0.used.count } == 0)
        #expect(bench.broker.state.read { $0.revocations.count } == 0)
        #expect(try bench.storedMarks() == 0)
        #expect(try bench.stored(.revocation) == 0)
    }

    @Test func stepsOfCleanUpKeepUpWithMoreThanOneStepRemoves() throws {
        let bench = try Bench(tokens: 500)
        for second in 0..<5 {
            try bench.use(500, revoking: second * 100..<(second + 1) * 100, life: 60, name: "\(second)")
            bench.clock.advance(1)
        }
        bench.clock.advance(7200)
        var steps = 0
        while try bench.broker.removeExpired() { steps += 1 }
        #expect(steps > 2)
        #expect(try bench.storedMarks() == 0)
        #expect(try bench.stored(.revocation) == 0)
        #expect(bench.steps.largest.withLock { $0.removed } <= 200)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func noAssertionIsTakenTwiceWhateverTheClockDoes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var world = try World()
        var assertions: [(compact: String, wasTaken: Bool)] = []
        var taken = 0
        func send(_ compact: String) throws -> Int {
            try world.post(
                "/oauth2/token", as: nil,
                [
                    ("grant_type", "client_credentials"), ("resource", "tickets"),
                    ("client_assertion_type", World.assertionType), ("client_assertion", compact),
                ]
            ).status
        }
        for _ in 0..<300 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0...2:
                var claims = world.claims("agent:root")
                claims["exp"] = .integer(world.clock.now().seconds + Int64.random(in: -29...330, using: &random))
                assertions.append((try world.assertion("agent:root", claims: claims), false))
            case 3...6:
                guard let index = assertions.indices.randomElement(using: &random) else { continue }
                let status = try send(assertions[index].compact)
                if status == 200 {
                    #expect(!assertions[index].wasTaken, "seed \(seed): assertion \(index)")
                    assertions[index].wasTaken = true
                    taken += 1
                }
            case 7: world.clock.advance(Int64.random(in: 1...120, using: &random))
            case 8: world.clock.step(Int64.random(in: -100 ... -1, using: &random))
            case 9: world.clock.step(Int64.random(in: 1...100, using: &random))
            case 10: while try world.broker.removeExpired() {}
            default:
                if let again = try? World(restarting: world) {
                    world = again
                } else {
                    // The clock is behind what was written down, so the start was refused; set it right.
                    world.clock.step(600)
                    world = try World(restarting: world)
                }
            }
        }
        // Once more, each at every second of its life that is left.
        for index in assertions.indices where assertions[index].wasTaken {
            #expect(try send(assertions[index].compact) != 200)
        }
        #expect(taken > 1, "the walk must take some to prove anything")
    }

    @Test func theStoreForgetsNothingThatAStartWithAnEarlierClockCouldStillTake() throws {
        let world = try World()
        let compact = try world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", compact),
        ]
        #expect(try world.post("/oauth2/token", as: nil, form).status == 200)
        // No entry is written while the assertion dies and its mark is forgotten.
        world.clock.advance(400)
        while try world.broker.removeExpired() {}
        world.clock.step(-380)
        #expect(throws: StartError.clockBehind(by: 380)) { try World(restarting: world) }
        world.clock.step(376)
        let again = try World(restarting: world)
        #expect(try again.post("/oauth2/token", as: nil, form).status == 401)
    }
}
