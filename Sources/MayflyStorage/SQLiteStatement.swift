internal import CSQLite
internal import MayflyBroker

/// A value for one `?` of a statement.
enum SQLiteValue {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    case null

    static func text(orNull text: String?) -> SQLiteValue { text.map { .text($0) } ?? .null }
    static func integer(orNull integer: Int64?) -> SQLiteValue { integer.map { .integer($0) } ?? .null }
}

/// A prepared statement; finalized when this value ends.
///
/// Every use ends with the statement reset and its values cleared, whether it threw or not.
@safe struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer

    /// Prepares SQL of fixed text; `kept` tells SQLite that it will be used many times.
    init(_ sql: String, on connection: borrowing SQLiteConnection, kept: Bool = true) throws(StoreError) {
        var prepared: OpaquePointer?
        let flags = kept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = unsafe sqlite3_prepare_v3(connection.handle, sql, -1, flags, &prepared, nil)
        guard code == SQLITE_OK, let handle = unsafe prepared else {
            throw unsafe StoreError(sqliteCode: code, on: connection.handle)
        }
        unsafe self.handle = handle
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Runs to the end; rows are dropped.
    func execute(_ values: SQLiteValue...) throws(StoreError) {
        try forEachRow(values) { (_) throws(StoreError) in }
    }

    /// Runs to the end and answers what `read` makes of each row.
    func rows<Value>(
        _ values: SQLiteValue..., read: (borrowing SQLiteStatement) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        var output: [Value] = []
        try forEachRow(values) { (row) throws(StoreError) in output.append(try read(row)) }
        return output
    }

    /// Runs to the end, with `body` called at each row.
    func forEachRow(
        _ values: [SQLiteValue], _ body: (borrowing SQLiteStatement) throws(StoreError) -> Void
    ) throws(StoreError) {
        defer {
            unsafe sqlite3_reset(handle)
            unsafe sqlite3_clear_bindings(handle)
        }
        for (index, value) in zip(Int32(1)..., values) {
            let code = bind(value, at: index)
            guard code == SQLITE_OK else { throw error(code) }
        }
        while true {
            let code = unsafe sqlite3_step(handle)
            guard code != SQLITE_DONE else { return }
            guard code == SQLITE_ROW else { throw error(code) }
            try body(self)
        }
    }

    private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        switch value {
        case .integer(let integer):
            return unsafe sqlite3_bind_int64(handle, index, integer)
        case .text(var text):
            return text.withUTF8 {
                unsafe mayfly_sqlite_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
            }
        case .blob(let bytes):
            return unsafe bytes.withUnsafeBufferPointer {
                unsafe mayfly_sqlite_bind_blob(handle, index, $0.baseAddress, UInt64($0.count))
            }
        case .null:
            return unsafe sqlite3_bind_null(handle, index)
        }
    }

    private func error(_ code: Int32) -> StoreError {
        unsafe StoreError(sqliteCode: code, on: sqlite3_db_handle(handle))
    }
}

// What the current row holds. A column of another type than was written is `.corrupt`, never converted.
extension SQLiteStatement {
    func integer(_ column: Int32) throws(StoreError) -> Int64 {
        try expect(SQLITE_INTEGER, column)
        return unsafe sqlite3_column_int64(handle, column)
    }

    func counter(_ column: Int32) throws(StoreError) -> UInt64 {
        guard let value = UInt64(exactly: try integer(column)) else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return value
    }

    func text(_ column: Int32) throws(StoreError) -> String {
        try expect(SQLITE_TEXT, column)
        // The pointer first: asking for it may convert, and the count is that of what it points to.
        let start = unsafe sqlite3_column_text(handle, column)
        let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
        return text
    }

    func blob(_ column: Int32) throws(StoreError) -> [UInt8] {
        try expect(SQLITE_BLOB, column)
        // Null for an empty value, which a buffer of no bytes may begin at.
        let start = unsafe sqlite3_column_blob(handle, column)
        let count = unsafe start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func isNull(_ column: Int32) -> Bool {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    private func expect(_ type: Int32, _ column: Int32) throws(StoreError) {
        guard unsafe sqlite3_column_type(handle, column) == type else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
    }
}
