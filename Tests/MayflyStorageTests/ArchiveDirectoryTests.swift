import Glibc
import MayflyBroker
import MayflyCrypto
import MayflyLedger
import MayflyStorage
import Testing

@Suite("Segments of the ledger as files")
struct ArchiveDirectoryTests {
    /// A directory for segments that is removed with all that is in it.
    private final class Folder {
        let path: String

        init() throws {
            var pattern = Array("/tmp/mayfly-archive-XXXXXX".utf8CString)
            try #require(mkdtemp(&pattern) != nil)
            path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        var archive: String { path + "/archive" }

        var names: [String] {
            guard let stream = opendir(archive) else { return [] }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if !name.hasPrefix(".") { names.append(name) }
            }
            return names.sorted()
        }

        deinit {
            for name in names { unlink("\(archive)/\(name)") }
            rmdir(archive)
            rmdir(path)
        }
    }

    private static func tile(_ number: Int) -> SegmentTile {
        let entries = (0..<256).map { Array(#"{"tile":\#(number),"entry":\#($0)}"#.utf8) }
        return SegmentTile(entries: entries, root: EntryBundle.root(of: entries.map { LedgerHash.leaf($0) }))
    }

    private static func write(
        _ vault: ArchiveDirectory, first: UInt64 = 512, tiles: Int = 3
    ) throws -> SegmentSeal {
        var next = 0
        let seal = try vault.write(origin: "broker.example", first: first) { () throws(SegmentError) in
            guard next < tiles else { return nil }
            defer { next += 1 }
            return tile(next)
        }
        return try #require(seal)
    }

    @Test("a segment is read back tile by tile, and is its owner's alone")
    func readBack() throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let seal = try Self.write(vault)
        #expect(folder.names == ["ledger-000000000512-768.segment"])
        #expect(seal.file == folder.names.first)
        #expect(seal.range == 512..<1280)
        #expect(try Files.permissions("\(folder.archive)/\(seal.file)") == 0o600)
        #expect(try Files.permissions(folder.archive) == 0o700)
        for number in 0..<3 { #expect(try vault.tile(number, of: seal) == Self.tile(number).entries) }
        #expect(try vault.verify(seal) == (0..<3).map { Self.tile($0).root })
        #expect(vault.holds(seal))
        #expect(throws: SegmentError.damaged(file: seal.file, part: "it has no tile 3")) {
            try vault.tile(3, of: seal)
        }
    }

    @Test("nothing to write leaves nothing, and wrong entries are not written")
    func nothing() throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let none = try vault.write(origin: "b", first: 0) { () throws(SegmentError) in nil }
        #expect(none == nil)
        let wrong = SegmentTile(entries: Self.tile(0).entries, root: Self.tile(1).root)
        #expect(throws: SegmentError.source) {
            try vault.write(origin: "b", first: 0) { () throws(SegmentError) in wrong }
        }
        #expect(folder.names.isEmpty)
    }

    @Test("every changed byte of a segment is found, and the place is named")
    func flippedBytes() throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let seal = try Self.write(vault)
        let path = "\(folder.archive)/\(seal.file)"
        let bytes = try Files.read(path)
        let length = try SegmentHeader.announcedLength(Array(bytes.prefix(SegmentHeader.prefixLength)))
        let header = try SegmentHeader.parse(Array(bytes.prefix(length)))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= UInt8(1 << (index % 8))
            try Files.write(changed, to: path)
            let number = (0..<3).last { (header.frameOffset($0) ?? .max) <= index }
            let part = number.map { "its tile \($0)" } ?? "its header"
            #expect(throws: SegmentError.damaged(file: seal.file, part: part), "byte \(index)") {
                try vault.verify(seal)
            }
            for tile in 0..<3 {
                if number == nil || number == tile {
                    #expect(throws: SegmentError.damaged(file: seal.file, part: part)) {
                        try vault.tile(tile, of: seal)
                    }
                } else {
                    #expect(try vault.tile(tile, of: seal) == Self.tile(tile).entries)
                }
            }
        }
    }

    @Test("a file that is away, cut off, longer or another segment is named")
    func otherFiles() throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let seal = try Self.write(vault)
        let path = "\(folder.archive)/\(seal.file)"
        let bytes = try Files.read(path)
        for wrong in [Array(bytes.dropLast()), bytes + [0], []] {
            try Files.write(wrong, to: path)
            #expect(throws: SegmentError.self) { try vault.verify(seal) }
            #expect(throws: SegmentError.self) { try vault.tile(0, of: seal) }
        }
        unlink(path)
        let missing = SegmentError.missing(file: seal.file, location: folder.archive)
        #expect(throws: missing) { try vault.tile(0, of: seal) }
        #expect(throws: missing) { try vault.verify(seal) }
        #expect(!vault.holds(seal))
        #expect("\(missing)".contains(seal.file) && "\(missing)".contains(folder.archive))
        // A sound segment of other entries under the same name.
        var next = 0
        let other = try vault.write(origin: "broker.example", first: 512) { () throws(SegmentError) in
            guard next < 3 else { return nil }
            defer { next += 1 }
            return Self.tile(next + 7)
        }
        #expect(other?.file == seal.file)
        #expect(throws: SegmentError.self) { try vault.verify(seal) }
        let outside = SegmentSeal(
            file: "../\(seal.file)", first: seal.first, tiles: seal.tiles, size: seal.size, digest: seal.digest,
            root: seal.root)
        #expect(throws: SegmentError.self) { try vault.tile(0, of: outside) }
        #expect(!vault.holds(outside))
    }

    @Test("a frame that would inflate past what the header says is refused")
    func bomb() throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let seal = try Self.write(vault, tiles: 1)
        let path = "\(folder.archive)/\(seal.file)"
        let bytes = try Files.read(path)
        let length = try SegmentHeader.announcedLength(Array(bytes.prefix(SegmentHeader.prefixLength)))
        let tile = try SegmentHeader.parse(Array(bytes.prefix(length))).tiles[0]
        for claimed in [tile.bundleLength - 1, tile.bundleLength + 1, 1] {
            let forged = try SegmentHeader(
                origin: "broker.example", first: seal.first,
                tiles: [
                    SegmentHeader.Tile(
                        root: tile.root, frameDigest: tile.frameDigest, frameLength: tile.frameLength,
                        bundleLength: claimed)
                ])
            try Files.write(forged.encoded() + bytes[length...], to: path)
            #expect(throws: SegmentError.damaged(file: seal.file, part: "its tile 0")) { try vault.tile(0, of: seal) }
        }
    }

    @Test("writing that ends at any step leaves an orphan that goes", arguments: ArchiveDirectory.Step.allCases)
    func interrupted(_ last: ArchiveDirectory.Step) throws {
        let folder = try Folder()
        let vault = ArchiveDirectory(path: folder.archive)
        let kept = try Self.write(vault, first: 0, tiles: 2)
        let stopping = ArchiveDirectory(path: folder.archive) { step throws(SegmentError) in
            if step == last { throw .cannotWrite(location: "", code: EINTR) }
        }
        #expect(throws: SegmentError.self) { try Self.write(stopping) }
        #expect(folder.names.count == 2)
        try Files.write([1], to: "\(folder.archive)/notes.txt")
        try vault.removeOrphans(from: 512)
        #expect(folder.names == [kept.file, "notes.txt"])
        _ = try vault.verify(kept)
        #expect(try vault.verify(try Self.write(vault)).count == 3)
    }
}
