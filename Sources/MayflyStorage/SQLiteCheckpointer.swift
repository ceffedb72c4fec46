internal import CSQLite
internal import Dispatch
internal import MayflyBroker
internal import Synchronization

/// Folds the write-ahead log into the file on a thread of its own, so that no commit waits while it is done.
///
/// The log can start from its beginning again only when all of it is in the file, and while one is copied the next
/// commits are appended. So the writer finishes: it copies the few pages that came in the meantime.
final class SQLiteCheckpointer: Sendable {
    /// Pages of 4096 bytes in the log from which on it is copied.
    ///
    /// A page that many commits changed is copied once, but nearly all are written once only. The disk makes a commit
    /// wait while it takes in what is synced here, so this is little at once. The next start after a crash reads about
    /// so much again.
    static let step = 500
    /// Pages at which a commit waits after all, so that the log stays bounded when the disk is too slow.
    static let limit = 16_000

    enum Phase: UInt8, AtomicRepresentable {
        case idle
        case copying
        /// Done but for what was committed in the meantime.
        case copied
    }

    private let queue = DispatchQueue(label: "mayfly.checkpoint")
    private let connection: Mutex<SQLiteConnection?>
    private let state = Atomic(Phase.idle)

    /// Opens a connection of its own to the database at `path`, absolute.
    init(path: String) throws(StoreError) {
        let connection = try SQLiteConnection(path: path, writable: true)
        try connection.execute("PRAGMA synchronous = FULL")
        self.connection = Mutex(connection)
    }

    var phase: Phase { state.load(ordering: .acquiring) }

    /// Begins to copy; called by the writer alone, when idle.
    func start() {
        state.store(.copying, ordering: .releasing)
        queue.async { [self] in
            connection.withLock { connection in
                // What failed is tried again later, and by then a commit has failed as well.
                connection?.checkpoint(thenSync: true)
            }
            state.store(.copied, ordering: .releasing)
        }
    }

    /// Called by the writer once it has copied the rest.
    func finish() {
        state.store(.idle, ordering: .releasing)
    }

    /// Returns when nothing is being copied.
    func wait() {
        queue.sync {}
    }

    /// Closes the connection; the store's last one then folds in what is left.
    func stop() {
        wait()
        connection.withLock { $0 = nil }
    }
}
