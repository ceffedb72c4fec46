import MayflyModel
import Synchronization

/// The buckets that a token request is charged to: its agent's, and that of all agents of its owner.
///
/// Both lie in one shard, by the owner, so that they are looked at and charged under one lock: a request takes from
/// both or from neither. An agent that moves to another owner begins with a full bucket.
final class MintBuckets: Sendable {
    /// Which limit refuses a request, and for how many nanoseconds.
    struct Refusal: Equatable {
        let isOwners: Bool
        let wait: Int64
    }

    private struct Buckets {
        var agents = BucketTable<AgentID>()
        var owners = BucketTable<OwnerID>()
    }

    private final class Shard: Sendable {
        let buckets = Mutex(Buckets())
    }

    private let shards = (0..<16).map { _ in Shard() }

    /// Takes one from each bucket that has a limit; nil when all held one, else nothing is taken.
    ///
    /// `now` is a steady time in nanoseconds, at least 0.
    func take(
        agent: AgentID, _ agentLimit: RateLimit?, owner: OwnerID, _ ownerLimit: RateLimit?, at now: Int64
    ) -> Refusal? {
        let shard = shards[Int(UInt(bitPattern: owner.hashValue) % UInt(shards.count))]
        return shard.buckets.withLock { buckets in
            let mine = agentLimit.map { buckets.agents.look(1, of: agent, at: now, limit: $0) }
            let shared = ownerLimit.map { buckets.owners.look(1, of: owner, at: now, limit: $0) }
            if let wait = mine?.wait {
                return Refusal(isOwners: false, wait: max(wait, shared?.wait ?? 0))
            }
            if let wait = shared?.wait { return Refusal(isOwners: true, wait: wait) }
            if case .room(let full) = mine { buckets.agents.take(full, of: agent, at: now) }
            if case .room(let full) = shared { buckets.owners.take(full, of: owner, at: now) }
            return nil
        }
    }
}
