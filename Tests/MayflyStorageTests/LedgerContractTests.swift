import Dispatch
import MayflyBroker
import MayflyCrypto
import MayflyModel
import MayflyStorage
import Synchronization
import Testing

@Suite("What every store promises about the ledger")
struct LedgerContractTests {
    @Test("entries are read back exactly, by range", arguments: StoreFactory.all)
    func ranges(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let terms = LedgerTerms(
                event: "token.issued", outcome: "ok", agent: "agent:a", owner: "owner:o", resource: "crm",
                task: "task", trace: "trace", token: "jti")
            try store.append(terms: [terms, LedgerTerms(event: "key.made", outcome: "refused")])
            try store.append(terms: [terms])
            let all = [entry(0, terms), entry(1, LedgerTerms(event: "key.made", outcome: "refused")), entry(2, terms)]
            #expect(try store.ledgerEntries(in: 0..<3) == all)
            #expect(try store.ledgerEntries(in: 1..<2) == [all[1]])
            #expect(try store.ledgerEntries(in: 2..<(.max)) == [all[2]])
            #expect(try store.ledgerEntries(in: 1..<1).isEmpty)
            #expect(try store.ledgerEntries(in: 3..<9).isEmpty)
            #expect(try store.ledgerEntries(in: (.max - 1)..<(.max)).isEmpty)
        }
    }

    @Test("readers go on beside the writer and see whole commits only", arguments: StoreFactory.all)
    func concurrentReaders(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let isDone = Atomic(false)
            let failures = Mutex<[any Error]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                do {
                    guard worker > 0 else {
                        defer { isDone.store(true, ordering: .releasing) }
                        for number in 0..<100 {
                            let terms = LedgerTerms(
                                event: "token.issued", outcome: "ok", agent: "agent:a", token: "jti")
                            try store.append(puts: [record("\(number)")], terms: [terms, terms])
                        }
                        return
                    }
                    var seen: UInt64 = 0
                    repeat {
                        let head = try store.head()
                        #expect(head.ledgerSize >= seen && head.revision * 2 == head.ledgerSize)
                        seen = head.ledgerSize
                        let found = try store.ledgerEntries(in: 0..<1000).count
                        #expect(found >= seen && found % 2 == 0)
                        #expect(try store.records().count * 2 >= found)
                        var query = LedgerQuery(limit: 1000)
                        query.agent = "agent:a"
                        #expect(try store.ledgerEntries(matching: query).count >= Int(seen))
                    } while !isDone.load(ordering: .acquiring)
                } catch {
                    failures.withLock { $0.append(error) }
                }
            }
            #expect(failures.withLock { $0 }.isEmpty, "\(failures.withLock { $0 })")
            let size = try store.head().ledgerSize
            #expect(size == 200)
        }
    }

    @Test("an entry's bytes, times and texts are kept exactly", arguments: StoreFactory.all)
    func hostileEntries(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let texts = ["", "'; DROP TABLE ledger; --", "\"", "e\u{301}", "é", "😀\u{202E}", "%_*?", "NULL"]
            let times: [Int64] = [.min, -1, 0, 1, .max, 0, 0, 0]
            let entries = zip(0..., zip(texts, times)).map { index, pair in
                entry(
                    index, Timestamp(milliseconds: pair.1),
                    LedgerTerms(event: pair.0, outcome: pair.0, agent: pair.0, task: pair.0))
            }
            try store.commit(batch(after: StoreHead(), entries: entries))
            let stored = try store.ledgerEntries(in: 0..<99)
            #expect(stored == entries)
            // String equality would take the two spellings of é for one.
            #expect(stored.map { Array($0.terms.event.utf8) } == texts.map { Array($0.utf8) })
            #expect(stored.map(\.terms) == entries.map(\.terms))
            for (index, text) in texts.enumerated() {
                for path in [\LedgerQuery.agent, \.task, \.event, \.outcome] {
                    var query = LedgerQuery()
                    query[keyPath: path] = text
                    #expect(try store.ledgerEntries(matching: query).map(\.index) == [UInt64(index)], "\(text)")
                }
            }
        }
    }

    @Test("bytes that are no JSON are kept exactly and have no terms", arguments: StoreFactory.all)
    func foreignBytes(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let bytes: [[UInt8]] = [[], [0, 0xFF], Array("[1]".utf8), Array(repeating: 0x7B, count: 65_535)]
            let none = LedgerTerms(event: "", outcome: "")
            let entries = zip(0..., bytes).map {
                LedgerEntry(
                    index: $0, time: Timestamp(milliseconds: 0), leafHash: digest("\($0)"), bytes: $1, terms: none)
            }
            try store.commit(batch(after: StoreHead(), entries: entries))
            let stored = try store.ledgerEntries(in: 0..<9)
            #expect(stored == entries)
            #expect(stored.allSatisfy { $0.terms == none })
        }
    }

    @Test(
        "searches are exact across full segments, and in the part that is in memory alone", arguments: StoreFactory.all)
    func segments(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let terms = (0..<9000).map {
                LedgerTerms(
                    event: $0 % 1000 == 7 ? "revoked" : "token.issued", outcome: "ok", agent: "agent:\($0 % 300)",
                    owner: "owner:\($0 % 30)", task: "task \($0 / 3)", token: "jti \($0)")
            }
            // Cut so that commits end before, at and after the end of a segment.
            for cut in [0..<4000, 4000..<4096, 4096..<4097, 4097..<8200, 8200..<9000] {
                try store.append(terms: Array(terms[cut]))
            }
            func found(_ set: (inout LedgerQuery) -> Void) throws -> [Int] {
                var query = LedgerQuery(limit: 1000)
                set(&query)
                return try store.ledgerEntries(matching: query).map { Int($0.index) }
            }
            for index in [0, 4095, 4096, 8999] {
                #expect(try found { $0.token = "jti \(index)" } == [index])
                #expect(try found { $0.task = "task \(index / 3)" }.contains(index))
                #expect(try found { $0.before = UInt64(index + 1) }.first == index)
                #expect(try found { $0.since = Timestamp(seconds: Int64(index)) }.last == max(index, 8000))
                #expect(try found { $0.until = Timestamp(seconds: Int64(index) + 1) }.first == index)
            }
            #expect(try found { $0.event = "revoked" } == Array(stride(from: 8007, through: 7, by: -1000)))
            #expect(try found { $0.agent = "agent:17" } == Array(stride(from: 8717, through: 17, by: -300)))
            let paged = try found { ($0.agent, $0.before, $0.limit) = ("agent:17", 8417, 15) }
            #expect(paged == Array(stride(from: 8117, through: 3917, by: -300)))
            let both = try found { ($0.agent, $0.owner, $0.event) = ("agent:107", "owner:17", "revoked") }
            #expect(both == [7007, 4007, 1007])
            let timed = try found {
                ($0.owner, $0.since, $0.until) = ("owner:3", Timestamp(seconds: 4090), Timestamp(seconds: 4200))
            }
            #expect(timed == [4173, 4143, 4113])
            #expect(try found { $0.token = "jti 9000" }.isEmpty)
            #expect(
                try found { ($0.since, $0.until) = (Timestamp(seconds: 10), Timestamp(seconds: 13)) } == [12, 11, 10])
        }
    }

    static let paths: [WritableKeyPath<LedgerQuery, String?> & Sendable] = [
        \.event, \.outcome, \.agent, \.owner, \.resource, \.task, \.trace, \.token,
    ]

    /// Terms that differ from those of a neighbour in one place each.
    private func variants() -> [LedgerTerms] {
        let base = LedgerTerms(
            event: "e", outcome: "o", agent: "a", owner: "w", resource: "r", task: "t", trace: "c", token: "k")
        var variants = [base]
        for path in [\LedgerTerms.event, \.outcome] as [WritableKeyPath<LedgerTerms, String>] {
            var terms = base
            terms[keyPath: path] = "other"
            variants.append(terms)
        }
        for path in [\LedgerTerms.agent, \.owner, \.resource, \.task, \.trace, \.token] {
            var terms = base
            terms[keyPath: path] = "other"
            variants.append(terms)
            terms[keyPath: path] = nil
            variants.append(terms)
        }
        return variants
    }

    @Test("a query finds by each term and by any two together", arguments: StoreFactory.all)
    func terms(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let variants = variants()
            try store.append(terms: variants)
            let base = LedgerQuery.of(variants[0])
            for path in Self.paths {
                for second in Self.paths {
                    for text in ["other", "neither"] {
                        var query = LedgerQuery()
                        query[keyPath: second] = base[keyPath: second]
                        query[keyPath: path] = text
                        let expected = variants.indices.reversed().filter { LedgerQuery.of(variants[$0]).covers(query) }
                        let found = try store.ledgerEntries(matching: query).map { Int($0.index) }
                        #expect(found == expected)
                    }
                }
            }
            #expect(try store.ledgerEntries(matching: base).map(\.index) == [0])
        }
    }

    @Test("a query keeps to the time range, its end excluded", arguments: StoreFactory.all)
    func times(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(count: 10)
            var query = LedgerQuery()
            query.since = Timestamp(seconds: 3)
            #expect(try store.ledgerEntries(matching: query).map(\.index) == [9, 8, 7, 6, 5, 4, 3])
            query.until = Timestamp(seconds: 6)
            #expect(try store.ledgerEntries(matching: query).map(\.index) == [5, 4, 3])
            query.until = query.since
            #expect(try store.ledgerEntries(matching: query).isEmpty)
        }
    }

    @Test("pages follow one another without gap or overlap", arguments: StoreFactory.all)
    func pages(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            let terms = (0..<50).map {
                LedgerTerms(event: "e", outcome: "ok", agent: $0 % 3 == 0 ? "agent:third" : "agent:other")
            }
            try store.append(terms: terms)
            var query = LedgerQuery(limit: 4)
            query.agent = "agent:third"
            var found: [UInt64] = []
            while let last = try store.ledgerEntries(matching: query).map(\.index).last {
                found += try store.ledgerEntries(matching: query).map(\.index)
                query.before = last
            }
            #expect(found == stride(from: 48, through: 0, by: -3).map { UInt64($0) })
            query.before = .max
            #expect(try store.ledgerEntries(matching: query).map(\.index) == [48, 45, 42, 39])
        }
    }

    @Test("a query outside its limits is refused", arguments: StoreFactory.all)
    func badQueries(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            for limit in [.min, -1, 0, 1001, .max] {
                #expect(throws: StoreError.invalid) { try store.ledgerEntries(matching: LedgerQuery(limit: limit)) }
            }
            for path in Self.paths {
                for text in ["a\0b", String(repeating: "x", count: StoreLimits.termBytes + 1)] {
                    var query = LedgerQuery()
                    query[keyPath: path] = text
                    #expect(throws: StoreError.invalid) { try store.ledgerEntries(matching: query) }
                }
            }
        }
    }

    @Test("subtree hashes come by level and range", arguments: StoreFactory.all)
    func subtrees(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            // The second batch completes two subtrees of level 1, the last the 256th and with it one of level 2.
            // Between them in pieces: a shared store ends a turn in which nothing is said for a second, as under a
            // sanitizer.
            let counts = [255, 258] + Array(repeating: 1000, count: 65) + [22, 1, 5]
            for count in counts { try store.append(count: count) }
            #expect(try store.head().ledgerSize == 65_541)
            #expect(try store.subtreeHashes(level: 0, in: 254..<258) == (254..<258).map { entry($0).leafHash })
            #expect(try store.subtreeHashes(level: 0, in: 65_540..<65_550) == [entry(65_540).leafHash])
            #expect(try store.subtreeHashes(level: 1, in: 0..<300) == (0..<256).map { subtree(1, $0).hash })
            #expect(try store.subtreeHashes(level: 1, in: 255..<256) == [subtree(1, 255).hash])
            #expect(try store.subtreeHashes(level: 2, in: 0..<9) == [subtree(2, 0).hash])
            for level in [-1, 3, 7, 8, 63, .max, .min] {
                #expect(try store.subtreeHashes(level: level, in: 0..<9).isEmpty)
            }
            #expect(try store.subtreeHashes(level: 1, in: .max..<(.max)).isEmpty)
        }
    }

    static let wrongSubtrees: [[LedgerSubtree]] = [
        [], [subtree(1, 0)], [subtree(1, 0), subtree(1, 0)], [subtree(1, 0), subtree(1, 2)],
        [subtree(1, 0), subtree(1, 1), subtree(2, 0)], [subtree(1, 0), subtree(2, 1)],
    ]

    @Test("a batch must bring exactly the subtrees it completes", arguments: StoreFactory.all)
    func missingSubtrees(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            var batch = batch(after: StoreHead(), entries: (0..<513).map { entry($0) })
            let right = batch.subtrees
            for wrong in Self.wrongSubtrees {
                batch.subtrees = wrong
                #expect(throws: StoreError.invalid, "\(wrong)") { try store.commit(batch) }
            }
            #expect(try store.head() == StoreHead())
            batch.subtrees = right.reversed()
            try store.commit(batch)
            #expect(try store.subtreeHashes(level: 1, in: 0..<9) == right.map(\.hash))
        }
    }
}

extension LedgerQuery {
    fileprivate static func of(_ terms: LedgerTerms) -> LedgerQuery {
        var query = LedgerQuery()
        (query.event, query.outcome) = (terms.event, terms.outcome)
        (query.agent, query.owner, query.resource) = (terms.agent, terms.owner, terms.resource)
        (query.task, query.trace, query.token) = (terms.task, terms.trace, terms.token)
        return query
    }

    fileprivate func covers(_ query: LedgerQuery) -> Bool {
        LedgerContractTests.paths.allSatisfy { query[keyPath: $0] == nil || query[keyPath: $0] == self[keyPath: $0] }
    }
}
