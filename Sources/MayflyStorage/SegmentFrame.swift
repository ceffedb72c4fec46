internal import Glibc
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger

/// One tile of a segment: how its frame is opened and checked.
struct SegmentFrame {
    private let tile: SegmentHeader.Tile
    private let number: Int
    private let file: String

    init(_ tile: SegmentHeader.Tile, number: Int, file: String) {
        self.tile = tile
        self.number = number
        self.file = file
    }

    /// The entries in `frame` and their leaf hashes, which give the root that the header states.
    func entries(in frame: [UInt8]) throws(SegmentError) -> (entries: [[UInt8]], leaves: [SHA256Digest]) {
        guard SHA256.digest(of: frame) == tile.frameDigest,
            let bundle = Zstd.decompress(frame, length: Int(tile.bundleLength))
        else { throw damage }
        let entries: [[UInt8]]
        do {
            entries = try EntryBundle.parse(bundle)
        } catch {
            throw damage
        }
        let leaves = entries.map { LedgerHash.leaf($0) }
        guard EntryBundle.root(of: leaves) == tile.root else { throw damage }
        return (entries, leaves)
    }

    private var damage: SegmentError { .damaged(file: file, part: "its tile \(number)") }
}

/// A segment that is being made: tiles so far, and their frames one after another.
struct SegmentDraft {
    private(set) var tiles: [SegmentHeader.Tile] = []
    private(set) var frames: [UInt8] = []
    /// Bytes of the entries before compression.
    private(set) var entryBytes = 0
    private var frontier = MerkleFrontier()

    /// The root over all entries so far as a tree of their own.
    var root: SHA256Digest { frontier.root }

    /// Throws `.source` when the entries do not hash to the tile's root.
    mutating func add(_ tile: SegmentTile, location: String) throws(SegmentError) {
        let bundle: [UInt8]
        do {
            bundle = try EntryBundle.encode(tile.entries)
        } catch {
            throw .source
        }
        let leaves = tile.entries.map { LedgerHash.leaf($0) }
        guard EntryBundle.root(of: leaves) == tile.root else { throw .source }
        guard let frame = Zstd.compress(bundle), let frameLength = UInt32(exactly: frame.count),
            let bundleLength = UInt32(exactly: bundle.count)
        else { throw .cannotWrite(location: location, code: ENOMEM) }
        for leaf in leaves { _ = frontier.append(leaf) }
        tiles.append(
            SegmentHeader.Tile(
                root: tile.root, frameDigest: SHA256.digest(of: frame), frameLength: frameLength,
                bundleLength: bundleLength))
        frames += frame
        entryBytes += bundle.count
    }
}
