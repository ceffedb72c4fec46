import Glibc
import MayflyModel
import Testing

/// Without a durable store nothing is granted, and what was granted is not lost.
@Suite struct StoreFailureTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    @Test func aDatabaseDeletedUnderTheBrokerStopsEveryGrant() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let token = try desk.mint("orchestrator", Self.scope)
        #expect(unlink(broker.databaseFile) == 0)

        let refused = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
        #expect(refused.status == 503, "\(refused)")
        #expect(refused["error"] == "temporarily_unavailable", "\(refused)")
        #expect(refused.header("Retry-After") != nil)
        #expect(refused["access_token"] == nil)
        #expect(try HTTP.get("/readyz", from: broker.port).status == 503)
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
        #expect(broker.isRunning)
        #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
        // What it says comes from a thread of its own, and is all there once it has ended.
        let said = try broker.errors()
        #expect(said.contains("503") && said.contains(broker.databaseFile), "\(said)")
        #expect(!said.contains(token))
        // The broker does not make a new, empty store by itself.
        #expect(access(broker.databaseFile, F_OK) != 0)
        let again = try broker.refusedStart()
        #expect(again.status == 3 && again.errors.contains(broker.databaseFile), "\(again)")
    }

    /// What a careless restore does: the files stay where they are, and are cut or written over.
    @Test(arguments: ["", "-wal"]) func aFileThatIsCutUnderTheBrokerStopsEveryGrant(_ suffix: String) throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let token = try desk.mint("orchestrator", Self.scope)
        let log = try Files.size(broker.databaseFile + "-wal")
        #expect(truncate(broker.databaseFile + suffix, 0) == 0)
        for _ in 0..<2 {
            let refused = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
            #expect(refused.status == 503 && refused["access_token"] == nil, "\(refused)")
        }
        #expect(try HTTP.get("/readyz", from: broker.port).status == 503)
        #expect(try desk.isActive(token))
        #expect(try broker.stop() == 0)
        #expect(try broker.errors().contains("restart the broker"))
        // The log may be what is left, so nothing has become of it.
        if suffix.isEmpty { #expect(try Files.size(broker.databaseFile + "-wal") == log) }
    }

    @Test func anOlderCopyPutOverTheFileIsNotWrittenTo() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        try broker.stop()
        let copy = broker.folder.path + "/older.db"
        #expect(try CommandResult.run("/bin/cp", [broker.databaseFile, copy], in: broker.folder).status == 0)
        try broker.start()
        // Until the file itself, and not only its log, has grown past the copy.
        var minted = 0
        while try Files.size(broker.databaseFile) <= Files.size(copy), minted < 20_000 {
            _ = try desk.mint("orchestrator", Self.scope)
            minted += 1
        }
        _ = try desk.mint("orchestrator", Self.scope)
        #expect(try CommandResult.run("/bin/cp", [copy, broker.databaseFile], in: broker.folder).status == 0)
        let refused = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
        #expect(refused.status == 503, "\(refused)")
        #expect(try broker.stop() == 0)
        #expect(try Files.size(broker.databaseFile) == Files.size(copy))
    }

    @Test(.enabled(if: SmallDisk.canMount, "needs root and the right to mount"))
    func aFullDiskStopsGrantsUntilThereIsSpaceAgain() throws {
        let disk = try SmallDisk(megabytes: 4)
        let broker = try RunningMayfly(under: disk.path)
        try broker.start()
        let desk = try Desk.open(broker)
        let token = try desk.mint("orchestrator", Self.scope)
        try disk.fill()

        // The store may still hold some room of its own.
        var refused: HTTPAnswer?
        for _ in 0..<2000 where refused == nil {
            let answer = try desk.token(as: try desk.agent("orchestrator"), Self.scope)
            if answer.status != 200 { refused = answer }
        }
        let answer = try #require(refused, "the disk never became full")
        #expect(answer.status == 503, "\(answer)")
        #expect(answer["error"] == "temporarily_unavailable")
        #expect(answer["error_description"]?.contains("disk is full") == true, "\(answer)")
        #expect(try desk.isActive(token))
        #expect(broker.isRunning)
        #expect(try HTTP.get("/readyz", from: broker.port).status == 503)

        try disk.free()
        let later = try desk.mint("orchestrator", Self.scope)
        #expect(try desk.isActive(later))
        try broker.stop()
        try broker.start()
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        try broker.stop()
    }
}

/// A file system in memory, small enough to fill.
final class SmallDisk {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    /// Whether this process may mount at all; containers often may not.
    static let canMount = (try? SmallDisk(megabytes: 1)) != nil

    init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw HarnessError.system("cannot mount a small disk")
        }
    }

    deinit { umount2(folder.path, Int32(MNT_DETACH)) }

    /// Takes the space that is left.
    func fill() throws {
        let descriptor = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HarnessError.system("cannot fill the disk") }
        defer { close(descriptor) }
        for size in [65_536, 4096, 512, 1] {
            let piece = [UInt8](repeating: 0, count: size)
            while write(descriptor, piece, size) > 0 {}
        }
        guard errno == ENOSPC else { throw HarnessError.system("the disk does not fill") }
    }

    func free() throws {
        guard unlink(path + "/filler") == 0 else { throw HarnessError.system("cannot free the disk") }
    }
}
