import Glibc
import MayflyBroker
import MayflyModel
import MayflyStorage
import Testing

@Suite("What the SQLite store adds: files, locks and broken disks")
struct SQLiteStoreTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("store")
    }

    /// Makes a store of `count` batches and closes it.
    private func makeClosed(batches count: Int) throws {
        let store = try SQLiteStore(path: path, mode: .create)
        for number in 0..<count { try store.append(puts: [record("\(number)", "\(number)")], terms: [.plain]) }
    }

    /// The code of a `.cannotOpen` that opening throws.
    private func cannotOpenCode(_ path: String, _ mode: SQLiteStore.Mode) -> Int? {
        let error = #expect(throws: StoreError.self) { _ = try SQLiteStore(path: path, mode: mode) }
        guard case .cannotOpen(let code)? = error else { return nil }
        return code
    }

    @Test("a store that was closed opens with all that it held")
    func reopen() throws {
        try makeClosed(batches: 3)
        #expect(access(path + "-wal", F_OK) != 0)
        let store = try SQLiteStore(path: path, mode: .open)
        #expect(try store.head().ledgerSize == 3)
        #expect(try store.values() == ["0", "1", "2"])
        #expect(try store.ledgerEntries(in: 0..<9) == (0..<3).map { entry($0, .plain) })
        try store.append(count: 1)
    }

    @Test("what a crash left in the log is in the file before anything is built on it")
    func foldedLog() throws {
        let copy = directory.file("copy")
        let store = try SQLiteStore(path: path, mode: .create)
        try store.append(count: 5)
        for suffix in ["", "-wal"] { try Files.write(try Files.read(path + suffix), to: copy + suffix) }
        #expect(try !Files.read(copy + "-wal").isEmpty)
        let again = try SQLiteStore(path: copy, mode: .open)
        #expect(try Files.read(copy + "-wal").isEmpty)
        #expect(try again.head() == store.head())
        try again.append(count: 1)
    }

    @Test("only the owner may read the files")
    func permissions() throws {
        let previous = umask(0)
        defer { umask(previous) }
        let store = try SQLiteStore(path: path, mode: .create)
        try store.append(count: 1)
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try Files.permissions(path + suffix) == 0o600) }
    }

    @Test("a second opener is refused until the first has closed")
    func secondOpener() throws {
        do {
            let first = try SQLiteStore(path: path, mode: .create)
            #expect(throws: StoreError.conflict) { _ = try SQLiteStore(path: path, mode: .open) }
            #expect(symlink(path, directory.file("copy")) == 0)
            #expect(throws: StoreError.conflict) {
                _ = try SQLiteStore(path: directory.file("copy"), mode: .open)
            }
            try first.append(count: 1)
        }
        let second = try SQLiteStore(path: path, mode: .open)
        #expect(try second.head().ledgerSize == 1)
    }

    @Test("create never touches what is there, open never makes anything")
    func modes() throws {
        #expect(cannotOpenCode(path, .open) == -Int(ENOENT))
        #expect(access(path, F_OK) != 0)
        try makeClosed(batches: 1)
        #expect(cannotOpenCode(path, .create) == -Int(EEXIST))
        #expect(try SQLiteStore(path: path, mode: .open).head().ledgerSize == 1)
        #expect(cannotOpenCode(path + "\0x", .open) == -Int(EINVAL))
        #expect(cannotOpenCode(path + "\0x", .create) == -Int(EINVAL))
        #expect(cannotOpenCode(directory.file("no/such/directory"), .create) == -Int(ENOENT))
    }

    @Test("a store of a newer version is refused")
    func newerSchema() throws {
        try makeClosed(batches: 1)
        var bytes = try Files.read(path)
        bytes.replaceSubrange(60..<64, with: [0, 0, 0, 9])  // user_version in the file's header
        try Files.write(bytes, to: path)
        #expect(throws: StoreError.newerSchema(found: 9, known: 2)) { _ = try SQLiteStore(path: path, mode: .open) }
    }

    static let notOurs: [(String, @Sendable (inout [UInt8]) -> Void)] = [
        ("an empty file", { $0 = [] }),
        ("a text", { $0 = Array("this was never a database\n".utf8) + $0 }),
        ("noise for a header", { $0.replaceSubrange(0..<100, with: Array(repeating: 0xA5, count: 100)) }),
        ("another program's database", { $0.replaceSubrange(68..<72, with: [1, 2, 3, 4]) }),
        ("an older schema than the first", { $0.replaceSubrange(60..<64, with: [0, 0, 0, 0]) }),
        ("half of a file", { $0.removeLast($0.count / 2) }),
        ("noise after the header", { $0.replaceSubrange(100..<8192, with: Array(repeating: 0xA5, count: 8092)) }),
    ]

    @Test("a file that is not Mayfly's is called corrupt", arguments: notOurs.indices)
    func foreignFile(_ index: Int) throws {
        try makeClosed(batches: 1)
        var bytes = try Files.read(path)
        Self.notOurs[index].1(&bytes)
        try Files.write(bytes, to: path)
        let error = #expect(throws: StoreError.self, "\(Self.notOurs[index].0)") {
            let store = try SQLiteStore(path: path, mode: .open)
            _ = try store.records()
            _ = try store.ledgerEntries(in: 0..<9)
        }
        guard case .corrupt? = error else {
            Issue.record("\(Self.notOurs[index].0): \(String(describing: error))")
            return
        }
        #expect(access(path, F_OK) == 0, "the file is left for its owner to look at")
    }

    @Test("a full disk keeps nothing of the batch, and the store goes on")
    func fullDisk() throws {
        try makeClosed(batches: 1)
        let store = try SQLiteStore(path: path, mode: .open, maximumPages: 64)
        let before = try store.head()
        let big = String(repeating: "x", count: 64 * 4096)
        #expect(throws: StoreError.full) {
            try store.append(puts: [record("0", "changed"), record("big", big)], terms: [.plain])
        }
        #expect(try store.head() == before)
        #expect(try store.values() == ["0"])
        try store.append(puts: [record("small", "fits")], terms: [.plain])
        #expect(try store.removeExpired(at: Timestamp(milliseconds: 0), limit: 9) == 0)
        #expect(try store.values() == ["0", "fits"])
        #expect(try store.head().ledgerSize == before.ledgerSize + 1)
    }

    @Test("nothing is answered as durable once a file is gone or replaced", arguments: ["", "-wal", ".lock"])
    func missingFile(_ suffix: String) throws {
        for isReplaced in [false, true] {
            let directory = try TemporaryDirectory()
            let path = directory.file("store")
            let store = try SQLiteStore(path: path, mode: .create)
            try store.append(count: 1)
            #expect(rename(path + suffix, path + suffix + ".away") == 0 || suffix == "")
            if isReplaced { try Files.write([], to: path + suffix) }
            let expected = StoreError.cannotOpen(code: -Int(isReplaced ? ESTALE : ENOENT))
            #expect(throws: expected) { try store.append(count: 1) }
            #expect(throws: expected) { try store.removeExpired(at: Timestamp(milliseconds: 0), limit: 1) }
            // Put back, it may hold more or less than was answered: only opening it again tells.
            #expect(rename(path + suffix + ".away", path + suffix) == 0)
            #expect(throws: expected) { try store.append(count: 1) }
            unlink(path + "-wal.away")
            unlink(path + ".lock.away")
        }
    }

    @Test("what was committed survives the process being killed")
    func killed() throws {
        let store = try SQLiteStore(path: path, mode: .create)
        for number in 0..<20 { try store.append(puts: [record("\(number)")], terms: [.plain]) }
        // What is on disk while the store is open is what a killed process leaves.
        let copy = directory.file("copy")
        try Files.write(try Files.read(path), to: copy)
        try Files.write(try Files.read(path + "-wal"), to: copy + "-wal")
        let survivor = try SQLiteStore(path: copy, mode: .open)
        #expect(try survivor.head() == store.head())
        #expect(try survivor.records() == store.records())
        try survivor.append(count: 1)
    }

    @Test("a commit that was cut off while it was written is gone as a whole", arguments: [1, 100, 4096, 9000])
    func tornWrite(_ missing: Int) throws {
        let store = try SQLiteStore(path: path, mode: .create)
        for number in 0..<20 { try store.append(puts: [record("\(number)")], terms: [.plain]) }
        let copy = directory.file("copy")
        try Files.write(try Files.read(path), to: copy)
        try Files.write(try Files.read(path + "-wal").dropLast(missing).map(\.self), to: copy + "-wal")
        let survivor = try SQLiteStore(path: copy, mode: .open)
        let size = try survivor.head().ledgerSize
        #expect((1..<20).contains(size))
        #expect(try survivor.records().count == Int(size))
        #expect(try survivor.ledgerEntries(in: 0..<99).count == Int(size))
        #expect(try survivor.head().revision == size)
    }

    @Test("the write-ahead log stays bounded under steady commits, and nothing of it is lost")
    func boundedLog() throws {
        let value = String(repeating: "v", count: 1 << 20)
        var longest = 0
        do {
            let store = try SQLiteStore(path: path, mode: .create)
            for number in 0..<160 {
                try store.append(puts: [record("\(number)", value)], terms: [.plain])
                longest = max(longest, try Files.size(path + "-wal"))
            }
        }
        // Without a checkpoint all 160 MB would lie there.
        #expect(longest < 96 << 20)
        #expect(access(path + "-wal", F_OK) != 0)
        let store = try SQLiteStore(path: path, mode: .open)
        #expect(try store.records().count == 160)
        #expect(try store.head().ledgerSize == 160)
    }
}

extension LedgerTerms {
    fileprivate static let plain = LedgerTerms(event: "token.issued", outcome: "ok", agent: "agent:a", token: "jti")
}
