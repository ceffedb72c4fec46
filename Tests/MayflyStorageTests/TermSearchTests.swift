import MayflyBroker
import MayflyModel
import Testing

@testable import MayflyStorage

@Suite("How the SQLite store finds entries by their terms")
struct TermSearchTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("store")
    }

    private func indexes(_ store: SQLiteStore, task: String) throws -> [UInt64] {
        var query = LedgerQuery()
        query.task = task
        return try store.ledgerEntries(matching: query).map(\.index)
    }

    /// Two tasks that have one hash under `hash`.
    private func collision(_ hash: TermHash) throws -> (String, String) {
        var known: [UInt32: String] = [:]
        for number in 0..<1_000_000 {
            let task = "task \(number)"
            if let other = known.updateValue(task, forKey: hash.hash(.task, task)) { return (other, task) }
        }
        throw StoreError.invalid
    }

    @Test("terms that share a hash are told apart, in memory and in full segments")
    func collidingTerms() throws {
        try SQLiteSchema.create(path: path)
        try SQLiteConnection(path: path, writable: true).execute("UPDATE head SET term_key = 5")
        let (first, second) = try collision(TermHash(key: 5))
        let store = try SQLiteStore(path: path, mode: .open)
        let terms = [first, second, "other"].map { LedgerTerms(event: "e", outcome: "ok", task: $0) }
        try store.append(terms: terms + terms)
        #expect(try indexes(store, task: first) == [3, 0])
        #expect(try indexes(store, task: second) == [4, 1])
        try store.append(count: Int(TermSegment.width) - 6)
        #expect(try indexes(store, task: first) == [3, 0])
        #expect(try indexes(store, task: second) == [4, 1])
    }

    @Test("what was in memory alone is found after the store was opened again", arguments: [10, 4095, 4096, 4100])
    func reopened(_ count: Int) throws {
        do {
            let store = try SQLiteStore(path: path, mode: .create)
            let terms = (0..<count).map { LedgerTerms(event: "e", outcome: "ok", task: "task \($0)") }
            try store.append(terms: terms)
        }
        let store = try SQLiteStore(path: path, mode: .open)
        for index in [0, count / 2, count - 1] {
            #expect(try indexes(store, task: "task \(index)") == [UInt64(index)])
        }
        try store.append(terms: (0..<5000).map { LedgerTerms(event: "e", outcome: "ok", task: "late \($0)") })
        #expect(try indexes(store, task: "task \(count - 1)") == [UInt64(count - 1)])
        #expect(try indexes(store, task: "late 4999") == [UInt64(count + 4999)])
    }

    @Test("a refused batch leaves no terms behind")
    func refused() throws {
        let store = try SQLiteStore(path: path, mode: .create)
        try store.append(count: 4090)
        var refused = batch(
            after: try store.head(),
            entries: (4090..<4100).map { entry($0, LedgerTerms(event: "e", outcome: "ok", task: "task")) })
        refused.subtrees = []
        refused.head.revision = 0
        #expect(throws: StoreError.self) { try store.commit(refused) }
        let found = try indexes(store, task: "task")
        #expect(found.isEmpty)
        try store.append(terms: (0..<10).map { _ in LedgerTerms(event: "e", outcome: "ok", task: "task") })
        #expect(try indexes(store, task: "task") == (4090..<4100).reversed())
    }

    @Test("a hash depends on the kind, the key and every byte of a term")
    func hashes() {
        let hash = TermHash(key: 1)
        let texts = [
            "", "a", "b", "aa", "abcdefgh", "abcdefghi", "abcdefgh\u{1}", "hgfedcba", "abcdefg", "é", "e\u{301}",
        ]
        var seen: Set<UInt32> = []
        for text in texts {
            seen.insert(hash.hash(.task, text))
            seen.insert(hash.hash(.trace, text))
            seen.insert(TermHash(key: 2).hash(.task, text))
        }
        #expect(seen.count == 3 * texts.count)
    }

    @Test("a full segment's rows hold every hash once, and its entries in their order")
    func rows() throws {
        let hash = TermHash(key: 7)
        var segment = TermSegment(number: 3)
        var expected: [UInt32: [UInt64]] = [:]
        for place in 0..<TermSegment.width {
            let terms = LedgerTerms(
                event: "e", outcome: "ok", agent: "agent \(place % 7)", task: "task \(place / 3)", token: "\(place)")
            segment.add(entry(3 * TermSegment.width + place, terms), hash)
            hash.forEach(in: terms) { expected[$0, default: []].append(place) }
        }
        let rows = segment.rows()
        let slots = Set(expected.keys.map { TermSegment.key(3, $0) })
        #expect(rows.map(\.key) == slots.sorted())
        let bytes = Dictionary(uniqueKeysWithValues: rows)
        #expect(bytes.values.reduce(0) { $0 + $1.count } == expected.values.reduce(0) { $0 + 6 + 2 * $1.count })
        for (value, places) in expected {
            #expect(try TermSegment.places(of: value, in: try #require(bytes[TermSegment.key(3, value)])) == places)
        }
    }

    @Test("index and ledger rows that Mayfly did not write are called corrupt, and never trap")
    func damaged() throws {
        let store = try SQLiteStore(path: path, mode: .create)
        try store.append(terms: (0..<4096).map { LedgerTerms(event: "e", outcome: "ok", task: "task \($0)") })
        let damages = [
            "UPDATE term SET postings = x'01'", "UPDATE term SET postings = x'0000000100ff'",
            "UPDATE segment SET number = 9223372036854775806",
            "UPDATE ledger SET entries = x'0000'", "UPDATE ledger SET entries = x'ffff'",
            "UPDATE ledger SET entries = substr(entries, 1, 50)",
            "DELETE FROM ledger WHERE last BETWEEN 100 AND 1000",
        ]
        for damage in damages {
            let connection = try SQLiteConnection(path: path, writable: true)
            try connection.execute("BEGIN IMMEDIATE")
            try connection.execute(damage)
            // Read through the connection that did it: what is not committed is seen by no other.
            let rows = try LedgerRows(connection)
            var query = LedgerQuery()
            query.task = "task 700"
            var search = LedgerSearch(query, TermHash(key: try connection.integer("SELECT term_key FROM head")))
            #expect(throws: StoreError.self, "\(damage)") {
                try search.run(rows, tail: TermTail(TermSegment(number: .max)))
            }
            try connection.execute("ROLLBACK")
        }
    }

    @Test("packing and unpacking rows gives the entries back, and no row crosses a segment's end")
    func chunks() throws {
        var entries = (4000..<4200).map { entry($0) }
        entries[50] = LedgerEntry(
            index: 4050, time: Timestamp(seconds: 1), leafHash: digest("big"), bytes: Array(repeating: 1, count: 65_535)
        )
        let chunks = try LedgerChunk.pack(entries)
        #expect(chunks.contains { $0.last == 4095 } && chunks.contains { $0.last == 4050 })
        var unpacked: [LedgerEntry] = []
        for chunk in chunks { try chunk.unpack(4001..<4199, into: &unpacked) }
        #expect(unpacked == Array(entries[1..<199]))
    }
}
