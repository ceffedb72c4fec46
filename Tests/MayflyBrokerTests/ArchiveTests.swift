internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyStorage
internal import Synchronization
internal import Testing

/// A ledger whose oldest entries lie in files proves, shows and finds the same as before.
struct ArchiveTests {
    /// What a ledger answers about its first `size` entries at some places.
    private struct Answers: Equatable {
        var entries: [LedgerEntry]
        var inclusion: [[SHA256Digest]]
        var consistency: [[SHA256Digest]]

        init(_ bench: LedgerBench, size: UInt64, indexes: [UInt64]) throws {
            entries = []
            var next: UInt64 = 0
            while next < size {
                let page = try bench.broker.ledger.entries(in: next..<min(size, next + 500))
                entries += page
                next += UInt64(page.count)
                try #require(!page.isEmpty)
            }
            inclusion = try indexes.map { try bench.broker.ledger.inclusionProof(of: $0, size: size) }
            consistency = try indexes.filter { $0 > 0 }.map {
                try bench.broker.ledger.consistencyProof(from: $0, to: size)
            }
        }
    }

    @Test(arguments: [1, 2] as [UInt64], [false, true])
    func everythingIsTheSameAfterArchivingAsBefore(_ seed: UInt64, _ sqlite: Bool) throws {
        var random = SeededGenerator(seed: seed)
        let bench = try LedgerBench(entries: Int.random(in: 600...1500, using: &random), sqlite: sqlite)
        bench.settle()
        let size = try bench.size
        let indexes =
            (0..<60).map { _ in UInt64.random(in: 0..<size, using: &random) } + [0, 255, 256, 257, size - 1]
        let before = try Answers(bench, size: size, indexes: indexes)
        for _ in 0..<2 {
            let kept = UInt64.random(in: 0..<size, using: &random)
            let outcome = try bench.archive(.keep(kept)).get()
            if let archive = outcome.archive { #expect(archive.range.upperBound % 256 == 0) }
            #expect(try Answers(bench, size: size, indexes: indexes) == before)
            // Half-way through the trimming too.
            _ = try bench.broker.removeExpired()
            #expect(try Answers(bench, size: size, indexes: indexes) == before)
            try bench.clean()
            #expect(try Answers(bench, size: size, indexes: indexes) == before)
        }
        for (index, path) in zip(indexes, before.inclusion) {
            let root = try MerkleTreeOf(before.entries).root
            #expect(
                MerkleProof.verifyInclusion(
                    leaf: before.entries[Int(index)].leafHash, index: index, size: size, path: path, root: root))
        }
        try bench.restart()
        #expect(try Answers(bench, size: size, indexes: indexes) == before)
        let archives = try Broker.archives(in: bench.store)
        try LedgerAudit.run(bench.store, archives: archives)
        for archive in archives.all {
            try LedgerAudit.check(archive, in: ArchiveDirectory(path: bench.archive), store: bench.store)
        }
    }

    private struct MerkleTreeOf {
        let root: SHA256Digest
        init(_ entries: [LedgerEntry]) throws {
            var frontier = MerkleFrontier()
            for entry in entries { _ = frontier.append(entry.leafHash) }
            root = frontier.root
        }
    }

    @Test func archivingSaysWhatItDidInTheLedgerAndTakesTheRowsOutInBoundedSteps() throws {
        let bench = try LedgerBench(entries: 1540)
        bench.settle()
        let outcome = try bench.archive(.keep(300)).get()
        let archive = try #require(outcome.archive)
        #expect(archive.range == 0..<1024)
        #expect(!outcome.isMore)
        #expect(bench.files == [archive.seal.file])
        var query = LedgerQuery(limit: 1)
        query.event = "ledger.archived"
        let entry = try #require(try bench.broker.ledger.page(matching: query).entries.first)
        let said = try JSONParser.parseObject(entry.bytes)
        #expect(said["actor"]?.stringValue == "admin:ops")
        #expect(said["target"]?.stringValue == "ledger:0-1023")
        #expect(said["sha256"]?.stringValue == Base64URL.encode(archive.seal.digest.bytes))
        #expect(said["root"]?.stringValue == Base64URL.encode(archive.seal.root.bytes))
        #expect(try bench.store.ledgerStart() == 0)
        var start: UInt64 = 0
        while try bench.broker.removeExpired() {
            let now = try bench.store.ledgerStart()
            #expect(now - start <= 100)
            start = now
        }
        #expect(try bench.store.ledgerStart() == 1024)
        #expect(try bench.archive(.keep(0)).get().archive?.range == 1024..<1280)
        #expect(try bench.archive(.keep(0)).get().archive == nil)
    }

