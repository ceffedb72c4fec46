import MayflyCrypto
package import MayflyLedger

/// Reads a whole ledger and checks it against what the store says of itself.
package enum LedgerAudit {
    /// Entries that are read at a time.
    private static let step: UInt64 = 1000

    /// Checks the live entries and the tree; archived tiles stand in it with the root that the store has for them.
    ///
    /// Throws `.entryAltered` for the first entry whose bytes do not hash to its leaf, `.rootMismatch` when the leaves
    /// do not give the stored root, and `.entriesMissing` for a gap.
    package static func run(_ store: any Store, archives: LedgerArchives) throws(LedgerError) {
        let head = try read { () throws(StoreError) in try store.head() }
        var frontier = try archivedFrontier(store, end: archives.end)
        while frontier.size < head.ledgerSize {
            let range = frontier.size..<min(frontier.size + step, head.ledgerSize)
            let entries = try read { () throws(StoreError) in try store.ledgerEntries(in: range) }
            guard !entries.isEmpty else { throw .entriesMissing(signed: head.ledgerSize, found: frontier.size) }
            for entry in entries {
                guard entry.index == frontier.size, LedgerHash.leaf(entry.bytes) == entry.leafHash else {
                    throw .entryAltered(index: frontier.size)
                }
                _ = frontier.append(entry.leafHash)
            }
        }
        guard frontier.hashes == head.frontier else { throw .rootMismatch(size: head.ledgerSize) }
    }

    /// Reads one segment as a whole, and compares its tiles with the tree; throws `.segment` with what is wrong.
    package static func check(
        _ archive: LedgerArchive, in segments: any SegmentVault, store: any Store
    ) throws(LedgerError) {
        let roots: [SHA256Digest]
        do {
            roots = try segments.verify(archive.seal)
        } catch {
            throw .segment("\(error)")
        }
        let tiles = archive.range.lowerBound / 256..<archive.range.upperBound / 256
        let known = try read { () throws(StoreError) in try store.subtreeHashes(level: 1, in: tiles) }
        guard roots == known else {
            throw .segment("the archive file \(archive.seal.file) does not hold what the tree covers")
        }
    }

    /// The tree of the first `end` leaves, which are whole tiles.
    private static func archivedFrontier(
        _ store: any Store, end: UInt64
    ) throws(LedgerError) -> MerkleFrontier {
        // A tree of tiles has the same right edge as the tree of their leaves.
        var tiles = MerkleFrontier()
        while tiles.size < end / 256 {
            let range = tiles.size..<min(tiles.size + step, end / 256)
            let roots = try read { () throws(StoreError) in try store.subtreeHashes(level: 1, in: range) }
            guard roots.count == range.count else { throw .missingHashes(level: 1, index: tiles.size) }
            for root in roots { _ = tiles.append(root) }
        }
        return try MerkleFrontier(size: end, hashes: tiles.hashes)
    }

    private static func read<Value>(_ body: () throws(StoreError) -> Value) throws(LedgerError) -> Value {
        do {
            return try body()
        } catch {
            throw .source("the store could not be read")
        }
    }
}
