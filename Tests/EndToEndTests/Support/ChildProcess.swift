import Glibc

/// A program that a test started; killed with the test if it is still there.
///
/// The child inherits the writing end of a pipe and nothing else writes to it, so the end of that pipe is the end of
/// the child: it can be waited for with a limit and without asking again and again.
final class ChildProcess {
    let pid: pid_t
    private let lifeline: Int32
    private let output: Int32
    private var received: [UInt8] = []
    private var status: Int32?

    /// What a program may need to run at all; nothing of the caller's own settings reaches it.
    static func environment(_ extra: [String: String] = [:]) -> [String: String] {
        var variables = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        for name in ["LD_LIBRARY_PATH", "HOME", "TMPDIR", "TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables.merging(extra) { $1 }
    }

    private let isGroup: Bool

    /// Starts `program`; its standard error goes to the file `errors`.
    ///
    /// With `isGroup` it leads a process group, and a signal goes to all of it.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], isGroup: Bool = false,
        errors: String
    ) throws {
        let (outputRead, outputWrite) = try Self.pipe()
        let (lifeRead, lifeWrite) = try Self.pipe()
        defer {
            close(outputWrite)
            close(lifeWrite)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite, 1)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // A number that no descriptor of this process has: dup2 to itself would leave close-on-exec set.
        posix_spawn_file_actions_adddup2(&actions, lifeWrite, 255)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if isGroup { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
        let words = [program] + arguments
        let variables = Self.environment(environment).map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        let code = Self.withCStrings(words) { words in
            Self.withCStrings(variables) { posix_spawn(&pid, program, &actions, &attributes, words, $0) }
        }
        guard code == 0 else {
            close(outputRead)
            close(lifeRead)
            errno = code
            throw HarnessError.system("cannot start \(program)")
        }
        self.pid = pid
        self.isGroup = isGroup
        lifeline = lifeRead
        output = outputRead
    }

    deinit {
        if status == nil {
            signal(SIGKILL)
            _ = try? wait()
        }
        close(output)
        close(lifeline)
    }

    /// Whether it has not ended.
    var isRunning: Bool { status == nil && !Self.isReady(lifeline, milliseconds: 0) }

    func signal(_ number: Int32) { kill(isGroup ? -pid : pid, number) }

    /// Waits for the end; answers the exit status, or minus the signal that ended it.
    @discardableResult
    func wait(seconds: Int32 = 60) throws -> Int32 {
        if let status { return status }
        guard Self.isReady(lifeline, milliseconds: seconds * 1000) else {
            throw HarnessError("process \(pid) did not end within \(seconds) s")
        }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, 0) == pid else { throw HarnessError.system("cannot wait for \(pid)") }
        let ended = raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F)
        status = ended
        return ended
    }

    /// The next line of standard output; nil when the program closed it.
    func line(seconds: Int32 = 60) throws -> String? {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard Self.isReady(output, milliseconds: seconds * 1000) else {
                throw HarnessError("process \(pid) printed no line within \(seconds) s")
            }
            guard try readMore() else { return nil }
        }
    }

    /// Everything up to the end of standard output.
    func remainingOutput(seconds: Int32 = 120) throws -> String {
        repeat {
            guard Self.isReady(output, milliseconds: seconds * 1000) else {
                throw HarnessError("process \(pid) kept its output open for \(seconds) s")
            }
        } while try readMore()
        return String(decoding: received, as: UTF8.self)
    }

    private func readMore() throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = read(output, &piece, piece.count)
        guard count >= 0 else { throw HarnessError.system("cannot read from \(pid)") }
        received += piece.prefix(count)
        return count > 0
    }

    private static func isReady(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        // A pair of sockets can be closed on exec from the beginning; another test may start a program right now.
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw HarnessError.system("cannot make a pipe")
        }
        return (ends[0], ends[1])
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the array holds the closing nil at least") }
            return body(base)
        }
    }
}

/// What a command that has ended left behind.
struct CommandResult: CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var description: String { "status \(status)\n\(output)\(errors)" }

    /// Runs a program to its end.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder
    ) throws -> CommandResult {
        let errors = "\(folder.path)/errors.\(UInt64.random(in: 0...UInt64.max))"
        let child = try ChildProcess(program, arguments, environment: environment, errors: errors)
        let output = try child.remainingOutput()
        return CommandResult(status: try child.wait(), output: output, errors: try Files.text(errors))
    }
}
