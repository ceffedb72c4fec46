import MayflyBroker
import MayflyCrypto
import MayflyModel

func digest(_ text: String) -> SHA256Digest { SHA256.digest(of: Array(text.utf8)) }

func record(
    _ key: String, _ value: String = "value", kind: RecordKind = .agent, expiresAt: Int64? = nil
) -> StoredRecord {
    StoredRecord(
        key: RecordKey(kind: kind, key: Array(key.utf8)), value: Array(value.utf8),
        expiresAt: expiresAt.map { Timestamp(milliseconds: $0) })
}

/// An entry whose time is its index in seconds and whose bytes and hash are its own.
func entry(_ index: UInt64, _ terms: LedgerTerms = LedgerTerms(event: "token.issued", outcome: "ok")) -> LedgerEntry {
    let bytes = Array(#"{"index":\#(index)}"#.utf8)
    return LedgerEntry(
        index: index, time: Timestamp(seconds: Int64(clamping: index)), leafHash: SHA256.digest(of: [0] + bytes),
        bytes: bytes, terms: terms)
}

/// A subtree whose hash tells its place.
func subtree(_ level: Int, _ index: UInt64) -> LedgerSubtree {
    LedgerSubtree(level: level, index: index, hash: digest("subtree \(level)/\(index)"))
}

/// A batch that continues `head` with these entries and every subtree they complete.
func batch(after head: StoreHead, puts: [StoredRecord] = [], entries: [LedgerEntry] = []) -> Batch {
    let size = head.ledgerSize + UInt64(entries.count)
    var batch = Batch(
        head: StoreHead(revision: head.revision + 1, ledgerSize: size, frontier: [digest("edge \(size)")]))
    batch.puts = puts
    batch.entries = entries
    for level in 1...StoreLimits.subtreeLevel {
        let completed = (head.ledgerSize >> (8 * level))..<(size >> (8 * level))
        batch.subtrees += completed.map { subtree(level, $0) }
    }
    return batch
}

extension Store {
    /// Commits what continues the store's head.
    func append(puts: [StoredRecord] = [], terms: [LedgerTerms] = []) throws {
        let head = try head()
        try commit(batch(after: head, puts: puts, entries: zip(head.ledgerSize..., terms).map { entry($0, $1) }))
    }

    /// Commits `count` plain entries at once.
    func append(count: Int) throws {
        try append(terms: Array(repeating: LedgerTerms(event: "token.issued", outcome: "ok"), count: count))
    }

    func records() throws -> [RecordKey: StoredRecord] {
        var records: [RecordKey: StoredRecord] = [:]
        try loadRecords { records[$0.key] = $0 }
        return records
    }

    /// The values of all records as texts, sorted.
    func values() throws -> [String] {
        try records().values.map { String(decoding: $0.value, as: UTF8.self) }.sorted()
    }
}
