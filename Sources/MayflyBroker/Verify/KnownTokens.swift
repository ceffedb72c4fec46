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
        var young: Generation = [:]
        var old: Generation = [:]
    }

    subscript(digest: SHA256Digest) -> KnownToken? {
        // What is forgotten ends with this call and not under the lock: it is hundreds of tokens at a time.
        let (token, forgotten) = shard(of: digest).generations.withLock { generations -> (KnownToken?, Generation) in
            if let token = generations.young[digest] { return (token, [:]) }
            guard let token = generations.old[digest] else { return (nil, [:]) }
            let forgotten = generations.insert(token, for: digest, capacity: Self.capacity / Self.shardCount)
            return (token, forgotten)
        }
        _ = forgotten
        return token
    }

    func insert(_ token: KnownToken, for digest: SHA256Digest) {
        _ = shard(of: digest).generations.withLock {
            $0.insert(token, for: digest, capacity: Self.capacity / Self.shardCount)
        }
    }

    fileprivate typealias Generation = [SHA256Digest: KnownToken]

    private func shard(of digest: SHA256Digest) -> Shard {
        shards[Int(digest.lowByte) % Self.shardCount]
    }
}

extension KnownTokens.Generations {
    /// Answers the generation that is forgotten.
    fileprivate mutating func insert(
        _ token: KnownToken, for digest: SHA256Digest, capacity: Int
    ) -> KnownTokens.Generation {
        var forgotten: KnownTokens.Generation = [:]
        if young.count >= capacity { (forgotten, old, young) = (old, young, [:]) }
        young[digest] = token
        return forgotten
    }
}
