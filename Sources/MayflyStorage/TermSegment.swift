internal import CSQLite
internal import MayflyBroker
internal import MayflyModel
internal import Synchronization

/// Which entries of 4096 neighbours have which terms.
///
/// An index that is kept up to date in the file costs a page at a random place for every term of every entry. So the
/// newest entries' terms are kept in memory, and written once, sorted, when a segment is full. A search looks into one
/// small row of each segment.
struct TermSegment: Sendable {
    /// Entries of a segment.
    static let width: UInt64 = 4096
    /// Rows of a full segment: a hash's highest eight bits say which.
    static let slots: Int64 = 256

    /// Counts segments from the beginning of the ledger.
    let number: UInt64
    /// The hash above, the entry's place in the segment below; in the order of the entries until the segment is full.
    private var postings: [UInt64] = []
    private(set) var earliest = Timestamp(milliseconds: .max)
    private(set) var latest = Timestamp(milliseconds: .min)
    /// The index after the last entry that was added; where the segment begins while there is none.
    private(set) var end: UInt64

    init(number: UInt64) {
        self.number = number
        let (start, overflow) = number.multipliedReportingOverflow(by: Self.width)
        end = overflow ? .max : start
    }

    mutating func add(_ entry: borrowing LedgerEntry, _ hash: TermHash) {
        let place = entry.index % Self.width
        hash.forEach(in: entry.terms) { postings.append(UInt64($0) << 32 | place) }
        earliest = min(earliest, entry.time)
        latest = max(latest, entry.time)
        let (next, overflow) = entry.index.addingReportingOverflow(1)
        end = max(end, overflow ? .max : next)
    }

    /// Adds what `other`, of the same segment, holds of later entries.
    mutating func append(_ other: TermSegment) {
        postings.append(contentsOf: other.postings)
        earliest = min(earliest, other.earliest)
        latest = max(latest, other.latest)
        end = max(end, other.end)
    }

    /// Number, end, earliest and latest time, and each posting, 8 bytes each, big-endian.
    func append(to output: inout [UInt8]) {
        for value in [number, end] { output.appendBigEndian(value) }
        for time in [earliest, latest] { output.appendBigEndian(time.milliseconds) }
        for posting in postings { output.appendBigEndian(posting) }
    }

    /// Reads what `append` wrote, up to the end; throws `.corrupt` for anything else.
    init(_ reader: inout ByteReader) throws(StoreError) {
        let number = try reader.integer(UInt64.self)
        guard number < StoreLimits.counter / Self.width else { throw .corrupt(code: Int(SQLITE_CORRUPT)) }
        self.init(number: number)
        end = try reader.integer(UInt64.self)
        earliest = Timestamp(milliseconds: try reader.integer(Int64.self))
        latest = Timestamp(milliseconds: try reader.integer(Int64.self))
        while !reader.isAtEnd { postings.append(try reader.integer(UInt64.self)) }
    }

    /// Indexes of the entries that have a term of each hash, ascending.
    func indexes(ofAll hashes: [UInt32]) -> [UInt64] {
        Self.common(hashes) { hash in
            postings.lazy.filter { $0 >> 32 == UInt64(hash) }.map { $0 & UInt64(UInt32.max) }
        }.map { number * Self.width + $0 }
    }

    /// The rows of a full segment: each hash (4 bytes), how many entries (2), their places (2 each), big-endian.
    func rows() -> [(key: Int64, bytes: [UInt8])] {
        let sorted = sorted()
        var rows: [(key: Int64, bytes: [UInt8])] = []
        rows.reserveCapacity(Int(Self.slots))
        var row: [UInt8] = []
        var start = 0
        while start < sorted.count {
            let hash = UInt32(truncatingIfNeeded: sorted[start] >> 32)
            var end = start + 1
            while end < sorted.count, UInt32(truncatingIfNeeded: sorted[end] >> 32) == hash { end += 1 }
            row.append(addingCapacity: 6 + 2 * (end - start)) { (output: inout OutputSpan<UInt8>) in
                output.appendBigEndian(hash)
                output.appendBigEndian(UInt16(truncatingIfNeeded: end - start))
                for place in start..<end { output.appendBigEndian(UInt16(truncatingIfNeeded: sorted[place])) }
            }
            if end == sorted.count || sorted[end] >> 56 != UInt64(hash >> 24) {
                rows.append((Self.key(number, hash), row))
                row.removeAll(keepingCapacity: true)
            }
            start = end
        }
        return rows
    }

