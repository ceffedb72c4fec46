internal import Dispatch
internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyStorage
internal import Synchronization
internal import Testing

/// A broker on a ledger of any size, with a folder for archives.
final class LedgerBench {
    let clock = TestClock()
    let store: any Store
    let vault = MemoryVault()
    let folder: String
    let signer: Ed25519NoteSigner
    private(set) var broker: Broker

    var archive: String { folder + "/archive" }

    init(entries: Int, sqlite: Bool = false) throws {
        var pattern = Array("/tmp/mayfly-ledger-XXXXXX".utf8CString)
        try #require(mkdtemp(&pattern) != nil)
        folder = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        store = sqlite ? try SQLiteStore(path: folder + "/store", mode: .create) : MemoryStore()
        signer = try Ed25519NoteSigner(name: "b.example", privateKey: try PrivateKey.generate(.edDSA))
        let admin = try PrivateKey.generate(.es256)
        try Broker.create(
            in: store, vault: vault, admin: try #require(AdminID("admin:ops")), adminKey: admin.publicKey, wall: clock)
        try Self.fill(store, to: entries, at: clock.now())
        broker = try Self.open(store, vault, clock, signer, ArchiveDirectory(path: folder + "/archive"))
    }

    private static func open(
        _ store: any Store, _ vault: MemoryVault, _ clock: TestClock, _ signer: Ed25519NoteSigner,
        _ segments: any SegmentVault
    ) throws -> Broker {
        try Broker(
            settings: BrokerSettings(issuer: World.issuer), store: store, vault: vault, wall: clock, signer: signer,
            log: SilentLog(), segments: segments)
    }

    /// The same store behind a fresh broker, as after a kill; the other is not stopped before.
    func restart(segments: (any SegmentVault)? = nil, store other: (any Store)? = nil) throws {
        broker = try Self.open(
            other ?? store, vault, clock, signer, segments ?? ArchiveDirectory(path: archive))
        settle()
    }

    /// Waits until everything accepted is in the store.
    func settle() {
        let group = DispatchGroup()
        group.enter()
        let id = SHA256.digest(of: Array("\(clock.now().milliseconds)-\(UInt64.random(in: 0 ... .max))".utf8))
        let mark = UsedMark(id: id, expires: clock.now().advanced(bySeconds: 100))
        let client = AdminID("admin:ops").map { Client.admin($0) }
        guard let client else { return }
        broker.consume(AuthenticatedClient(client: client, mark: mark)) { _ in group.leave() }
        group.wait()
    }

    /// Appends entries until there are `size`, four in a millisecond, about seven agents in turn.
    private static func fill(_ store: any Store, to size: Int, at start: Timestamp) throws {
        while try store.head().ledgerSize < UInt64(size) {
            let head = try store.head()
            var frontier = try MerkleFrontier(size: head.ledgerSize, hashes: head.frontier)
            var batch = Batch(head: head)
            while frontier.size < UInt64(size), batch.entries.count < 1000 {
                let number = Int(frontier.size)
                var event = LedgerEvent(.tokenIssued, .ok, actor: "agent:a\(number % 7)")
                event.agent = AgentID("agent:a\(number % 7)")
                event.token = "token-\(number)"
                let entry = event.entry(
                    index: frontier.size, time: Timestamp(milliseconds: start.milliseconds + Int64(number / 4)))
                batch.entries.append(entry)
                batch.subtrees += frontier.append(entry.leafHash).map {
                    LedgerSubtree(level: $0.level, index: $0.index, hash: $0.hash)
                }
            }
            batch.head.ledgerSize = frontier.size
            batch.head.frontier = frontier.hashes
            try store.commit(batch)
        }
    }

    func archive(_ cut: LedgerArchiver.Cut) -> Result<LedgerArchiver.Outcome, BrokerError> {
        let answer = Mutex<Result<LedgerArchiver.Outcome, BrokerError>>(.failure(.notFound))
        let done = DispatchSemaphore(value: 0)
        broker.archiver.run(cut, by: "admin:ops") { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        return answer.withLock { $0 }
    }

    func clean() throws { while try broker.removeExpired() {} }

    var size: UInt64 { get throws { try store.head().ledgerSize } }

    var files: [String] {
        guard let stream = opendir(archive) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        broker.stop()
        for name in files { unlink("\(archive)/\(name)") }
        rmdir(archive)
        for name in ["store", "store-wal", "store-shm", "store.lock"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
