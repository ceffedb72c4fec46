internal import CSQLite

/// When the writer has the log folded in, from the length that SQLite tells after each commit.
@safe struct LogLength: ~Copyable {
    private let pages: UnsafeMutablePointer<Int32>
    private var previous: Int32 = 0
    private var due = Int32(SQLiteCheckpointer.step)

    /// Takes the place of SQLite's own checkpoints on `connection`, which commits nothing once this value has ended.
    init(of connection: borrowing SQLiteConnection) {
        unsafe pages = .allocate(capacity: 1)
        unsafe pages.initialize(to: 0)
        unsafe mayfly_sqlite_count_log(connection.handle, pages)
    }

    deinit {
        unsafe pages.deallocate()
    }

    /// Does what is due after a commit on `connection`.
    mutating func settle(_ connection: borrowing SQLiteConnection, _ checkpointer: SQLiteCheckpointer) {
        let length = unsafe pages.pointee
        // Shorter than before: the log has started from its beginning.
        if length < previous { due = Int32(SQLiteCheckpointer.step) }
        previous = length
        switch checkpointer.phase {
        case .idle:
            if length >= due { checkpointer.start() }
        case .copying where length < SQLiteCheckpointer.limit:
            return
        case .copying, .copied:
            checkpointer.wait()
            connection.checkpoint(thenSync: false)
            checkpointer.finish()
            due = length.addingReportingOverflow(Int32(SQLiteCheckpointer.step)).partialValue
        }
    }
}