    /// The postings by their hashes, those of one hash still in the order of the entries.
    ///
    /// From a hash's lowest byte to its highest, where each pass leaves in order what the one before has ordered: a
    /// commit waits for this, and comparing postings takes ten times as long.
    private func sorted() -> [UInt64] {
        var (sorted, next) = (postings, postings)
        for shift in stride(from: UInt64(32), to: 64, by: 8) {
            var places = [Int](repeating: 0, count: 256)
            for posting in sorted { places[Int(posting >> shift & 0xFF)] += 1 }
            var place = 0
            for byte in places.indices { (places[byte], place) = (place, place + places[byte]) }
            for posting in sorted {
                let byte = Int(posting >> shift & 0xFF)
                next[places[byte]] = posting
                places[byte] += 1
            }
            swap(&sorted, &next)
        }
        return sorted
    }

    /// The key of the row that holds a hash.
    ///
    /// Ledger sizes are below 2⁶³, so there are less than 2⁵¹ segments.
    static func key(_ number: UInt64, _ hash: UInt32) -> Int64 {
        Int64(truncatingIfNeeded: number) * slots + Int64(hash >> 24)
    }

    /// The places in the segment of the entries that a stored row has under `hash`, ascending.
    static func places(of hash: UInt32, in row: [UInt8]) throws(StoreError) -> [UInt64] {
        var reader = ByteReader(row)
        while !reader.isAtEnd {
            let found = try reader.integer(UInt32.self)
            let count = Int(try reader.integer(UInt16.self))
            guard found == hash else {
                try reader.skip(2 * count)
                continue
            }
            var places: [UInt64] = []
            for _ in 0..<count { places.append(UInt64(try reader.integer(UInt16.self))) }
            return places
        }
        return []
    }

    /// The ascending numbers that `places` has for every one of `hashes`.
    static func common<Places: Sequence<UInt64>, Failure>(
        _ hashes: [UInt32], _ places: (UInt32) throws(Failure) -> Places
    ) throws(Failure) -> [UInt64] {
        var common: [UInt64]?
        for hash in hashes {
            let found = try places(hash)
            if let known = common {
                let other = Set(found)
                common = known.filter(other.contains)
            } else {
                // An entry with two terms of one hash is there twice.
                var last: UInt64?
                common = found.filter { place in
                    defer { last = place }
                    return last != place
                }
            }
            if common?.isEmpty ?? true { return [] }
        }
        return common ?? []
    }
}

/// The terms of the newest entries, whose segment is not full; replaced after each commit, read by searches.
final class TermTail: Sendable {
    private let segment: Mutex<TermSegment>

    init(_ segment: TermSegment) {
        self.segment = Mutex(segment)
    }

    /// The segment's number, the entries in it that have a term of each hash, and the first index that it has not heard
    /// of.
    func indexes(ofAll hashes: [UInt32]) -> (number: UInt64, indexes: [UInt64], end: UInt64) {
        segment.withLock { ($0.number, $0.indexes(ofAll: hashes), $0.end) }
    }

    /// The first index that it has not heard of.
    var end: UInt64 { segment.withLock { $0.end } }

    /// The segment with what `other` adds to it, when it is the same one; else `other` alone.
    func joined(with other: TermSegment) -> TermSegment {
        segment.withLock {
            guard $0.number == other.number else { return other }
            var joined = $0
            joined.append(other)
            return joined
        }
    }

    /// Takes over what a commit has made durable.
    func advance(_ other: TermSegment) {
        segment.withLock {
            if $0.number == other.number { $0.append(other) } else { $0 = other }
        }
    }
}
