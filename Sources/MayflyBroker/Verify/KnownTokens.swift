import MayflyCrypto
import Synchronization

/// Tokens whose signature is known to be good, by the SHA-256 of their exact bytes, bounded in number.
///
/// Two generations: when the young one is full it becomes the old one, and the old one's rest is forgotten.
/// Revocation never looks here, so nothing can be hidden by spelling a token in another way.
final class KnownTokens: Sendable {
    /// Tokens of one generation, all shards together.
    static let capacity = 8192
    /// Shards with a lock each, so that threads seldom wait for one another.
    private static let shardCount = 16

    private let shards = (0..<shardCount).map { _ in Shard() }

    private final class Shard: Sendable {
        let generations = Mutex(Generations())
    }

    fileprivate struct Generations {
        var young: [SHA256Digest: KnownToken] = [:]
        var old: [SHA256Digest: KnownToken] = [:]
    }

    subscript(digest: SHA256Digest) -> KnownToken? {
        shard(of: digest).generations.withLock { generations in
            if let token = generations.young[digest] { return token }
            guard let token = generations.old[digest] else { return nil }
            generations.insert(token, for: digest, capacity: Self.capacity / Self.shardCount)
            return token
        }
    }

    func insert(_ token: KnownToken, for digest: SHA256Digest) {
        shard(of: digest).generations.withLock {
            $0.insert(token, for: digest, capacity: Self.capacity / Self.shardCount)
        }
    }

    private func shard(of digest: SHA256Digest) -> Shard {
        shards[Int(digest.lowByte) % Self.shardCount]
    }
}

extension KnownTokens.Generations {
    fileprivate mutating func insert(_ token: KnownToken, for digest: SHA256Digest, capacity: Int) {
        if young.count >= capacity {
            old = young
            young = [:]
        }
        young[digest] = token
    }
}
