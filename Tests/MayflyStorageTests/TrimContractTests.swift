import MayflyBroker
import MayflyStorage
import Testing

@Suite("What every store promises about a ledger that is trimmed")
struct TrimContractTests {
    @Test("entries go oldest first, so many at a time, and no further than asked", arguments: StoreFactory.all)
    func steps(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(count: 600)
            let head = try store.head()
            #expect(try store.ledgerStart() == 0)
            #expect(try store.trimLedger(below: 512, limit: 0) == 0)
            // A store may keep neighbours together, and remove a few less.
            let removed = UInt64(try store.trimLedger(below: 512, limit: 200))
            #expect((150...200).contains(removed))
            #expect(try store.ledgerStart() == removed)
            #expect(try store.ledgerEntries(in: removed..<removed + 2).map(\.index) == [removed, removed + 1])
            #expect(try store.trimLedger(below: 512, limit: 1000) == 512 - Int(removed))
            #expect(try store.trimLedger(below: 512, limit: 1000) == 0)
            #expect(try store.trimLedger(below: 3, limit: 1000) == 0)
            #expect(try store.ledgerStart() == 512)
            #expect(try store.head() == head)
        }
    }

    @Test("what is asked from before the start is an error and never another entry", arguments: StoreFactory.all)
    func before(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            try store.append(count: 600)
            #expect(try store.trimLedger(below: 512, limit: 600) == 512)
            for range in [0..<600, 511..<513] as [Range<UInt64>] {
                #expect(throws: StoreError.self) { try store.ledgerEntries(in: range) }
                #expect(throws: StoreError.self) { try store.subtreeHashes(level: 0, in: range) }
            }
            #expect(try store.ledgerEntries(in: 512..<9000).map(\.index) == Array(512..<600))
            #expect(try store.subtreeHashes(level: 0, in: 512..<514) == [entry(512).leafHash, entry(513).leafHash])
            #expect(try store.subtreeHashes(level: 1, in: 0..<9) == [subtree(1, 0).hash, subtree(1, 1).hash])
            #expect(try store.ledgerEntries(matching: LedgerQuery(limit: 1000)).map(\.index) == (512..<600).reversed())
        }
    }

    @Test("the last entry never goes, and appending goes on", arguments: StoreFactory.all)
    func last(_ factory: StoreFactory) throws {
        try factory.withStore { store in
            #expect(try store.ledgerStart() == 0)
            #expect(try store.trimLedger(below: 0, limit: 9) == 0)
            #expect(throws: StoreError.invalid) { try store.trimLedger(below: 1, limit: 9) }
            try store.append(count: 3)
            #expect(throws: StoreError.invalid) { try store.trimLedger(below: 3, limit: 9) }
            #expect(throws: StoreError.invalid) { try store.trimLedger(below: .max, limit: 9) }
            try store.append(count: 2)
            #expect(try store.trimLedger(below: 3, limit: 99) == 3)
            try store.append(count: 2)
            #expect(try store.ledgerEntries(in: 3..<9).map(\.index) == [3, 4, 5, 6])
        }
    }

    @Test("a trimmed SQLite store opens again")
    func reopened() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("store")
        do {
            let store = try SQLiteStore(path: path, mode: .create)
            try store.append(count: 300)
            #expect(try store.trimLedger(below: 256, limit: 999) == 256)
        }
        let again = try SQLiteStore(path: path, mode: .open)
        #expect(try again.ledgerStart() == 256)
        #expect(try again.head().ledgerSize == 300)
        withExtendedLifetime(directory) {}
    }
}
