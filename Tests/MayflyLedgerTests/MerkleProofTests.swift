import MayflyCrypto
import MayflyLedger
import Testing

@Suite struct MerkleProofTests {
    private static let tree = GrownTree(size: 700)
    private static let sizes: [UInt64] = [1, 2, 3, 4, 5, 7, 8, 9, 100, 255, 256, 257, 512, 600, 700]

    @Test(arguments: sizes)
    func `an inclusion proof with one thing changed fails`(size: UInt64) throws {
        var random = SeededGenerator(seed: size)
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 700)
        for index in Set([0, size / 2, size - 1]) {
            let path = try tree.inclusionProof(of: index, size: size)
            let leaf = Self.tree.leaf(index)
            let root = Self.tree.root(size)
            func holds(
                leaf: SHA256Digest? = nil, at other: UInt64? = nil, of total: UInt64? = nil,
                _ path: [SHA256Digest], root changed: SHA256Digest? = nil
            ) -> Bool {
                MerkleProof.verifyInclusion(
                    leaf: leaf ?? Self.tree.leaf(index), index: other ?? index, size: total ?? size, path: path,
                    root: changed ?? root)
            }
            #expect(holds(path))
            #expect(!holds(leaf: flipped(leaf, &random), path))
            #expect(!holds(path, root: flipped(root, &random)))
            for other in 0..<size where other != index { #expect(!holds(at: other, path), "index \(other)") }
            #expect(!holds(at: size, path))
            #expect(!holds(at: .max, path))
            #expect(!holds(of: 0, path))
            for changed in mutations(of: path, &random) { #expect(!holds(changed)) }
        }
    }

    @Test(arguments: sizes)
    func `a consistency proof with one thing changed fails`(second: UInt64) throws {
        var random = SeededGenerator(seed: second)
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 700)
        for first in Self.sizes where first < second {
            let path = try tree.consistencyProof(from: first, to: second)
            func holds(
                from one: UInt64? = nil, _ oneRoot: SHA256Digest? = nil, to two: UInt64? = nil,
                _ twoRoot: SHA256Digest? = nil, path: [SHA256Digest]
            ) -> Bool {
                MerkleProof.verifyConsistency(
                    from: one ?? first, firstRoot: oneRoot ?? Self.tree.root(first),
                    to: two ?? second, secondRoot: twoRoot ?? Self.tree.root(second), path: path)
            }
            #expect(holds(path: path))
            #expect(!holds(flipped(Self.tree.root(first), &random), path: path))
            #expect(!holds(to: second, flipped(Self.tree.root(second), &random), path: path))
            #expect(!holds(from: 0, path: path))
            #expect(!holds(from: 0, LedgerHash.emptyRoot, path: []))
            #expect(!holds(from: second, Self.tree.root(second), to: first, Self.tree.root(first), path: path))
            #expect(!holds(from: second, path: path))
            #expect(!holds(path: []))
            for changed in mutations(of: path, &random) { #expect(!holds(path: changed)) }
        }
    }

    @Test func `a proof names no other index, size or length than its own in all trees up to 24 leaves`() throws {
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 700)
        for size in UInt64(1)...24 {
            for index in 0..<size {
                let path = try tree.inclusionProof(of: index, size: size)
                for claimed in UInt64(1)...24 where claimed != size {
                    let holds = MerkleProof.verifyInclusion(
                        leaf: Self.tree.leaf(index), index: index, size: claimed, path: path,
                        root: Self.tree.root(claimed))
                    let own = try index < claimed ? tree.inclusionProof(of: index, size: claimed) : []
                    #expect(holds == (index < claimed && own == path))
                }
            }
        }
    }

    @Test func `equal sizes are consistent only with equal roots and nothing in between`() {
        let root = Self.tree.root(9)
        func holds(_ other: SHA256Digest, _ path: [SHA256Digest]) -> Bool {
            MerkleProof.verifyConsistency(from: 9, firstRoot: root, to: 9, secondRoot: other, path: path)
        }
        #expect(holds(root, []))
        #expect(!holds(root, [root]))
        #expect(!holds(Self.tree.root(8), []))
    }

    @Test func `sizes at the end of 64 bits are refused without a trap`() {
        let hash = LedgerHash.emptyRoot
        for count in [0, 1, 63, 64, 65, 1000] {
            let path = [SHA256Digest](repeating: hash, count: count)
            for size: UInt64 in [.max, 1 << 63, (1 << 63) + 1] {
                #expect(
                    !MerkleProof.verifyInclusion(leaf: hash, index: size - 1, size: size, path: path, root: hash))
                #expect(
                    !MerkleProof.verifyConsistency(
                        from: size - 1, firstRoot: hash, to: size, secondRoot: hash, path: path))
            }
        }
    }

    @Test(arguments: [1, 2, 7, 8, 600] as [UInt64])
    func `a path that goes on above the root fails, even under a root made to fit it`(size: UInt64) throws {
        let tree = MerkleTree(source: RecordingSource(Self.tree), size: 700)
        let extra = LedgerHash.emptyRoot
        let index = size - 1
        let taller = LedgerHash.node(extra, Self.tree.root(size))
        let inclusion = try tree.inclusionProof(of: index, size: size) + [extra]
        #expect(
            !MerkleProof.verifyInclusion(
                leaf: Self.tree.leaf(index), index: index, size: size, path: inclusion, root: taller))
        guard index > 0 else { return }
        let consistency = try tree.consistencyProof(from: index, to: size) + [extra]
        #expect(
            !MerkleProof.verifyConsistency(
                from: index, firstRoot: LedgerHash.node(extra, Self.tree.root(index)), to: size, secondRoot: taller,
                path: consistency))
    }

    @Test(arguments: [UInt64(1), 99, 0xF00D])
    func `a log that rewrote any of its past proves no consistency with it`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let second = UInt64.random(in: 2...300, using: &random)
            let first = UInt64.random(in: 1..<second, using: &random)
            let rewritten = UInt64.random(in: 0..<first, using: &random)
            var leaves = (0..<second).map { Self.tree.leaf($0) }
            leaves[Int(rewritten)] = LedgerHash.leaf(entry(1_000_000))

            let forged = GrownTree(leaves: leaves)
            let path = try MerkleTree(source: RecordingSource(forged), size: second)
                .consistencyProof(from: first, to: second)
            let honest = try MerkleTree(source: RecordingSource(Self.tree), size: 700)
                .consistencyProof(from: first, to: second)
            for path in [path, honest] {
                let holds = MerkleProof.verifyConsistency(
                    from: first, firstRoot: Self.tree.root(first), to: second, secondRoot: forged.root(second),
                    path: path)
                #expect(!holds, "entry \(rewritten) of \(first), now \(second)")
            }
        }
    }

    private func mutations(of path: [SHA256Digest], _ random: inout SeededGenerator) -> [[SHA256Digest]] {
        var changed = [path + [LedgerHash.emptyRoot], [LedgerHash.emptyRoot] + path]
        for index in path.indices {
            var flippedPath = path
            flippedPath[index] = flipped(path[index], &random)
            changed.append(flippedPath)
            var shorter = path
            shorter.remove(at: index)
            changed.append(shorter)
        }
        if let last = path.last { changed.append(path + [last]) }
        if path.count > 1 { changed.append(path.reversed()) }
        return changed
    }

    /// The digest with one bit turned.
    private func flipped(_ digest: SHA256Digest, _ random: inout SeededGenerator) -> SHA256Digest {
        var bytes = digest.bytes
        bytes[Int.random(in: 0..<32, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        return SHA256Digest(bytes: bytes) ?? LedgerHash.emptyRoot
    }
}
