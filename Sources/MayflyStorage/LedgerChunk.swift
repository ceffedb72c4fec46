internal import CSQLite
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel

/// Some neighbouring ledger entries as one row keeps them: a row of its own for each would cost most of a commit.
///
/// Two bytes say how many entries there are. Each is its time (8 bytes), leaf hash (32), length (2) and bytes; numbers
/// are big-endian. The row's key is the index of the last.
struct LedgerChunk {
    /// A single entry is read with all of its chunk, so that is kept to about eight pages of 4096 bytes.
    static let maximumEntries = 32
    private static let maximumBytes = 32 << 10
    private static let headerBytes = 8 + SHA256Digest.byteCount + 2

    /// The index of the last entry.
    let last: UInt64
    let bytes: [UInt8]

    /// Packs `entries`, whose indexes follow one another; no chunk reaches over the end of a segment.
    static func pack(_ entries: [LedgerEntry]) throws(StoreError) -> [LedgerChunk] {
        var chunks: [LedgerChunk] = []
        var start = 0
        while start < entries.count {
            var end = start
            var size = 2
            repeat {
                size += headerBytes + entries[end].bytes.count
                end += 1
            } while end < entries.count && end - start < maximumEntries && size < maximumBytes
                && entries[end].index % TermSegment.width != 0
            chunks.append(try LedgerChunk(entries[start..<end], size: size))
            start = end
        }
        return chunks
    }

    private init(_ entries: ArraySlice<LedgerEntry>, size: Int) throws(StoreError) {
        guard let final = entries.last, let count = UInt16(exactly: entries.count) else { throw .invalid }
        var output: [UInt8] = []
        output.reserveCapacity(size)
        output.appendBigEndian(count)
        for entry in entries {
            guard let length = UInt16(exactly: entry.bytes.count) else { throw .invalid }
            output.appendBigEndian(entry.time.milliseconds)
            entry.leafHash.append(to: &output)
            output.appendBigEndian(length)
            output.append(contentsOf: entry.bytes)
        }
        last = final.index
        bytes = output
    }

    /// A stored row.
    init(last: UInt64, bytes: [UInt8]) {
        (self.last, self.bytes) = (last, bytes)
    }

    /// The index of the first entry; throws `.corrupt` for a row that Mayfly did not write.
    func first() throws(StoreError) -> UInt64 {
        var reader = ByteReader(bytes)
        let count = try reader.integer(UInt16.self)
        guard count > 0, last >= UInt64(count) - 1 else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        return last - (UInt64(count) - 1)
    }

    /// Adds the entries whose indexes lie in `range` to `output`, ascending; throws `.corrupt` for a row that Mayfly
    /// did not write.
    func unpack(_ range: Range<UInt64>, into output: inout [LedgerEntry]) throws(StoreError) {
        var reader = ByteReader(bytes)
        let count = try reader.integer(UInt16.self)
        guard count > 0, last >= UInt64(count) - 1 else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        for index in (last - (UInt64(count) - 1))...last {
            let time = try reader.integer(Int64.self)
            let leaf = try reader.digest()
            let length = Int(try reader.integer(UInt16.self))
            guard range.contains(index) else {
                try reader.skip(length)
                continue
            }
            output.append(
                LedgerEntry(
                    index: index, time: Timestamp(milliseconds: time), leafHash: leaf, bytes: try reader.bytes(length)))
        }
        guard reader.isAtEnd else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
    }
}
