import MayflyCrypto
import MayflyLedger
import MayflyModel

/// Entries and leaf hashes of the whole ledger: the archived ones from their segments, the others from the store.
///
/// What a segment gives is compared with the tree's hash in the store, so that a changed file cannot tell another
/// story.
struct LedgerRows: SubtreeSource {
    let store: any Store
    let segments: any SegmentVault
    let archives: LedgerArchives

    /// Entries of `range` in order; fewer when the ledger ends earlier.
    func entries(in range: Range<UInt64>) throws(LedgerReadError) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        for tile in tiles(in: range) {
            entries += try self.entries(ofTile: tile).filter { range.contains($0.index) }
        }
        let live = max(range.lowerBound, archives.end)..<max(range.upperBound, archives.end)
        if live.isEmpty { return entries }
        return entries + (try read { () throws(StoreError) in try store.ledgerEntries(in: live) })
    }

    /// The 256 entries of an archived tile, counted from the beginning of the ledger.
    func entries(ofTile tile: UInt64) throws(LedgerReadError) -> [LedgerEntry] {
        let first = tile * 256
        return zip(first..., try bytes(ofTile: tile)).map { index, bytes in
            LedgerEntry(archived: bytes, index: index, leafHash: LedgerHash.leaf(bytes))
        }
    }

    func subtreeHashes(level: Int, in range: Range<UInt64>) throws(LedgerError) -> [SHA256Digest] {
        do throws(LedgerReadError) {
            guard level == 0 else {
                return try read { () throws(StoreError) in try store.subtreeHashes(level: level, in: range) }
            }
            var hashes: [SHA256Digest] = []
            for tile in tiles(in: range) {
                for (index, bytes) in zip((tile * 256)..., try bytes(ofTile: tile)) where range.contains(index) {
                    hashes.append(LedgerHash.leaf(bytes))
                }
            }
            let live = max(range.lowerBound, archives.end)..<max(range.upperBound, archives.end)
            if live.isEmpty { return hashes }
            return hashes + (try read { () throws(StoreError) in try store.subtreeHashes(level: 0, in: live) })
        } catch {
            switch error {
            case .store: throw .source("the store could not be read")
            case .segment(let error): throw .segment("\(error)")
            }
        }
    }

    /// The archived tiles that `range` touches.
    private func tiles(in range: Range<UInt64>) -> Range<UInt64> {
        let archived = range.clamped(to: 0..<archives.end)
        if archived.isEmpty { return 0..<0 }
        return archived.lowerBound / 256..<(archived.upperBound - 1) / 256 + 1
    }

    private func bytes(ofTile tile: UInt64) throws(LedgerReadError) -> [[UInt8]] {
        guard let archive = archives.holding(tile * 256) else { throw .store }
        let number = Int(tile - archive.id / 256)
        let entries: [[UInt8]]
        do {
            entries = try segments.tile(number, of: archive.seal)
        } catch {
            throw .segment(error)
        }
        let known = try read { () throws(StoreError) in try store.subtreeHashes(level: 1, in: tile..<tile + 1) }
        guard known == [EntryBundle.root(of: entries.map { LedgerHash.leaf($0) })] else {
            throw .segment(.damaged(file: archive.seal.file, part: "tile \(number) is not what the tree covers"))
        }
        return entries
    }

    private func read<Value>(_ body: () throws(StoreError) -> Value) throws(LedgerReadError) -> Value {
        do {
            return try body()
        } catch {
            throw .store
        }
    }
}

/// Why the ledger cannot be read.
enum LedgerReadError: Error, Equatable {
    case store
    case segment(SegmentError)

    var brokerError: BrokerError {
        switch self {
        case .store: .unavailable(.storeFailed)
        case .segment(let error): .conflict("\(error)")
        }
    }
}

extension LedgerEntry {
    /// An entry read back from its bytes alone, which hold its time and terms.
    ///
    /// One that does not read as Mayfly writes it has no terms, and no search for a term finds it.
    init(archived bytes: [UInt8], index: UInt64, leafHash: SHA256Digest) {
        let object = (try? JSONParser.parseObject(bytes)) ?? [:]
        func text(_ name: String) -> String? { object[name]?.stringValue }
        self.init(
            index: index, time: text("time").flatMap(RFC3339.parse) ?? Timestamp(milliseconds: 0),
            leafHash: leafHash, bytes: bytes,
            terms: LedgerTerms(
                event: text("event") ?? "", outcome: text("outcome") ?? "", agent: text("agent"),
                owner: text("owner"), resource: text("resource"), task: text("task"), trace: text("trace"),
                token: text("token")))
    }
}
