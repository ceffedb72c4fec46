internal import CSpawn
internal import Glibc
import MayflyBroker
import MayflyCrypto
import MayflyServer
import Synchronization

/// Gives letters to a program of the operator's, on its standard input.
///
/// No shell reads anything. The program gets its arguments as the file has them, `PATH`, and two variables:
/// `MAYFLY_EVENT`, the kind of event, and `MAYFLY_NOTICE`, the letter's id. What it prints is thrown away; it and its
/// children are killed when the time of the attempt is over.
final class CommandHook: NoticeTransport {
    /// What the program says by its exit status when it will never take a letter: `EX_DATAERR` of sysexits.h.
    private static let refusedStatus: Int32 = 65
    /// Nanoseconds between two looks at a program that runs.
    private static let pause = 5_000_000

    private let words: [String]
    private let isCancelled = Atomic(false)

    init(_ words: [String]) {
        self.words = words
    }

    func cancel() { isCancelled.store(true, ordering: .releasing) }

    func deliver(_ letter: NoticeDesk.Letter, at now: Int64, milliseconds: Int) -> NoticeReception {
        guard !isCancelled.load(ordering: .acquiring), let input = Self.file(holding: letter.body) else {
            return .failed
        }
        defer { close(input) }
        guard let child = spawn(letter, input) else { return .failed }
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        var status: Int32 = 0
        while true {
            let found = waitpid(child, &status, WNOHANG)
            if found == child { break }
            guard found == 0 || errno == EINTR else { return .failed }
            if ContinuousClock.now >= end || isCancelled.load(ordering: .acquiring) {
                kill(-child, SIGKILL)
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                return .failed
            }
            var rest = timespec(tv_sec: 0, tv_nsec: Self.pause)
            nanosleep(&rest, nil)
        }
        // Whatever it left running in its group has had its time.
        kill(-child, SIGKILL)
        guard status & 0x7F == 0 else { return .failed }
        switch (status >> 8) & 0xFF {
        case 0: return .taken
        case Self.refusedStatus: return .refused
        default: return .failed
        }
    }

    /// A file in memory that is at its beginning: a pipe would wait for a program that does not read.
    private static func file(holding bytes: [UInt8]) -> Int32? {
        guard let token = try? SecureRandom.token(byteCount: 16) else { return nil }
        let name = "/mayfly-notice-\(token)"
        let file = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        shm_unlink(name)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                close(file)
                return nil
            }
        }
        guard lseek(file, 0, SEEK_SET) == 0 else {
            close(file)
            return nil
        }
        return file
    }

    /// Starts the program in a process group of its own, with nothing of ours but its input.
    private func spawn(_ letter: NoticeDesk.Letter, _ input: Int32) -> pid_t? {
        guard let program = words.first else { return nil }
        var attributes = posix_spawnattr_t()
        guard posix_spawnattr_init(&attributes) == 0 else { return nil }
        defer { posix_spawnattr_destroy(&attributes) }
        // The broker blocks the signals that end it; the program must not inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var actions = posix_spawn_file_actions_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else { return nil }
        defer { posix_spawn_file_actions_destroy(&actions) }
        guard posix_spawn_file_actions_adddup2(&actions, input, 0) == 0,
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0,
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0,
            mayfly_spawn_close_from(&actions, 3) == 0
        else { return nil }
        let variables = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "MAYFLY_EVENT=\(letter.event)",
            "MAYFLY_NOTICE=\(letter.id)",
        ]
        var child: pid_t = 0
        let code = ChildProcess.withCStrings(words) { argv in
            ChildProcess.withCStrings(variables) { envp in
                posix_spawn(&child, program, &actions, &attributes, argv, envp)
            }
        }
        return code == 0 ? child : nil
    }
}
