import MayflyBroker
import MayflyCrypto
import MayflyModel
import MayflyStorage
import Testing

@Suite("What every store promises about records and commits")
struct RecordContractTests {
    @Test("a fresh store is empty", arguments: StoreFactory.all)
    func fresh(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let head = try store.head()
            #expect(head == StoreHead())
            #expect(try store.records().isEmpty)
            #expect(try store.ledgerEntries(in: 0..<10).isEmpty)
            #expect(try store.ledgerEntries(matching: LedgerQuery()).isEmpty)
        }
    }

    @Test("what a commit holds is read back as it was", arguments: StoreFactory.all)
    func readBack(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let records = RecordKind.allCases.map { record("same key", "kind \($0)", kind: $0) }
            let expiring = record("code", "soon gone", kind: .enrolmentCode, expiresAt: .max)
            var batch = batch(after: StoreHead(), puts: records + [expiring], entries: [entry(0)])
            batch.head = StoreHead(revision: 7, ledgerSize: 1, frontier: (0..<64).map { digest("edge \($0)") })
            try store.commit(batch)
            #expect(try store.head() == batch.head)
            let stored = try store.records()
            #expect(stored.count == batch.puts.count)
            for record in batch.puts { #expect(stored[record.key] == record) }
        }
    }

    @Test("a put replaces the whole record, the last one winning", arguments: StoreFactory.all)
    func replace(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(puts: [record("a", "old", expiresAt: 5)])
            try store.append(puts: [record("a", "newer"), record("a", "newest")])
            #expect(try store.records().values.map(\.self) == [record("a", "newest")])
        }
    }

    @Test("a delete takes away that record alone, even one put in the same batch", arguments: StoreFactory.all)
    func delete(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(puts: [record("a", "1"), record("b", "2"), record("a", "3", kind: .owner)])
            var batch = batch(after: try store.head(), puts: [record("c", "4")])
            batch.deletes = [record("a").key, record("c").key, record("never there").key]
            try store.commit(batch)
            #expect(try store.values() == ["2", "3"])
        }
    }

    static let hostile: [[UInt8]] = [
        [], [0], [0, 0x61, 0], Array("'; DROP TABLE record; --".utf8), Array("\"quoted\" `too`".utf8),
        Array("é e\u{301} \u{202E}‮ 😀".utf8), [0xFF, 0xFE, 0xC0, 0x80], Array(0...255),
        Array(repeating: 0x25, count: StoreLimits.keyBytes),
    ]

    @Test("any bytes are kept exactly, as key and as value", arguments: StoreFactory.all)
    func hostileBytes(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let records = Self.hostile.map { StoredRecord(key: RecordKey(kind: .setting, key: $0), value: $0) }
            try store.append(puts: records)
            let stored = try store.records()
            #expect(stored.count == records.count)
            for record in records { #expect(stored[record.key] == record) }
        }
    }

    /// Batches that must be refused by a store that holds one entry at revision 1.
    static let refused: [(String, StoreError, @Sendable (inout Batch) -> Void)] = [
        (
            "a ledger that is already longer", .conflict,
            {
                $0.entries = [entry(0)]; $0.head.ledgerSize = 1
            }
        ),
        (
            "a ledger that is shorter", .conflict,
            {
                $0.entries = [entry(2)]; $0.head.ledgerSize = 3
            }
        ),
        ("a size that the entries do not reach", .conflict, { $0.head.ledgerSize = 3 }),
        ("more entries than the size", .conflict, { $0.head.ledgerSize = 0 }),
        ("an entry with another index", .conflict, { $0.entries = [entry(2)] }),
        ("a revision that goes back", .conflict, { $0.head.revision = 0 }),
        ("a size past signed integers", .invalid, { $0.head.ledgerSize = .max }),
        ("a revision past signed integers", .invalid, { $0.head.revision = .max }),
        ("a key that is too long", .invalid, { $0.puts += [record(String(repeating: "k", count: 513))] }),
        ("a deleted key that is too long", .invalid, { $0.deletes = [record(String(repeating: "k", count: 513)).key] }),
        (
            "a value that is too long", .invalid,
            { $0.puts += [record("v", String(repeating: "v", count: 1 << 20 + 1))] }
        ),
        ("a term with NUL", .invalid, { $0.entries = [entry(1, LedgerTerms(event: "e", outcome: "ok", task: "\0"))] }),
        (
            "a term that is too long", .invalid,
            { $0.entries = [entry(1, LedgerTerms(event: String(repeating: "e", count: 1025), outcome: "ok"))] }
        ),
        ("too long an edge", .invalid, { $0.head.frontier = Array(repeating: digest(""), count: 65) }),
        ("a subtree that is not complete", .invalid, { $0.subtrees = [subtree(1, 0)] }),
        ("a subtree of no level", .invalid, { $0.subtrees = [subtree(0, 1)] }),
        ("a subtree of a level below none", .invalid, { $0.subtrees = [subtree(-1, 0)] }),
    ]

    @Test("a refused batch leaves nothing behind, and the store goes on", arguments: StoreFactory.all)
    func refusal(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(puts: [record("kept", "old")], terms: [LedgerTerms(event: "first", outcome: "ok")])
            let before = try store.head()
            for (what, error, change) in Self.refused {
                var batch = batch(after: before, puts: [record("kept", "new"), record("other")], entries: [entry(1)])
                change(&batch)
                #expect(throws: error, "\(what)") { try store.commit(batch) }
                #expect(try store.head() == before, "\(what)")
                #expect(try store.values() == ["old"], "\(what)")
                #expect(try store.ledgerEntries(in: 0..<9).count == 1, "\(what)")
            }
            try store.append(puts: [record("kept", "new")], terms: [LedgerTerms(event: "second", outcome: "ok")])
            #expect(try store.values() == ["new"])
        }
    }

    @Test("expired records go oldest first, a bounded number at a time", arguments: StoreFactory.all)
    func expiry(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let expiring = (1...9).map { record("key \($0)", "\($0)", kind: .revocation, expiresAt: Int64($0) * 10) }
            try store.append(puts: expiring.shuffled() + [record("for ever", "stays")])
            let moment = Timestamp(milliseconds: 50)
            #expect(try store.removeExpired(at: moment, limit: 0) == 0)
            #expect(try store.removeExpired(at: moment, limit: 2) == 2)
            #expect(try store.values() == ["3", "4", "5", "6", "7", "8", "9", "stays"])
            #expect(try store.removeExpired(at: moment, limit: 100) == 3)
            #expect(try store.removeExpired(at: moment, limit: 100) == 0)
            #expect(try store.values() == ["6", "7", "8", "9", "stays"])
        }
    }

    @Test("a record put again without an end no longer expires", arguments: StoreFactory.all)
    func endTakenBack(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(puts: [record("a", "short", expiresAt: 1), record("b", "long", expiresAt: 100)])
            try store.append(puts: [record("a", "kept"), record("b", "gone", expiresAt: 1)])
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 50), limit: 10) == 1)
            #expect(try store.values() == ["kept"])
        }
    }

    @Test("marks are kept beside the records, each with its own end", arguments: StoreFactory.all)
    func marks(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            #expect(try store.marks().isEmpty)
            let marks = [mark("a", expiresAt: .max), mark("b", expiresAt: -1), mark("c", expiresAt: 0)]
            var batch = batch(after: StoreHead(), puts: [record("r")], entries: [entry(0)])
            batch.marks = marks
            try store.commit(batch)
            try store.append(marks: [mark("a", expiresAt: 7)])
            #expect(Set(try store.marks()) == Set(marks + [mark("a", expiresAt: 7)]))
            #expect(try store.records().count == 1)
        }
    }

    @Test("marks of a refused batch are not kept", arguments: StoreFactory.all)
    func refusedMarks(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            var batch = batch(after: StoreHead())
            batch.marks = [mark("a", expiresAt: 1)]
            batch.head.ledgerSize = 1
            #expect(throws: StoreError.conflict) { try store.commit(batch) }
            let kept = try store.marks()
            #expect(kept.isEmpty)
        }
    }

    @Test(
        "marks go by whole commits, the oldest first, none before all of its commit has expired",
        arguments: StoreFactory.all)
    func markExpiry(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(marks: [mark("1", expiresAt: 10), mark("2", expiresAt: 30)])
            try store.append(marks: [mark("3", expiresAt: 20)])
            try store.append(marks: [mark("4", expiresAt: 20), mark("5", expiresAt: 21)])
            try store.append(puts: [record("r", "r", expiresAt: 5)])
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 29), limit: 9) == 1)
            #expect(try store.marks().count == 5)
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 30), limit: 0) == 0)
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 30), limit: 2) == 2)
            #expect(Set(try store.marks()) == [mark("4", expiresAt: 20), mark("5", expiresAt: 21)])
            try store.append(marks: [mark("6", expiresAt: 99)])
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 30), limit: 9) == 1)
            #expect(try store.removeExpired(at: Timestamp(milliseconds: 30), limit: 9) == 0)
            #expect(try store.marks() == [mark("6", expiresAt: 99)])
        }
    }

    @Test("a memory store that was told to fail keeps nothing until it is mended")
    func failingMemory() throws {
        let store = MemoryStore()
        store.failWrites(with: .full)
        #expect(throws: StoreError.full) { try store.append(puts: [record("a")]) }
        #expect(try store.records().isEmpty)
        store.failWrites(with: nil)
        try store.append(puts: [record("a")])
        #expect(try store.records().count == 1)
    }
}
