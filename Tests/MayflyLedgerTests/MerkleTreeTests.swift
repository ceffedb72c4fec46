import MayflyCrypto
import MayflyLedger
import Testing

@Suite struct MerkleTreeTests {
    private static let edges: [UInt64] = [
        1, 2, 3, 7, 8, 127, 128, 129, 255, 256, 257, 511, 512, 513, 32_768, 65_280, 65_535, 65_536, 65_537, 65_540,
    ]
    private static let tree = GrownTree.large
    private static let size = UInt64(65_540)

    @Test(arguments: edges + [0])
    func `a root at an earlier size is the one the growing tree had`(size: UInt64) throws {
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: Self.size)
        #expect(try tree.root(size: size) == Self.tree.root(size))
        #expect(try MerkleTree(source: RecordingSource(Self.tree), size: size).root() == Self.tree.root(size))
    }

    @Test(arguments: edges)
    func `inclusion proofs around every edge verify and read few tiles`(size: UInt64) throws {
        for index in Set(Self.edges.map { $0 - 1 } + Self.edges).sorted() where index < size {
            try checkInclusion(index, size)
        }
    }

    @Test(arguments: [UInt64(0x6C65_6467), 7, 2026])
    func `inclusion and consistency proofs of random sizes verify`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let size = UInt64.random(in: 1...Self.size, using: &random)
            try checkInclusion(UInt64.random(in: 0..<size, using: &random), size)
            try checkConsistency(UInt64.random(in: 1...size, using: &random), size)
            let small = UInt64.random(in: 1...600, using: &random)
            try checkInclusion(UInt64.random(in: 0..<small, using: &random), small)
            try checkConsistency(UInt64.random(in: 1...small, using: &random), small)
        }
    }

    @Test(arguments: edges)
    func `consistency proofs around every edge verify and read few tiles`(second: UInt64) throws {
        for first in Self.edges where first <= second { try checkConsistency(first, second) }
    }

    @Test func `every proof of every tree up to 40 leaves verifies`() throws {
        for size in UInt64(1)...40 {
            for index in 0..<size { try checkInclusion(index, size) }
            for first in 1...size { try checkConsistency(first, size) }
        }
    }

    @Test func `what the tree does not have is out of range`() {
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 300)
        let refusal = LedgerError.outOfRange(size: 300)
        #expect(throws: refusal) { try tree.root(size: 301) }
        #expect(throws: refusal) { try tree.inclusionProof(of: 300, size: 300) }
        #expect(throws: refusal) { try tree.inclusionProof(of: 0, size: 0) }
        #expect(throws: refusal) { try tree.inclusionProof(of: 0, size: 301) }
        #expect(throws: refusal) { try tree.inclusionProof(of: .max, size: .max) }
        #expect(throws: refusal) { try tree.consistencyProof(from: 0, to: 300) }
        #expect(throws: refusal) { try tree.consistencyProof(from: 200, to: 199) }
        #expect(throws: refusal) { try tree.consistencyProof(from: 200, to: 301) }
    }

    @Test func `a source that lost a hash is reported and not guessed around`() {
        let source = RecordingSource(GrownTree(size: 600))
        source.lose(level: 1)
        let tree = MerkleTree(source: source, size: 600)
        #expect(throws: LedgerError.missingHashes(level: 1, index: 1)) { try tree.root() }
        #expect(throws: LedgerError.source("closed")) { try MerkleTree(source: FailingSource(), size: 9).root() }
        #expect(throws: LedgerError.missingHashes(level: 7, index: 0)) {
            try MerkleTree(source: source, size: .max).inclusionProof(of: 5, size: .max)
        }
    }

    private func checkInclusion(_ index: UInt64, _ size: UInt64) throws {
        let source = RecordingSource(Self.tree)
        let path = try MerkleTree(source: source, size: Self.size).inclusionProof(of: index, size: size)
        let verified = MerkleProof.verifyInclusion(
            leaf: Self.tree.leaf(index), index: index, size: size, path: path, root: Self.tree.root(size))
        #expect(verified, "index \(index), size \(size)")
        #expect(path.count <= 17)
        checkCost(of: source)
    }

    private func checkConsistency(_ first: UInt64, _ second: UInt64) throws {
        let source = RecordingSource(Self.tree)
        let path = try MerkleTree(source: source, size: Self.size).consistencyProof(from: first, to: second)
        let verified = MerkleProof.verifyConsistency(
            from: first, firstRoot: Self.tree.root(first), to: second, secondRoot: Self.tree.root(second), path: path)
        #expect(verified, "\(first) to \(second)")
        #expect(path.isEmpty == (first == second))
        checkCost(of: source)
    }

    /// Three stored levels, at most two tiles of each for the path and one for the edge.
    private func checkCost(of source: RecordingSource) {
        #expect(source.requests.count <= 9)
        #expect(source.requests.allSatisfy { 1...256 ~= $0 })
    }
}
