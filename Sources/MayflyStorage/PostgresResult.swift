internal import CLibPQ
internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// What the server answered to one statement; freed when the last reference ends.
///
/// All values come in binary form, so nothing depends on how the server writes numbers. A column of another type than
/// was written is `.corrupt`, never converted.
@safe final class PostgresResult {
    private let handle: OpaquePointer

    /// Takes over `handle`, which nobody else frees.
    init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQclear(handle)
    }

    var status: ExecStatusType { unsafe PQresultStatus(handle) }
    var count: Int32 { unsafe PQntuples(handle) }

    /// Rows that the statement changed.
    var changed: Int {
        guard let text = unsafe PQcmdTuples(handle) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The five characters of the error; nil when the server sent none.
    var sqlState: String? {
        guard let text = unsafe mayfly_pq_sqlstate(handle) else { return nil }
        return unsafe String(cString: text)
    }

    func isNull(_ row: Int32, _ column: Int32) -> Bool {
        unsafe PQgetisnull(handle, row, column) == 1
    }

    func integer(_ row: Int32, _ column: Int32) throws(StoreError) -> Int64 {
        let bytes = try bytes(row, column, type: UInt32(MAYFLY_PQ_INT8))
        guard bytes.count == 8 else { throw .damaged }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }

    func counter(_ row: Int32, _ column: Int32) throws(StoreError) -> UInt64 {
        guard let value = UInt64(exactly: try integer(row, column)) else { throw .damaged }
        return value
    }

    func blob(_ row: Int32, _ column: Int32) throws(StoreError) -> [UInt8] {
        try bytes(row, column, type: UInt32(MAYFLY_PQ_BYTEA))
    }

    func digest(_ row: Int32, _ column: Int32) throws(StoreError) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: try blob(row, column)) else { throw .damaged }
        return digest
    }

    /// libpq answers a row or column that is not there with a warning and a null pointer; here it is `.corrupt`.
    private func bytes(_ row: Int32, _ column: Int32, type: Oid) throws(StoreError) -> [UInt8] {
        guard row >= 0, row < count, column >= 0, unsafe column < PQnfields(handle), !isNull(row, column),
            unsafe PQftype(handle, column) == type, unsafe PQfformat(handle, column) == 1
        else { throw .damaged }
        guard let start = unsafe PQgetvalue(handle, row, column) else { throw .damaged }
        let count = Int(unsafe PQgetlength(handle, row, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}

extension StoreError {
    /// What is stored is not what Mayfly wrote.
    static let damaged = StoreError.corrupt(code: sqlState("XX001"))
    /// The connection broke, or was given up.
    static let lostConnection = StoreError.inputOutput(code: -Int(ECONNRESET))
    /// The database did not answer in time.
    static let noAnswer = StoreError.inputOutput(code: -Int(ETIMEDOUT))

    /// The five characters of an SQLSTATE as a number, in base 36.
    static func sqlState(_ text: String) -> Int { Int(text, radix: 36) ?? 0 }

    /// The characters again; nil for a code that no SQLSTATE gives.
    package static func sqlState(of code: Int) -> String? {
        guard (0..<60_466_176).contains(code) else { return nil }
        let text = String(code, radix: 36, uppercase: true)
        return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
    }

    /// Maps an error that the server reported (PostgreSQL manual, appendix A).
    ///
    /// Nothing of the transaction was kept.
    init(sqlState: String) {
        let code = Self.sqlState(sqlState)
        switch sqlState {
        case "53100": self = .full
        case "42501", "25006", "3D000", "3F000": self = .cannotOpen(code: code)
        // Our statements are fixed: what is not there, or has another type, was changed by someone.
        case "42P01", "42703", "42804", "42883", "XX001", "XX002": self = .corrupt(code: code)
        default:
            switch sqlState.prefix(2) {
            case "23": self = .conflict
            case "28": self = .cannotOpen(code: code)
            case "22", "54": self = .invalid
            default: self = .inputOutput(code: code)
            }
        }
    }

    /// Whether the server ends the connection with this error, so that what follows it is not known.
    static func endsConnection(sqlState: String?) -> Bool {
        guard let sqlState else { return true }
        return sqlState.hasPrefix("08") || sqlState.hasPrefix("57P")
    }
}
