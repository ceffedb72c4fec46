package import MayflyCrypto

/// The entries of one full tile as bytes: each after its length in two bytes, big-endian (C2SP tlog-tiles).
package enum EntryBundle {
    /// Entries of a tile.
    package static let count = 256
    /// No bundle is longer: every entry as long as its two bytes can say.
    package static let maximumBytes = count * (2 + Int(UInt16.max))

    /// Throws `.malformedSegment` unless there are exactly `count` entries that a length can be written for.
    package static func encode(_ entries: [[UInt8]]) throws(LedgerError) -> [UInt8] {
        guard entries.count == count else { throw .malformedSegment }
        var output: [UInt8] = []
        output.reserveCapacity(entries.reduce(0) { $0 + 2 + $1.count })
        for entry in entries {
            guard let length = UInt16(exactly: entry.count) else { throw .malformedSegment }
            output.append(UInt8(length >> 8))
            output.append(UInt8(length & 0xFF))
            output += entry
        }
        return output
    }

    /// Reads a whole bundle; throws `.malformedSegment` for more or fewer entries than `count`, or bytes left over.
    package static func parse(_ bytes: [UInt8]) throws(LedgerError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        entries.reserveCapacity(count)
        var rest = bytes[...]
        while entries.count < count {
            guard let high = rest.popFirst(), let low = rest.popFirst() else { throw .malformedSegment }
            let length = Int(high) << 8 | Int(low)
            guard rest.count >= length else { throw .malformedSegment }
            entries.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else { throw .malformedSegment }
        return entries
    }

    /// The root over the leaf hashes of a full tile: what the tree stores for it.
    package static func root(of leaves: [SHA256Digest]) -> SHA256Digest {
        var frontier = MerkleFrontier()
        for leaf in leaves { _ = frontier.append(leaf) }
        return frontier.root
    }
}
