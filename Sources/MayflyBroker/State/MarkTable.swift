import MayflyCrypto
import MayflyModel

/// The single-use things that have been used, as little of each as tells it from every other.
///
/// Marks are never looked at one by one when they expire. They lie in buckets by time of expiry, and a bucket is let go
/// whole once its last moment has passed: a mark is kept at most `span` seconds longer than it must be, and never
/// shorter. A bucket costs 16 bytes for each place of its sets.
package struct MarkTable: Sendable {
    /// Seconds of expiry that share a bucket.
    ///
    /// Looking up a mark looks into each bucket that is alive: six or seven for
    /// assertions of five minutes.
    static let span: Int64 = 64

    /// Enough of a SHA-256 that nobody finds a second text for a mark that is not his own.
    fileprivate struct Mark: Hashable, Sendable {
        let high: UInt64
        let low: UInt64

        init(_ id: SHA256Digest) {
            (high, low) = id.leadingWords
        }

        func hash(into hasher: inout Hasher) { hasher.combine(high) }
    }

    /// The marks that expire within one span, in many small sets: when one of them grows, few marks move.
    fileprivate struct Bucket: Sendable {
        static let shards = 64

        /// Counts spans; every mark here has expired at the start of the one after it.
        let number: Int64
        private var marks = [Set<Mark>](repeating: [], count: shards)
        private(set) var count = 0

        init(number: Int64) { self.number = number }

        func contains(_ mark: Mark) -> Bool { marks[Self.shard(mark)].contains(mark) }

        mutating func insert(_ mark: Mark) {
            if marks[Self.shard(mark)].insert(mark).inserted { count += 1 }
        }

        private static func shard(_ mark: Mark) -> Int { Int(mark.low % UInt64(shards)) }
    }

    /// By number, the largest first, so that what expires is at the end.
    private var buckets: [Bucket] = []
    private(set) var changes: [SHA256Digest: UsedMark] = [:]

    init() {}

    /// Whether what `mark` stands for may not be used any more: it was used, or so much time has passed since it was
    /// looked at that its mark may be forgotten already.
    func isSpent(_ mark: UsedMark, at now: Timestamp) -> Bool {
        if now >= mark.expires || changes[mark.id] != nil { return true }
        let short = Mark(mark.id)
        return buckets.contains { $0.contains(short) }
    }

    /// How many marks are published.
    package var count: Int { buckets.reduce(0) { $0 + $1.count } }

    mutating func put(_ mark: UsedMark) {
        changes[mark.id] = mark
    }

    /// Takes over the changes of a draft once they are durable.
    mutating func absorb(_ draftChanges: [SHA256Digest: UsedMark]) {
        for mark in draftChanges.values { load(mark) }
    }

    /// Puts a mark straight in place.
    mutating func load(_ mark: UsedMark) {
        let number = Self.bucket(of: mark.expires)
        let place = buckets.firstIndex { $0.number <= number } ?? buckets.count
        if place == buckets.count || buckets[place].number != number {
            buckets.insert(Bucket(number: number), at: place)
        }
        buckets[place].insert(Mark(mark.id))
    }

    /// Whether a bucket could be let go.
    func hasExpired(at now: Timestamp) -> Bool {
        buckets.last.map { Self.end(of: $0.number) <= now } ?? false
    }

    /// Takes the oldest bucket out if all in it has expired; its memory is freed with the answer.
    ///
    /// The rest is not touched, whoever shares it: this takes time by the number of buckets.
    mutating func takeExpired(at now: Timestamp) -> Forgotten? {
        guard hasExpired(at: now), let bucket = buckets.popLast() else { return nil }
        return Forgotten(bucket)
    }

    /// Marks that are forgotten; to be dropped where no lock is held.
    struct Forgotten: Sendable {
        let count: Int
        private let freed: Bucket

        fileprivate init(_ bucket: MarkTable.Bucket) {
            count = bucket.count
            freed = bucket
        }
    }

    private static func bucket(of expiry: Timestamp) -> Int64 {
        let (quotient, remainder) = expiry.milliseconds.quotientAndRemainder(dividingBy: span * 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func end(of bucket: Int64) -> Timestamp {
        // `bucket` came from a division by the span, so only the last one can pass the end of the range.
        let (end, overflow) = (bucket + 1).multipliedReportingOverflow(by: span * 1000)
        return Timestamp(milliseconds: overflow ? .max : end)
    }
}
