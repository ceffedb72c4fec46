import MayflyCrypto
import MayflyLedger
import Testing

@Suite struct LedgerVerifierTests {
    private static let tree = GrownTree(size: 600)

    private func checkpoints(_ sizes: UInt64...) throws -> [Checkpoint] {
        try sizes.map { try NoteFixtures.checkpoint(Self.tree, $0) }
    }

    private func feed(
        _ verifier: inout LedgerVerifier, _ count: UInt64, changing: [UInt64: [UInt8]] = [:]
    ) throws(LedgerError) {
        for index in 0..<count {
            let bytes = changing[index] ?? entry(index)
            try verifier.add(bytes, leafHash: LedgerHash.leaf(bytes))
        }
    }

    @Test func `a sound ledger passes through every checkpoint, in whatever order they are given`() throws {
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(600, 0, 257, 1, 257))
        try feed(&verifier, 600)
        let result = try verifier.finish()
        #expect(result.size == 600)
        #expect(result.signedSize == 600)
        #expect(result.root == Self.tree.root(600))
        #expect(verifier.frontier == Self.tree.frontiers[600])
    }

    @Test func `entries after the newest checkpoint are counted as unsigned`() throws {
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(100))
        try feed(&verifier, 120)
        let result = try verifier.finish()
        #expect(result.size == 120)
        #expect(result.signedSize == 100)
        let nothing = try LedgerVerifier(checkpoints: []).finish()
        #expect(nothing.size == 0)
        #expect(nothing.root == LedgerHash.emptyRoot)
    }

    @Test(arguments: [UInt64(0), 1, 255, 256, 599])
    func `the first entry whose bytes were changed is named`(index: UInt64) throws {
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(600))
        for before in 0..<index { try verifier.add(entry(before), leafHash: Self.tree.leaf(before)) }
        #expect(throws: LedgerError.entryAltered(index: index)) {
            try verifier.add(entry(index) + [0x20], leafHash: Self.tree.leaf(index))
        }
    }

    @Test(arguments: [UInt64(0), 99, 100, 256, 599])
    func `an entry rewritten together with its hash fails at the next checkpoint`(index: UInt64) throws {
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(100, 257, 600))
        let caught: UInt64 = index < 100 ? 100 : index < 257 ? 257 : 600
        #expect(throws: LedgerError.rootMismatch(size: caught)) {
            try feed(&verifier, 600, changing: [index: Array("rewritten".utf8)])
        }
    }

    @Test func `a ledger cut short of a checkpoint fails`() throws {
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(10, 500))
        try feed(&verifier, 499)
        #expect(throws: LedgerError.entriesMissing(signed: 500, found: 499)) { try verifier.finish() }
    }

    @Test func `an entry taken out or put in fails at the next checkpoint`() throws {
        for shift in [-1, 1] {
            var verifier = try LedgerVerifier(checkpoints: try checkpoints(300))
            #expect(throws: LedgerError.rootMismatch(size: 300)) {
                for index in UInt64(0)..<300 {
                    let other = index < 50 ? index : index &+ UInt64(bitPattern: Int64(shift))
                    try verifier.add(entry(other), leafHash: Self.tree.leaf(other))
                }
            }
        }
    }

    @Test func `two checkpoints of one size with different roots cannot both pass`() throws {
        let forked = try Checkpoint(origin: "log.example", size: 5, root: Self.tree.root(6))
        var verifier = try LedgerVerifier(checkpoints: try checkpoints(5) + [forked])
        #expect(throws: LedgerError.rootMismatch(size: 5)) { try feed(&verifier, 5) }
        let full0 = try Checkpoint(origin: "log.example", size: 0, root: Self.tree.root(6))
        #expect(throws: LedgerError.rootMismatch(size: 0)) { try LedgerVerifier(checkpoints: [full0]) }
    }

    @Test func `completed subtrees come out for comparison with the stored ones`() throws {
        var verifier = try LedgerVerifier(checkpoints: [])
        var completed: [CompletedSubtree] = []
        for index in UInt64(0)..<600 {
            completed += try verifier.add(entry(index), leafHash: Self.tree.leaf(index))
        }
        #expect(completed.map(\.hash) == Self.tree.rows[1])
    }
}
