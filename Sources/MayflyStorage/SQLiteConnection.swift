internal import CSQLite
internal import Glibc
internal import MayflyBroker

/// One connection to a database file; closed when this value ends, or with its last statement.
///
/// Opened without SQLite's own locks: any thread may use it, but no two at once ("multi-thread" in SQLite's
/// `threadsafe.html`), so whoever owns it keeps it behind one lock.
@safe struct SQLiteConnection: ~Copyable {
    /// How long a call waits for a lock that another process took, say a backup: milliseconds.
    private static let busyTimeout: Int32 = 250

    let handle: OpaquePointer

    /// Opens a file that exists; `path` is absolute.
    init(path: String, writable: Bool) throws(StoreError) {
        guard sqlite3_threadsafe() != 0 else { throw .cannotOpen(code: Int(SQLITE_MISUSE)) }
        let access = writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        var code = unsafe sqlite3_open_v2(
            path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let handle = unsafe opened else { throw .inputOutput(code: Int(code)) }
        if code == SQLITE_OK { code = unsafe mayfly_sqlite_harden(handle) }
        if code == SQLITE_OK { code = unsafe sqlite3_busy_timeout(handle, Self.busyTimeout) }
        guard code == SQLITE_OK else {
            let error = unsafe StoreError(sqliteCode: code, on: handle)
            unsafe sqlite3_close_v2(handle)
            throw error
        }
        unsafe self.handle = handle
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }

    /// Whether a transaction has been begun and not ended.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Runs one statement of fixed text; its rows are dropped.
    func execute(_ sql: String) throws(StoreError) {
        try SQLiteStatement(sql, on: self, kept: false).execute()
    }

    /// Folds the write-ahead log into the file as far as nobody needs it; one that fails or is not needed is no harm.
    ///
    /// `thenSync` has the file on disk before the last of the log is copied, which is when SQLite waits for it.
    func checkpoint(thenSync: Bool) {
        guard unsafe mayfly_sqlite_checkpoint(handle) == SQLITE_OK, thenSync else { return }
        unsafe mayfly_sqlite_sync(handle)
    }

    /// Leaves the write-ahead log as it is when this connection closes, also when it is the last.
    func keepLog() { unsafe mayfly_sqlite_keep_log(handle) }

    /// The one integer that a statement of fixed text answers.
    func integer(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try SQLiteStatement(sql, on: self, kept: false)
        let values = try statement.rows { (row) throws(StoreError) in try row.integer(0) }
        guard let value = values.first, values.count == 1 else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return value
    }
}

extension StoreError {
    /// SQLITE_IOERR_FSYNC, a macro that does not import.
    private static let failedSync = SQLITE_IOERR | 4 << 8

    /// Maps a result of `connection`, right after the call that gave it.
    init(sqliteCode code: Int32, on connection: OpaquePointer?) {
        switch code & 0xFF {
        case SQLITE_FULL:
            self = .full
        case SQLITE_IOERR:
            let cause = unsafe sqlite3_system_errno(connection)
            // A failed fsync is not a full disk: the kernel may have dropped pages that it had taken before.
            let isFull = (cause == ENOSPC || cause == EDQUOT) && code != Self.failedSync
            self = isFull ? .full : .inputOutput(code: Int(code))
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CONSTRAINT:
            self = .conflict
        case SQLITE_TOOBIG:
            self = .invalid
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
            self = .cannotOpen(code: Int(code))
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_MISMATCH:
            // The statements are fixed, so SQLITE_ERROR means that the tables are not those Mayfly made.
            self = .corrupt(code: Int(code))
        default:
            self = .inputOutput(code: Int(code))
        }
    }
}
