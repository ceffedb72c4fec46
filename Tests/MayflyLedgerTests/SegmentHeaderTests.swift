import MayflyCrypto
import MayflyLedger
import Testing

@Suite("The header and the bundles of an archived segment")
struct SegmentHeaderTests {
    private func tile(_ number: UInt8) -> SegmentHeader.Tile {
        SegmentHeader.Tile(
            root: SHA256.digest(of: [number]), frameDigest: SHA256.digest(of: [number, 1]),
            frameLength: UInt32(number) + 1, bundleLength: UInt32(number) + 512)
    }

    @Test("a header reads back as it was written", arguments: [1, 2, 255, 256])
    func roundTrip(_ count: Int) throws {
        let header = try SegmentHeader(
            origin: "broker.example/ledger", first: 256 * 7, tiles: (0..<count).map { tile(UInt8($0 % 256)) })
        let bytes = header.encoded()
        #expect(bytes.count == header.length)
        #expect(try SegmentHeader.announcedLength(Array(bytes.prefix(SegmentHeader.prefixLength))) == bytes.count)
        #expect(try SegmentHeader.parse(bytes) == header)
        #expect(header.frameOffset(0) == bytes.count)
        #expect(header.frameOffset(count) == nil)
        #expect(header.fileLength == bytes.count + header.tiles.reduce(0) { $0 + Int($1.frameLength) })
    }

    @Test("one changed bit anywhere in a header is refused")
    func flippedBits() throws {
        let bytes = try SegmentHeader(origin: "b", first: 0, tiles: [tile(1), tile(2)]).encoded()
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: LedgerError.malformedSegment, "byte \(index)") { try SegmentHeader.parse(changed) }
            }
        }
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader.parse(bytes + [0]) }
        for count in 0..<bytes.count {
            #expect(throws: LedgerError.malformedSegment) { try SegmentHeader.parse(Array(bytes.prefix(count))) }
        }
    }

    @Test("what no segment can hold has no header")
    func refused() throws {
        let one = [tile(1)]
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "", first: 0, tiles: one) }
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "a\nb", first: 0, tiles: one) }
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "a", first: 255, tiles: one) }
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "a", first: 0, tiles: []) }
        #expect(throws: LedgerError.malformedSegment) {
            try SegmentHeader(origin: String(repeating: "a", count: 256), first: 0, tiles: one)
        }
        let many = Array(repeating: tile(1), count: 257)
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "a", first: 0, tiles: many) }
        let huge = SegmentHeader.Tile(
            root: one[0].root, frameDigest: one[0].root, frameLength: 1,
            bundleLength: UInt32(EntryBundle.maximumBytes + 1))
        #expect(throws: LedgerError.malformedSegment) { try SegmentHeader(origin: "a", first: 0, tiles: [huge]) }
    }

    @Test("a bundle holds 256 entries of any length, and nothing else")
    func bundles() throws {
        var entries = (0..<256).map { Array(repeating: UInt8($0), count: $0 * 7) }
        entries[3] = Array(repeating: 9, count: 65_535)
        let bytes = try EntryBundle.encode(entries)
        #expect(try EntryBundle.parse(bytes) == entries)
        #expect(throws: LedgerError.malformedSegment) { try EntryBundle.parse(bytes + [0]) }
        #expect(throws: LedgerError.malformedSegment) { try EntryBundle.parse(Array(bytes.dropLast())) }
        #expect(throws: LedgerError.malformedSegment) { try EntryBundle.parse([]) }
        #expect(throws: LedgerError.malformedSegment) { try EntryBundle.encode(Array(entries.dropLast())) }
        entries[0] = Array(repeating: 0, count: 65_536)
        #expect(throws: LedgerError.malformedSegment) { try EntryBundle.encode(entries) }
    }
}
