internal import Glibc

/// A program that this one starts and measures from outside.
final class ChildProcess {
    let pid: pid_t
    /// The first line of its output; empty for one started in the background.
    let firstLine: String
    private var output: Int32

    /// Starts `arguments`, and waits for the first line of its output.
    convenience init(_ arguments: [String]) throws(BenchError) {
        let (pid, output) = try Self.start(arguments)
        let line = Self.line(from: output)
        self.init(pid: pid, firstLine: line, output: output)
        guard !line.isEmpty else { throw BenchError("\(arguments[0]) ended before it was ready") }
    }

    /// Starts `arguments` and goes on.
    static func inBackground(_ arguments: [String]) throws(BenchError) -> ChildProcess {
        let (pid, output) = try start(arguments)
        return ChildProcess(pid: pid, firstLine: "", output: output)
    }

    private init(pid: pid_t, firstLine: String, output: Int32) {
        (self.pid, self.firstLine, self.output) = (pid, firstLine, output)
    }

    deinit { stop() }

    /// Runs `arguments` to their end and answers all that they printed; throws when they fail.
    @discardableResult
    static func run(_ arguments: [String]) throws(BenchError) -> String {
        let (pid, output) = try start(arguments)
        let text = String(decoding: Files.rest(of: output), as: UTF8.self)
        close(output)
        var result: Int32 = 0
        waitpid(pid, &result, 0)
        guard result == 0 else { throw BenchError("\(arguments.prefix(2).joined(separator: " ")) failed") }
        return text
    }

    /// Runs `arguments` and answers the numbers in what they printed.
    static func numbers(_ arguments: [String], count: Int) throws(BenchError) -> [Double] {
        let numbers = try run(arguments).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard numbers.count == count else { throw BenchError("\(arguments[0]) printed something else") }
        return numbers
    }

    /// User and system time so far, in seconds, to the nanosecond.
    var cpu: Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Resident memory in bytes.
    var resident: Double {
        guard let text = Files.text("/proc/\(pid)/statm") else { return 0 }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return 0 }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Ends the program and waits until it has.
    func stop() {
        guard output >= 0 else { return }
        kill(pid, SIGTERM)
        close(output)
        output = -1
        var result: Int32 = 0
        waitpid(pid, &result, 0)
    }

    private static func start(_ arguments: [String]) throws(BenchError) -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw BenchError("cannot make a pipe") }
        // Otherwise another child would keep this one's output open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var pid: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let status = posix_spawnp(&pid, arguments[0], &actions, nil, &words, environ)
        for word in words { free(word) }
        posix_spawn_file_actions_destroy(&actions)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw BenchError("cannot start \(arguments[0])")
        }
        return (pid, ends[0])
    }

    private static func line(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
