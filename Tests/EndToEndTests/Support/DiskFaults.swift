import Glibc

/// Faults below the store of a broker that runs with the library of `Crash/Faults`.
final class DiskFaults {
    /// The order is that of `enum word` in faults.c.
    enum Word: Int {
        case target, writeError, shortWrites, syncError, syncFailures, syncDelay, truncateError, killTarget, killAfter
        case power, databaseWrites, logWrites, syncs, injected, syncsWaiting
    }

    /// The write-ahead log, and the database with it.
    static let log: Int64 = 2
    static let both: Int64 = 3

    private let path: String
    private let words: UnsafeMutablePointer<Int64>

    /// Makes the file by which faults begin and end; there is none in it.
    init(in folder: TemporaryFolder) throws {
        path = folder.path + "/faults"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, 4096) == 0 else {
            throw HarnessError.system("cannot make \(path)")
        }
        defer { close(descriptor) }
        let map = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let map, map != MAP_FAILED else { throw HarnessError.system("cannot map \(path)") }
        words = map.bindMemory(to: Int64.self, capacity: 512)
    }

    deinit { munmap(words, 4096) }

    /// What the broker's environment must say.
    func environment() throws -> [String: String] {
        ["LD_PRELOAD": try Files.products() + "/libmayfly-faults.so", "MAYFLY_FAULTS": path]
    }

    subscript(word: Word) -> Int64 {
        get { words[word.rawValue] }
        set { words[word.rawValue] = newValue }
    }
}
