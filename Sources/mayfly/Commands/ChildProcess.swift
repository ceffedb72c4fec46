internal import Glibc

/// Runs one program to its end.
enum ChildProcess {
    private static let waitNanoseconds = 200_000_000

    /// Runs `arguments`, found by PATH; answers its exit status, or 128 and the number of the signal that ended it.
    ///
    /// SIGTERM and SIGHUP are passed on. SIGINT and SIGQUIT reach the program from the terminal, as it is in the same
    /// process group; this process outlives them to clean up.
    static func run(_ arguments: [String], environment: [String: String]) throws(CommandError) -> Int32 {
        var watched = sigset_t()
        sigemptyset(&watched)
        for signal in [SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT] { sigaddset(&watched, signal) }
        var before = sigset_t()
        // Blocked before the program starts, so that no signal is lost in between; sigwait takes them.
        pthread_sigmask(SIG_BLOCK, &watched, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let child = try spawn(arguments, environment, mask: before)
        while true {
            var status: Int32 = 0
            if waitpid(child, &status, WNOHANG) == child { return exitStatus(status) }
            // Where there are other threads, one of them may be given the SIGCHLD; then the time limit ends the wait.
            var limit = timespec(tv_sec: 0, tv_nsec: waitNanoseconds)
            let signal = sigtimedwait(&watched, nil, &limit)
            if signal == SIGTERM || signal == SIGHUP { kill(child, signal) }
        }
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String], mask: sigset_t
    ) throws(CommandError) -> pid_t {
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        guard let program = arguments.first, (arguments + variables).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw .usage("an argument cannot hold a NUL", next: "see: mayfly exec --help")
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = mask
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let code = withCStrings(arguments) { argv in
            withCStrings(variables) { envp in posix_spawnp(&child, program, nil, &attributes, argv, envp) }
        }
        guard code == 0 else { throw LocalFile.failure("cannot run \(Table.cell(program))", code) }
        return child
    }

    /// The texts as C has them: an array of pointers that a null ends.
    static func withCStrings<Value>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        var pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the array holds its null") }
            return body(base)
        }
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}