    @Test func onlyOlderEntriesGoWhenATimeIsGiven() throws {
        let bench = try LedgerBench(entries: 1500)
        bench.settle()
        let time = try #require(try bench.broker.ledger.entries(in: 700..<701).first?.time)
        #expect(try bench.archive(.before(time)).get().archive?.range == 0..<512)
        #expect(try bench.archive(.before(time)).get().archive == nil)
    }

    @Test(arguments: [nil, "agent:a3"])
    func aSearchFindsTheSameEntriesWhereverTheyLie(_ agent: String?) throws {
        let bench = try LedgerBench(entries: 9100)
        bench.settle()
        func found() throws -> (indexes: [UInt64], pages: Int) {
            var query = LedgerQuery(limit: 400)
            query.agent = agent
            query.before = 9090
            var indexes: [UInt64] = []
            var pages = 0
            while true {
                let page = try bench.broker.ledger.page(matching: query)
                indexes += page.entries.map(\.index)
                pages += 1
                guard let next = page.next else { return (indexes, pages) }
                query.before = next
            }
        }
        let before = try found()
        while try bench.archive(.keep(600)).get().isMore {}
        #expect(try found().indexes == before.indexes)
        try bench.clean()
        #expect(try found().indexes == before.indexes)
        // A term that nothing has: every page is empty, and the last one says that all was looked at.
        var query = LedgerQuery(limit: 400)
        query.task = "nobody"
        var pages = 1
        while let next = try bench.broker.ledger.page(matching: query).next {
            query.before = next
            pages += 1
        }
        #expect(pages >= 2)
        var young = LedgerQuery(limit: 10)
        young.task = "nobody"
        young.since = bench.clock.now().advanced(bySeconds: 10)
        #expect(try bench.broker.ledger.page(matching: young).next == nil)
    }

