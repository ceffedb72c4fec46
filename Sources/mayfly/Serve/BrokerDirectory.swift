internal import Glibc

/// The directory that `init` makes and `serve` reads.
struct BrokerDirectory {
    let path: String

    var configFolder: String { path + "/config" }
    var configFile: String { configFolder + "/mayfly.yaml" }

    /// Makes a directory with exactly this mode; one that exists is an error unless `mayExist`.
    static func make(_ path: String, mode: mode_t, mayExist: Bool = false) throws(CommandError) {
        if mkdir(path, mode) == 0 {
            // The umask may have taken bits away, and never adds any.
            guard chmod(path, mode) == 0 else { throw failure("cannot set the mode of \(path)", errno) }
            return
        }
        guard mayExist, errno == EEXIST else { throw failure("cannot make the directory \(path)", errno) }
    }

    /// Writes a new file; one that exists is never replaced.
    static func write(_ text: String, to path: String, mode: mode_t) throws(CommandError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("cannot make the file \(path)", errno) }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = Array(rest).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("cannot write the file \(path)", errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw failure("cannot make the file \(path) durable", errno) }
    }

    /// Refuses a key directory that others may enter.
    static func checkPrivate(_ path: String) throws(CommandError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("cannot find the key directory \(path)", errno) }
        guard status.st_mode & 0o077 == 0 else {
            throw .failed(
                "the key directory \(path) is open to the group or to others", next: "run: chmod 0700 \(path)")
        }
    }

    private static func failure(_ what: String, _ code: Int32) -> CommandError {
        .failed(what, next: "the system says: \(String(cString: strerror(code)))")
    }
}
