internal import Glibc
package import MayflyBroker
package import MayflyCrypto
internal import MayflyLedger

/// Segments of the ledger as files of one directory, in the form of `docs/archive-format.md`.
package struct ArchiveDirectory: SegmentVault {
    /// Points of `write` at which a test can pretend that the process ends.
    package enum Step: CaseIterable, Sendable {
        case written, synced, verified, renamed
    }

    /// Bytes of entries after which a segment takes no further tile: what writing and verifying hold in memory.
    private static let maximumEntryBytes = 32 << 20

    package let location: String
    private let reach: @Sendable (Step) throws(SegmentError) -> Void

    /// `path` is made, with mode 0700, when something is first written; `reach` is told each step and may stop it.
    package init(
        path: String, reach: @escaping @Sendable (Step) throws(SegmentError) -> Void = { _ throws(SegmentError) in }
    ) {
        location = path
        self.reach = reach
    }

    package func write(
        origin: String, first: UInt64, _ next: () throws(SegmentError) -> SegmentTile?
    ) throws(SegmentError) -> SegmentSeal? {
        var draft = SegmentDraft()
        while draft.tiles.count < SegmentHeader.maximumTiles, draft.entryBytes < Self.maximumEntryBytes,
            let tile = try next()
        {
            try draft.add(tile, location: location)
        }
        if draft.tiles.isEmpty { return nil }
        let file = ArchiveName(first: first, count: UInt64(draft.tiles.count * EntryBundle.count)).text
        let header: SegmentHeader
        do {
            header = try SegmentHeader(origin: origin, first: first, tiles: draft.tiles)
        } catch {
            throw .source
        }
        let bytes = header.encoded() + draft.frames
        let seal = SegmentSeal(
            file: file, first: first, tiles: draft.tiles.count, size: Int64(bytes.count),
            digest: SHA256.digest(of: bytes), root: draft.root)
        try place(bytes, seal)
        return seal
    }

    /// Makes the file durable under another name, reads it back, and gives it its own.
    private func place(_ bytes: [UInt8], _ seal: SegmentSeal) throws(SegmentError) {
        let path = location + "/" + seal.file
        let draft = path + ArchiveName.draftSuffix
        do throws(ArchiveFile.Failure) {
            if unsafe mkdir(location, 0o700) != 0, errno != EEXIST { throw ArchiveFile.Failure(code: errno) }
            unsafe unlink(draft)
            let file = try ArchiveFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try file.write(bytes)
            try told(.written)
            try file.sync()
            try told(.synced)
        } catch {
            throw failure(error)
        }
        _ = try check(seal, at: draft)
        try reach(.verified)
        do throws(ArchiveFile.Failure) {
            guard unsafe rename(draft, path) == 0 else { throw ArchiveFile.Failure(code: errno) }
            try ArchiveFile(location, O_RDONLY | O_DIRECTORY).sync()
        } catch {
            throw failure(error)
        }
        try reach(.renamed)
    }

    private func told(_ step: Step) throws(ArchiveFile.Failure) {
        do {
            try reach(step)
        } catch {
            throw ArchiveFile.Failure(code: EINTR)
        }
    }

    private func failure(_ error: ArchiveFile.Failure) -> SegmentError {
        .cannotWrite(location: location, code: error.code)
    }

    package func tile(_ number: Int, of seal: SegmentSeal) throws(SegmentError) -> [[UInt8]] {
        let file = try opened(seal, at: location + "/" + seal.file)
        let header = try header(of: seal, in: file)
        guard header.tiles.indices.contains(number), let offset = header.frameOffset(number) else {
            throw .damaged(file: seal.file, part: "it has no tile \(number)")
        }
        let frame = try read(Int(header.tiles[number].frameLength), at: offset, of: seal, in: file)
        return try SegmentFrame(header.tiles[number], number: number, file: seal.file).entries(in: frame).entries
    }

    @discardableResult
    package func verify(_ seal: SegmentSeal) throws(SegmentError) -> [SHA256Digest] {
        try check(seal, at: location + "/" + seal.file)
    }

    package func holds(_ seal: SegmentSeal) -> Bool {
        unsafe ArchiveName(seal.file) != nil && access(location + "/" + seal.file, R_OK) == 0
    }

    /// Reads the whole file at `path`; answers the roots of its tiles.
    private func check(_ seal: SegmentSeal, at path: String) throws(SegmentError) -> [SHA256Digest] {
        let file = try opened(seal, at: path)
        let header = try header(of: seal, in: file)
        var frontier = MerkleFrontier()
        for (number, tile) in header.tiles.enumerated() {
            guard let offset = header.frameOffset(number) else { continue }
            let frame = try read(Int(tile.frameLength), at: offset, of: seal, in: file)
            let leaves = try SegmentFrame(tile, number: number, file: seal.file).entries(in: frame).leaves
            for leaf in leaves { _ = frontier.append(leaf) }
        }
        guard frontier.root == seal.root else {
            throw .damaged(file: seal.file, part: "its entries are not those that were archived")
        }
        // Last, because it cannot say where: what the checks above let pass is still not the file that was written.
        let bytes = try read(Int(clamping: seal.size), at: 0, of: seal, in: file)
        guard SHA256.digest(of: bytes) == seal.digest else {
            throw .damaged(file: seal.file, part: "its bytes are not those that were written")
        }
        return header.tiles.map(\.root)
    }

    private func opened(_ seal: SegmentSeal, at path: String) throws(SegmentError) -> ArchiveFile {
        guard ArchiveName(seal.file) != nil else { throw .missing(file: seal.file, location: location) }
        do throws(ArchiveFile.Failure) {
            let file = try ArchiveFile(path, O_RDONLY | O_NONBLOCK)
            let size = try file.size()
            if size == seal.size { return file }
        } catch {
            throw error.code == ENOENT
                ? .missing(file: seal.file, location: location) : .unreadable(file: seal.file, code: error.code)
        }
        throw .damaged(file: seal.file, part: "it does not have the \(seal.size) bytes that were written")
    }

    private func header(of seal: SegmentSeal, in file: borrowing ArchiveFile) throws(SegmentError) -> SegmentHeader {
        let prefix = try read(SegmentHeader.prefixLength, at: 0, of: seal, in: file)
        do throws(LedgerError) {
            let length = try SegmentHeader.announcedLength(prefix)
            let bytes: [UInt8]
            do throws(SegmentError) {
                bytes = try read(length, at: 0, of: seal, in: file)
            } catch {
                throw .malformedSegment
            }
            let header = try SegmentHeader.parse(bytes)
            guard header.first == seal.first, header.tiles.count == seal.tiles,
                Int64(header.fileLength) == seal.size
            else { throw .malformedSegment }
            return header
        } catch {
            throw .damaged(file: seal.file, part: "its header")
        }
    }

    private func read(
        _ count: Int, at offset: Int, of seal: SegmentSeal, in file: borrowing ArchiveFile
    ) throws(SegmentError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try file.read(count, at: offset)
        } catch {
            throw .unreadable(file: seal.file, code: error.code)
        }
        guard bytes.count == count else { throw .damaged(file: seal.file, part: "it ends too early") }
        return bytes
    }
}