    @Test func aFileThatIsAwayIsNamedAndTheLiveEntriesStillProve() throws {
        let bench = try LedgerBench(entries: 1200)
        bench.settle()
        let archive = try #require(try bench.archive(.keep(300)).get().archive)
        try bench.clean()
        let size = try bench.size
        rename("\(bench.archive)/\(archive.seal.file)", "\(bench.folder)/store.lock")
        #expect(try bench.broker.ledger.inclusionProof(of: size - 1, size: size).count > 3)
        #expect(try bench.broker.ledger.inclusionProof(of: archive.range.upperBound, size: size).count > 3)
        #expect(try bench.broker.ledger.consistencyProof(from: 512, to: size).count > 0)
        let missing = BrokerError.conflict(
            "\(SegmentError.missing(file: archive.seal.file, location: bench.archive))")
        #expect(throws: missing) { try bench.broker.ledger.entries(in: 0..<10) }
        #expect(throws: missing) { try bench.broker.ledger.inclusionProof(of: 3, size: size) }
        var query = LedgerQuery(limit: 1000)
        query.agent = "agent:a1"
        let page = try bench.broker.ledger.page(matching: query)
        #expect(page.entries.allSatisfy { $0.index >= archive.range.upperBound })
        let next: UInt64 = try #require(page.next)
        query.before = next
        #expect(throws: missing) { try bench.broker.ledger.page(matching: query) }
        #expect(bench.broker.ledger.archives().map(\.isPresent) == [false])
        try LedgerAudit.run(bench.store, archives: try Broker.archives(in: bench.store))
        #expect(throws: LedgerError.self) {
            try LedgerAudit.check(archive, in: ArchiveDirectory(path: bench.archive), store: bench.store)
        }
        rename("\(bench.folder)/store.lock", "\(bench.archive)/\(archive.seal.file)")
        #expect(try bench.broker.ledger.entries(in: 0..<10).count == 10)
    }

    @Test func nothingIsTakenOutWhileTheFileIsNotWhatWasWritten() throws {
        let bench = try LedgerBench(entries: 1200)
        bench.settle()
        let archive = try #require(try bench.archive(.keep(300)).get().archive)
        let path = "\(bench.archive)/\(archive.seal.file)"
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        try #require(pwrite(descriptor, "x", 1, off_t(archive.seal.size - 7)) == 1)
        close(descriptor)
        try bench.clean()
        #expect(try bench.store.ledgerStart() == 0)
        #expect(throws: LedgerError.self) {
            try LedgerAudit.check(archive, in: ArchiveDirectory(path: bench.archive), store: bench.store)
        }
    }

    @Test(arguments: ArchiveDirectory.Step.allCases)
    func anEndAtAnyStepOfWritingLosesNothing(_ last: ArchiveDirectory.Step) throws {
        let bench = try LedgerBench(entries: 1200, sqlite: true)
        bench.settle()
        let size = try bench.size
        let before = try Answers(bench, size: size, indexes: [0, 300, 800])
        try bench.restart(
            segments: ArchiveDirectory(path: bench.archive) { step throws(SegmentError) in
                if step == last { throw .cannotWrite(location: "", code: EINTR) }
            })
        guard case .failure = bench.archive(.keep(300)) else {
            Issue.record("archiving did not stop")
            return
        }
        #expect(bench.files.count == 1)
        try bench.restart()
        try bench.clean()
        #expect(try bench.store.ledgerStart() == 0)
        #expect(try Answers(bench, size: size, indexes: [0, 300, 800]) == before)
        let archive = try #require(try bench.archive(.keep(300)).get().archive)
        #expect(bench.files == [archive.seal.file])
        try bench.clean()
        #expect(try Answers(bench, size: size, indexes: [0, 300, 800]) == before)
    }

    @Test func anEndInTheMiddleOfTrimmingIsFinishedByTheNextStart() throws {
        let bench = try LedgerBench(entries: 1200, sqlite: true)
        bench.settle()
        let size = try bench.size
        let before = try Answers(bench, size: size, indexes: [0, 300, 800])
        _ = try bench.archive(.keep(300)).get()
        for _ in 0..<3 { _ = try bench.broker.removeExpired() }
        let start = try bench.store.ledgerStart()
        #expect(start > 0 && start < 768)
        try bench.restart()
        #expect(try Answers(bench, size: size, indexes: [0, 300, 800]) == before)
        try bench.clean()
        // A store may keep the last few with their neighbours.
        #expect((737...768).contains(try bench.store.ledgerStart()))
        #expect(try Answers(bench, size: size, indexes: [0, 300, 800]) == before)
    }

    @Test func aCommitThatFailsLeavesTheFileAloneUntilTheNextStart() throws {
        let bench = try LedgerBench(entries: 1200)
        bench.settle()
        let inner = try #require(bench.store as? MemoryStore)
        inner.failWrites(with: .inputOutput(code: 10))
        guard case .failure(.unavailable(.storeFailed)) = bench.archive(.keep(300)) else {
            Issue.record("archiving did not fail")
            return
        }
        let files = bench.files
        #expect(files.count == 1)
        inner.failWrites(with: nil)
        // Whether the record was kept is not known, so the file may be the only one.
        guard case .failure(.conflict) = bench.archive(.keep(600)) else {
            Issue.record("archiving went on")
            return
        }
        #expect(bench.files == files)
        try bench.restart()
        let archive = try #require(try bench.archive(.keep(600)).get().archive)
        #expect(bench.files == [archive.seal.file])
    }

    @Test func aTokenIsRevokedByNameWhenItsEntryIsArchived() throws {
        let bench = try LedgerBench(entries: 1200)
        bench.settle()
        _ = try bench.archive(.keep(300)).get()
        try bench.clean()
        let answers = Mutex<[Result<Void, BrokerError>]>([])
        bench.broker.administration.revoke(.token("token-100"), reason: "", by: "admin:ops") { result in
            answers.withLock { $0.append(result) }
        }
        bench.settle()
        #expect(bench.broker.state.read { $0.revocations.count } == 1)
        bench.broker.administration.revoke(.token("never"), reason: "", by: "admin:ops") { result in
            answers.withLock { $0.append(result) }
        }
        bench.settle()
        #expect(bench.broker.state.read { $0.revocations.count } == 1)
    }

    @Test func aLedgerThatLostEntriesWhichNoFileHoldsIsNotServed() throws {
        let bench = try LedgerBench(entries: 600)
        bench.settle()
        #expect(try bench.store.trimLedger(below: 64, limit: 64) > 0)
        #expect(throws: StartError.store(.corrupt(code: 0))) { try bench.restart() }
    }
}
