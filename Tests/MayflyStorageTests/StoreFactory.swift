import Glibc
import MayflyBroker
import MayflyStorage
import PostgresHarness
import Testing

/// Makes empty stores of one kind; every contract test runs over all of them.
struct StoreFactory: Sendable, CustomTestStringConvertible {
    let testDescription: String
    private let make: @Sendable (TemporaryDirectory) throws -> any Store

    static let all = [
        StoreFactory(testDescription: "memory") { _ in MemoryStore() },
        StoreFactory(testDescription: "SQLite") { try SQLiteStore(path: $0.file("store"), mode: .create) },
        StoreFactory(testDescription: "PostgreSQL") { _ in
            try PostgresStore(PostgresPlace(url: try PostgresServer.shared().place().url), mode: .create)
        },
        StoreFactory(testDescription: "PostgreSQL, shared") { _ in
            TurnTaker(try shared(at: PostgresPlace(url: try PostgresServer.shared().place().url)))
        },
    ]

    /// A shared store in a place that has no tables yet.
    static func shared(at place: PostgresPlace) throws -> PostgresSharedStore {
        _ = try PostgresStore(place, mode: .create)
        return try PostgresSharedStore(place)
    }

    private init(testDescription: String, make: @escaping @Sendable (TemporaryDirectory) throws -> any Store) {
        self.testDescription = testDescription
        self.make = make
    }

    /// Runs `body` with an empty store, whose files are removed afterwards.
    func withStore(_ body: (any Store) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        try withExtendedLifetime(directory) { try body(try make(directory)) }
    }
}

/// A directory of its own under the system's temporary one, removed with the databases in it.
final class TemporaryDirectory: Sendable {
    struct CannotMake: Error {}

    private static let databases = ["store", "copy"]
    private static let suffixes = ["", "-wal", "-shm", ".lock", ".away"]

    private let path: String

    init() throws {
        var template = Array("/tmp/mayfly-storage-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CannotMake() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func file(_ name: String) -> String { path + "/" + name }

    deinit {
        for database in Self.databases {
            for suffix in Self.suffixes { unlink(file(database + suffix)) }
        }
        rmdir(path)
    }
}

/// Whole files, read and written as they are.
enum Files {
    struct Failed: Error { let code: Int32 }

    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Failed(code: errno) }
        defer { close(descriptor) }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw Failed(code: errno) }
            if count == 0 { return output }
            output += chunk.prefix(count)
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw Failed(code: errno) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failed(code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    static func size(_ path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failed(code: errno) }
        return status.st_size
    }

    static func permissions(_ path: String) throws -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failed(code: errno) }
        return status.st_mode & 0o777
    }
}
