import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

@Suite struct MerkleFrontierTests {
    @Test func `published leaves give the published hashes and roots`() throws {
        let vectors = try Vectors.object("rfc6962-tree/tree.json")
        let leaves = try #require(vectors["leaves_hex"]?.stringArrayValue).map { try Hex.bytes($0) }
        let leafHashes = try #require(vectors["leaf_hashes"]?.stringArrayValue).map { try Hex.digest($0) }
        let roots = try #require(vectors["roots_by_size"]?.stringArrayValue).map { try Hex.digest($0) }
        try #require(roots.count == leaves.count + 1)

        #expect(leaves.map { LedgerHash.leaf($0) } == leafHashes)
        var frontier = MerkleFrontier()
        #expect(frontier.root == roots[0])
        for (leaf, root) in zip(leafHashes, roots.dropFirst()) {
            _ = frontier.append(leaf)
            #expect(frontier.root == root)
        }
    }

    @Test func `every root up to 600 leaves is the one of the recursive definition`() throws {
        var leaves: [SHA256Digest] = []
        var frontier = MerkleFrontier()
        for size in 0...600 {
            #expect(frontier.root == naiveRoot(leaves[...]), "size \(size)")
            #expect(frontier.size == UInt64(size))
            let stored = try MerkleFrontier(size: frontier.size, hashes: frontier.hashes)
            #expect(stored == frontier)
            leaves.append(LedgerHash.leaf(entry(UInt64(size))))
            _ = frontier.append(leaves[size])
        }
    }

    @Test func `completed subtrees are reported once, in order, with the root over their leaves`() throws {
        let leaves = (0..<UInt64(65_537)).map { LedgerHash.leaf(entry($0)) }
        var frontier = MerkleFrontier()
        var reported: [CompletedSubtree] = []
        for (index, leaf) in leaves.enumerated() {
            let completed = frontier.append(leaf)
            #expect(completed.isEmpty == ((index + 1) % 256 != 0))
            reported += completed
        }
        let first = reported.filter { $0.level == 1 }
        #expect(first.map(\.index) == Array(0..<256))
        for subtree in first {
            let start = Int(subtree.index) * 256
            #expect(subtree.hash == naiveRoot(leaves[start..<start + 256]))
        }
        #expect(reported.filter { $0.level > 1 }.map(\.level) == [2])
        #expect(reported.last == CompletedSubtree(level: 2, index: 0, hash: naiveRoot(leaves[..<65_536])))
    }

    private static let misfits: [(UInt64, Int)] = [
        (0, 1), (1, 0), (1, 2), (3, 1), (255, 7), (256, 2), (1 << 62 | 1, 2), (.max, 64),
    ]

    @Test(arguments: misfits)
    func `a stored edge that does not fit its size is refused`(size: UInt64, count: Int) {
        let hashes = [SHA256Digest](repeating: LedgerHash.emptyRoot, count: count)
        #expect(throws: LedgerError.invalidFrontier) { try MerkleFrontier(size: size, hashes: hashes) }
    }
}
