package import MayflyCrypto

/// Where archived parts of the ledger lie, each in a file that is written once.
package protocol SegmentVault: Sendable {
    /// Where the files are expected, for messages.
    var location: String { get }

    /// Writes the tiles that `next` gives, until it gives nil or the segment is full, as the segment that begins at
    /// entry `first`; nil when there was none.
    ///
    /// On return the file is whole, durable, and was read back. It replaces a file of the same name.
    func write(
        origin: String, first: UInt64, _ next: () throws(SegmentError) -> SegmentTile?
    ) throws(SegmentError) -> SegmentSeal?

    /// The 256 entries of tile `number` of a segment, with their bytes as they were hashed.
    ///
    /// They hash to the root that the segment itself states for the tile; the caller compares that with the tree's.
    func tile(_ number: Int, of seal: SegmentSeal) throws(SegmentError) -> [[UInt8]]

    /// Reads a whole segment and compares it with its seal; answers the roots of its tiles.
    @discardableResult
    func verify(_ seal: SegmentSeal) throws(SegmentError) -> [SHA256Digest]

    /// Whether the file is there.
    func holds(_ seal: SegmentSeal) -> Bool

    /// Removes what an interrupted archiving left: unfinished files, and segments that begin at `first` or after it.
    func removeOrphans(from first: UInt64) throws(SegmentError)
}

/// What becomes one tile of a segment.
package struct SegmentTile: Sendable {
    /// The bytes of exactly 256 entries.
    package let entries: [[UInt8]]
    /// What the tree has for them.
    package let root: SHA256Digest

    package init(entries: [[UInt8]], root: SHA256Digest) {
        self.entries = entries
        self.root = root
    }
}

/// What a segment was when it was written.
package struct SegmentSeal: Equatable, Sendable {
    /// The file's name, without folders.
    package let file: String
    package let first: UInt64
    package let tiles: Int
    /// Bytes of the file, and their SHA-256.
    package let size: Int64
    package let digest: SHA256Digest
    /// The root of a tree of the segment's entries alone.
    package let root: SHA256Digest

    package init(file: String, first: UInt64, tiles: Int, size: Int64, digest: SHA256Digest, root: SHA256Digest) {
        self.file = file
        self.first = first
        self.tiles = tiles
        self.size = size
        self.digest = digest
        self.root = root
    }

    package var range: Range<UInt64> { first..<(first + UInt64(tiles) * 256) }
}

/// Why archived entries cannot be written or read.
package enum SegmentError: Error, Equatable, Sendable {
    /// The file is not where it is expected.
    case missing(file: String, location: String)
    /// What is in the file is not what was written; `part` names where.
    case damaged(file: String, part: String)
    /// Reading failed; a code is an `errno`.
    case unreadable(file: String, code: Int32)
    case cannotWrite(location: String, code: Int32)
    /// The store does not hold the entries or hashes that it should; nothing was written.
    case source
    /// The broker was started without a place for archives.
    case noVault
}

extension SegmentError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let file, let location):
            "the archived entries are in \(file), which is not in \(location); put the file back there"
        case .damaged(let file, let part):
            "the archive file \(file) was changed: \(part); restore it from a copy"
        case .unreadable(let file, let code):
            "the archive file \(file) cannot be read (error \(code) of the system)"
        case .cannotWrite(let location, let code):
            "an archive file cannot be written in \(location) (error \(code) of the system); nothing was archived"
        case .source: "the store does not hold what its tree covers; run mayfly doctor"
        case .noVault: "this broker has no place for archives"
        }
    }
}

/// For a broker that has no archives.
package struct NoSegments: SegmentVault {
    package init() {}
    package var location: String { "" }

    package func write(
        origin: String, first: UInt64, _ next: () throws(SegmentError) -> SegmentTile?
    ) throws(SegmentError) -> SegmentSeal? { throw .noVault }

    package func tile(_ number: Int, of seal: SegmentSeal) throws(SegmentError) -> [[UInt8]] { throw .noVault }
    package func verify(_ seal: SegmentSeal) throws(SegmentError) -> [SHA256Digest] { throw .noVault }
    package func holds(_ seal: SegmentSeal) -> Bool { false }
    package func removeOrphans(from first: UInt64) throws(SegmentError) { throw .noVault }
}
