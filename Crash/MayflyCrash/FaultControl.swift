internal import Glibc

/// The file by which faults begin and end in a broker that runs with the library of `Crash/Faults`.
final class FaultControl {
    /// The order is that of `enum word` in faults.c.
    enum Word: Int, CaseIterable {
        case target, writeError, shortWrites, syncError, syncFailures, syncDelay, truncateError, killTarget, killAfter
        case power, databaseWrites, logWrites, syncs, injected, syncsWaiting, syncLies
    }

    /// Whose calls are meant.
    static let database: Int64 = 1
    static let log: Int64 = 2
    static let both: Int64 = 3

    let path: String
    private let library: String
    private let words: UnsafeMutablePointer<Int64>

    /// Makes the file anew, with no fault in it.
    init(path: String, library: String) throws(CrashError) {
        self.path = path
        self.library = library
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, 4096) == 0 else { throw CrashError("cannot make \(path)") }
        defer { close(descriptor) }
        let map = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let map, map != MAP_FAILED else { throw CrashError("cannot map \(path)") }
        words = map.bindMemory(to: Int64.self, capacity: Word.allCases.count)
    }

    deinit { munmap(words, 4096) }

    /// What the broker's environment must say.
    var environment: [String: String] { ["LD_PRELOAD": library, "MAYFLY_FAULTS": path] }

    subscript(word: Word) -> Int64 {
        get { words[word.rawValue] }
        set { words[word.rawValue] = newValue }
    }

    /// Ends every fault.
    func clear() {
        for word in Word.allCases { self[word] = 0 }
    }
}
