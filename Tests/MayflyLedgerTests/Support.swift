import Glibc
import MayflyCrypto
import MayflyLedger
import MayflyModel
import Testing

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum Vectors {
    /// A JSON file under `Tests/Vectors`.
    static func object(_ name: String, from file: String = #filePath) throws -> JSONObject {
        let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        let stream = try #require(fopen("\(tests)/Vectors/\(name)", "rb"))
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, stream))
        return try JSONParser.parseObject(bytes)
    }
}

enum Hex {
    static func bytes(_ text: String) throws -> [UInt8] {
        var output: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            output.append(try #require(UInt8(rest.prefix(2), radix: 16)))
            rest = rest.dropFirst(2)
        }
        return output
    }

    static func digest(_ text: String) throws -> SHA256Digest {
        try #require(SHA256Digest(bytes: try bytes(text)))
    }
}

/// The entry at `index` of every tree in these tests.
func entry(_ index: UInt64) -> [UInt8] {
    Array("entry \(index)".utf8)
}

/// MTH as RFC 9162 §2.1.1 writes it down.
func naiveRoot(_ leaves: ArraySlice<SHA256Digest>) -> SHA256Digest {
    guard leaves.count > 1 else { return leaves.first ?? LedgerHash.emptyRoot }
    var half = 1
    while half * 2 < leaves.count { half *= 2 }
    return LedgerHash.node(naiveRoot(leaves.prefix(half)), naiveRoot(leaves.dropFirst(half)))
}

/// A tree grown leaf by leaf, with its edge at every size: what proofs are checked against.
struct GrownTree: Sendable {
    /// Just past one, and past two, stored levels.
    static let large = GrownTree(size: 65_540)

    private(set) var rows: [[SHA256Digest]] = [[]]
    private(set) var frontiers = [MerkleFrontier()]

    init(size: UInt64) {
        self.init(leaves: (0..<size).map { LedgerHash.leaf(entry($0)) })
    }

    init(leaves: [SHA256Digest]) {
        var frontier = MerkleFrontier()
        for leaf in leaves {
            rows[0].append(leaf)
            for subtree in frontier.append(leaf) {
                if rows.count == subtree.level { rows.append([]) }
                rows[subtree.level].append(subtree.hash)
            }
            frontiers.append(frontier)
        }
    }

    func root(_ size: UInt64) -> SHA256Digest { frontiers[Int(size)].root }

    func leaf(_ index: UInt64) -> SHA256Digest { rows[0][Int(index)] }
}

/// Serves a tree's stored hashes, and counts what it is asked for.
final class RecordingSource: SubtreeSource {
    private(set) var requests: [Int] = []
    private var rows: [[SHA256Digest]]

    init(_ tree: GrownTree) { rows = tree.rows }

    /// Drops the last hash of a level, as a damaged store would.
    func lose(level: Int) { rows[level].removeLast() }

    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(LedgerError) -> [SHA256Digest] {
        requests.append(range.count)
        guard level < rows.count else { return [] }
        let row = rows[level]
        return Array(row[min(Int(range.lowerBound), row.count)..<min(Int(range.upperBound), row.count)])
    }
}

/// A source whose store is gone.
struct FailingSource: SubtreeSource {
    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(LedgerError) -> [SHA256Digest] {
        throw .source("closed")
    }
}
