import Synchronization

/// One token bucket for each client, kept as the moment at which it will be full again.
///
/// Taking costs one look-up and no allocation once the client is known. A full bucket says nothing, so it is forgotten
/// when there are twice as many as the last tidying left: the memory follows the clients that are active now.
final class TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private final class Shard: Sendable {
        let buckets = Mutex(Buckets())
    }

    private struct Buckets {
        /// Steady nanoseconds at which the client's bucket is full.
        var full: [Key: Int64] = [:]
        var tidyAt = TokenBuckets.smallest
    }

    /// Clients of one shard that are not worth tidying.
    private static var smallest: Int { 64 }

    private let shards: [Shard]

    init(shards: Int = 16) {
        self.shards = (0..<max(1, shards)).map { _ in Shard() }
    }

    /// Takes `count` from the client's bucket; nil when it held them, else the nanoseconds until it will.
    ///
    /// `now` is a steady time in nanoseconds, at least 0. More than the burst at once counts as the burst.
    func take(_ count: Int64 = 1, of key: Key, at now: Int64, limit: RateLimit) -> Int64? {
        let interval = limit.interval
        let cost = min(max(1, count), limit.burst) * interval
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
        return shard.buckets.withLock { buckets in
            let empty = now + limit.burst * interval
            let held = max(buckets.full[key] ?? now, now)
            // Drawn on under a slower limit, before a reload, it is empty by this one and fills up by this one.
            if held > empty { buckets.full[key] = empty }
            let full = min(held, empty) + cost
            let excess = full - empty
            guard excess <= 0 else { return excess }
            buckets.full[key] = full
            if buckets.full.count > buckets.tidyAt {
                buckets.full = buckets.full.filter { $0.value > now }
                buckets.tidyAt = max(Self.smallest, buckets.full.count * 2)
            }
            return nil
        }
    }

    /// Clients whose bucket was not full when last looked at.
    var count: Int { shards.map { $0.buckets.withLock { $0.full.count } }.reduce(0, +) }
}
