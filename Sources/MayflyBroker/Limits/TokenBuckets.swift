import Synchronization

/// One token bucket for each client.
///
/// Taking costs one look-up and no allocation once the client is known.
final class TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private final class Shard: Sendable {
        let buckets = Mutex(BucketTable<Key>())
    }

    private let shards: [Shard]

    init(shards: Int = 16) {
        self.shards = (0..<max(1, shards)).map { _ in Shard() }
    }

    /// Takes `count` from the client's bucket; nil when it held them, else the nanoseconds until it will.
    ///
    /// `now` is a steady time in nanoseconds, at least 0. More than the burst at once counts as the burst.
    func take(_ count: Int64 = 1, of key: Key, at now: Int64, limit: RateLimit) -> Int64? {
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
        return shard.buckets.withLock { buckets in
            switch buckets.look(count, of: key, at: now, limit: limit) {
            case .wait(let excess): return excess
            case .room(let full):
                buckets.take(full, of: key, at: now)
                return nil
            }
        }
    }

    /// Clients whose bucket was not full when last looked at.
    var count: Int { shards.map { $0.buckets.withLock { $0.count } }.reduce(0, +) }
}
