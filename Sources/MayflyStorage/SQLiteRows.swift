internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

// Stored rows as the broker's types. Each `select` names its columns in the order that its reader takes them.

extension SQLiteStatement {
    static let selectHead = "SELECT revision, size, frontier FROM head"

    /// Runs `selectHead`, which answers exactly one row.
    func storedHead() throws(StoreError) -> StoreHead {
        let heads = try rows { (row) throws(StoreError) in
            StoreHead(
                revision: try row.counter(0), ledgerSize: try row.counter(1),
                frontier: try .init(joined: try row.blob(2)))
        }
        guard let head = heads.first, heads.count == 1 else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return head
    }

    static let insertMarks = "INSERT INTO mark (expires, marks) VALUES (?, ?)"

    static let selectRecord = "SELECT kind, key, value, expires FROM record"

    func record() throws(StoreError) -> StoredRecord {
        guard let raw = Int(exactly: try integer(0)), let kind = RecordKind(rawValue: raw) else {
            throw .corrupt(code: Int(SQLITE_CORRUPT))
        }
        let expiresAt = isNull(3) ? nil : Timestamp(milliseconds: try integer(3))
        return StoredRecord(
            key: RecordKey(kind: kind, key: try blob(1)), value: try blob(2), expiresAt: expiresAt)
    }

    func digest(_ column: Int32) throws(StoreError) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: try blob(column)) else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return digest
    }
}

extension [SHA256Digest] {
    /// Hashes one after another.
    init(joined bytes: [UInt8]) throws(StoreError) {
        let starts = stride(from: 0, to: bytes.count, by: SHA256Digest.byteCount)
        self = starts.compactMap { SHA256Digest(slice: bytes[$0...].prefix(SHA256Digest.byteCount)) }
        guard count * SHA256Digest.byteCount == bytes.count else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
    }
}

extension Int64 {
    /// A counter as SQLite keeps it; `Batch.check` has held it to `StoreLimits.counter`.
    init(counter: UInt64) throws(StoreError) {
        guard let value = Int64(exactly: counter) else { throw .invalid }
        self = value
    }
}
