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

/// An entry whose time is its index in seconds, and whose bytes hold its index and its terms.
func entry(_ index: UInt64, _ terms: LedgerTerms = LedgerTerms(event: "token.issued", outcome: "ok")) -> LedgerEntry {
    entry(index, Timestamp(seconds: Int64(clamping: index)), terms)
}

func entry(_ index: UInt64, _ time: Timestamp, _ terms: LedgerTerms) -> LedgerEntry {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("index")
    writer.integer(Int64(clamping: index))
    let members = [
        ("event", terms.event), ("outcome", terms.outcome), ("agent", terms.agent), ("owner", terms.owner),
        ("resource", terms.resource), ("task", terms.task), ("trace", terms.trace), ("token", terms.token),
    ]
    for case (let name, let text?) in members {
        writer.name(of: name)
        writer.string(text)
    }
    writer.endObject()
    return LedgerEntry(
        index: index, time: time, leafHash: SHA256.digest(of: [0] + writer.bytes), bytes: writer.bytes, terms: terms)
}

func mark(_ name: String, expiresAt milliseconds: Int64) -> UsedMark {
    UsedMark(id: digest(name), expires: Timestamp(milliseconds: milliseconds))
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

    func marks() throws -> [UsedMark] {
        var marks: [UsedMark] = []
        try loadMarks { marks.append($0) }
        return marks
    }

    /// Commits marks alone.
    func append(marks: [UsedMark]) throws {
        var batch = batch(after: try head())
        batch.marks = marks
        try commit(batch)
    }

    /// The values of all records as texts, sorted.
    func values() throws -> [String] {
        try records().values.map { String(decoding: $0.value, as: UTF8.self) }.sorted()
    }
}
