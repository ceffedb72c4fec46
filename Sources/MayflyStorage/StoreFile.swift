internal import Glibc
internal import MayflyBroker
internal import Synchronization

/// A file that the store has open, remembered by device and inode.
///
/// While it is open its inode is not given to another file, so equal numbers mean the same file. Who copies another
/// file over it cuts it first, so it must not become shorter either.
final class StoreFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t
    private let onlyGrows: Bool
    /// Bytes that it has at least.
    private let least = Atomic<Int64>(0)

    /// A file that is `onlyGrows` must have, at each check, what it had at the one before.
    init(path: String, onlyGrows: Bool = false) throws(StoreError) {
        let status = try Self.status(path)
        self.path = path
        self.onlyGrows = onlyGrows
        device = status.st_dev
        inode = status.st_ino
    }

    /// Throws `.cannotOpen` when the path names no file any more, another one, or one that was cut.
    func check() throws(StoreError) {
        let length = try identified()
        guard onlyGrows else { return }
        try demand(length)
        least.max(length, ordering: .relaxed)
    }

    /// Throws `.cannotOpen` as well when it has become shorter since `noteLength`.
    func checkLength() throws(StoreError) {
        try demand(try identified())
    }

    /// Notes how long it is, which may be shorter than before.
    func noteLength() throws(StoreError) {
        least.store(try identified(), ordering: .relaxed)
    }

    private func demand(_ length: Int64) throws(StoreError) {
        guard length >= least.load(ordering: .relaxed) else { throw .cannotOpen(code: -Int(ESTALE)) }
    }

    /// The length of the file, if it is the one.
    private func identified() throws(StoreError) -> Int64 {
        let status = try Self.status(path)
        guard status.st_dev == device, status.st_ino == inode else { throw .cannotOpen(code: -Int(ESTALE)) }
        return Int64(status.st_size)
    }

    /// The absolute path without symbolic links, as SQLite names the files beside the database.
    static func canonicalPath(_ path: String) throws(StoreError) -> String {
        guard !path.utf8.contains(0) else { throw .cannotOpen(code: -Int(EINVAL)) }
        guard let resolved = unsafe realpath(path, nil) else { throw .cannotOpen(code: -Int(errno)) }
        defer { unsafe free(resolved) }
        guard let text = unsafe String(validatingCString: resolved) else { throw .cannotOpen(code: -Int(EILSEQ)) }
        return text
    }

    private static func status(_ path: String) throws(StoreError) -> stat {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .cannotOpen(code: -Int(errno)) }
        return status
    }
}

/// The right to be the one process that writes a store; given back when this value ends or the process dies.
///
/// It lies on a file of its own. On the database file, closing any descriptor of it would drop the locks that SQLite
/// holds there for the whole process.
struct StoreLock: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Throws `.conflict` when another holds it, in this process or in another.
    init(path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(code: -Int(errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            close(descriptor)
            throw cause == EWOULDBLOCK ? .conflict : .cannotOpen(code: -Int(cause))
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
