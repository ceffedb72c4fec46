internal import Glibc

/// A child process whose standard output is read line by line; it dies with its value.
final class ServerProcess {
    let pid: pid_t
    private let output: Int32
    private var received: [UInt8] = []
    private var status: Int32?

    /// Starts `words`; standard error goes to the end of the file `errors`.
    init(_ words: [String], environment: [String: String] = [:], errors: String) throws(CrashError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw CrashError("cannot make a pipe")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var variables: [String: String] = [:]
        for name in ["PATH", "LD_LIBRARY_PATH", "HOME"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        variables.merge(environment) { $1 }
        let name = words.first ?? ""
        var pid: pid_t = 0
        let code = Self.withStrings(words) { words in
            Self.withStrings(variables.map { "\($0.key)=\($0.value)" }) {
                posix_spawnp(&pid, name, &actions, nil, words, $0)
            }
        }
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw CrashError("cannot start \(words.first ?? "nothing")")
        }
        self.pid = pid
        output = ends[0]
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            _ = wait()
        }
        close(output)
    }

    func signal(_ number: Int32) {
        if status == nil { kill(pid, number) }
    }

    /// Waits for the end; answers the exit status, or minus the signal that ended it.
    @discardableResult
    func wait() -> Int32 {
        if let status { return status }
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
        let ended = raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F)
        status = ended
        return ended
    }

    /// Whether it has ended by itself.
    var hasEnded: Bool {
        if status != nil { return true }
        var information = siginfo_t()
        let found = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return found == 0 && information.si_signo == SIGCHLD
    }

    /// The next line of its output; nil at the end of it, or when none comes in time.
    func line(seconds: Int32 = 60) -> String? {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                defer { received.removeFirst(end + 1) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, seconds * 1000) > 0 else { return nil }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &piece, piece.count)
            guard count > 0 else { return nil }
            received += piece.prefix(count)
        }
    }

    /// Runs `words` to the end; answers status, output and what went to `errors`.
    static func run(_ words: [String], errors: String) throws(CrashError) -> (status: Int32, output: String) {
        let process = try ServerProcess(words, errors: errors)
        var lines: [String] = []
        while let line = process.line(seconds: 120) { lines.append(line) }
        return (process.wait(), lines.joined(separator: "\n"))
    }

    private static func withStrings<Answer>(
        _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Answer
    ) -> Answer {
        let pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}
