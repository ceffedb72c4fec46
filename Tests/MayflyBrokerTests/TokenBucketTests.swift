@testable import MayflyBroker
import MayflyModel
import Testing

/// The buckets by which a client's requests are counted.
@Suite struct TokenBucketTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func neverGivesMoreThanTheBurstAndTheRate(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = RateLimit(
            rate: Int64.random(in: 1...5000, using: &random), burst: Int64.random(in: 1...500, using: &random))
        let buckets = TokenBuckets<Int>()
        let start = Int64.random(in: 0...1_000_000_000_000, using: &random)
        var now = start
        var grants: [(at: Int64, count: Int64)] = []
        for _ in 0..<5000 {
            now += Bool.random(using: &random) ? 0 : Int64.random(in: 0...3_000_000_000 / limit.rate, using: &random)
            let count = min(Int64.random(in: 1...3, using: &random), limit.burst)
            if buckets.take(count, of: 7, at: now, limit: limit) == nil { grants.append((now, count)) }
        }
        // Over every window, not only from the start.
        for first in stride(from: 0, to: grants.count, by: 97) {
            var given: Int64 = 0
            for grant in grants[first...] {
                given += grant.count
                let earned = Double(grant.at - grants[first].at) * Double(limit.rate) / 1e9
                #expect(Double(given) <= Double(limit.burst) + earned + 1e-6, "seed \(seed), \(limit)")
            }
        }
        #expect(!grants.isEmpty)
    }

    @Test func givesTheBurstAtOnceAndThenTheRate() {
        let buckets = TokenBuckets<String>()
        let limit = RateLimit(rate: 10, burst: 5)
        for _ in 0..<5 { #expect(buckets.take(of: "a", at: 0, limit: limit) == nil) }
        #expect(buckets.take(of: "a", at: 0, limit: limit) == 100_000_000)
        // Another client has a bucket of its own, and a refusal costs nothing.
        #expect(buckets.take(of: "b", at: 0, limit: limit) == nil)
        #expect(buckets.take(of: "a", at: 99_999_999, limit: limit) == 1)
        #expect(buckets.take(of: "a", at: 100_000_000, limit: limit) == nil)
        #expect(buckets.take(of: "a", at: 100_000_000, limit: limit) == 100_000_000)
        // Five at once again after as long as five take.
        #expect(buckets.take(5, of: "a", at: 1_000_000_000, limit: limit) == nil)
        #expect(buckets.take(of: "a", at: 1_000_000_000, limit: limit) != nil)
    }

    @Test func isExactWhenManyThreadsTakeAtOnce() {
        let buckets = TokenBuckets<Int>()
        let limit = RateLimit(rate: 1, burst: 1000)
        let given = concurrently(8) { _ in
            (0..<1000).count { _ in buckets.take(of: 1, at: 0, limit: limit) == nil }
        }
        #expect(given.reduce(0, +) == 1000)
    }

    /// Two agents of one owner from many threads: neither an agent nor the owner ever gets more, and what is refused by
    /// one of the two costs the other nothing.
    @Test func twoBucketsAreChargedTogetherOrNotAtAll() throws {
        let agents = try ["agent:a", "agent:b"].map { try #require(AgentID($0)) }
        let owner = try #require(OwnerID("owner:lead"))
        let buckets = MintBuckets()
        let (mine, shared) = (RateLimit(rate: 1, burst: 600), RateLimit(rate: 1, burst: 1000))
        let given = concurrently(8) { index in
            (0..<400).count { _ in buckets.take(agent: agents[index % 2], mine, owner: owner, shared, at: 0) == nil }
        }
        #expect(given.reduce(0, +) == 1000)
        let rest = agents.map { agent in
            (0..<1000).count { _ in buckets.take(agent: agent, mine, owner: owner, nil, at: 0) == nil }
        }
        // 1200 of the agents' own, of which 1000 were given.
        #expect(rest.reduce(0, +) == 200)
        #expect(buckets.take(agent: agents[0], mine, owner: owner, shared, at: 0)?.isOwners == false)
        #expect(buckets.take(agent: agents[0], nil, owner: owner, shared, at: 0)?.isOwners == true)
        #expect(buckets.take(agent: agents[0], nil, owner: owner, nil, at: 0) == nil)
    }

    @Test func forgetsClientsWhoseBucketIsFull() {
        let buckets = TokenBuckets<Int>()
        let limit = RateLimit(rate: 1000, burst: 10)
        for client in 0..<100_000 {
            #expect(buckets.take(of: client, at: Int64(client) * 1_000_000, limit: limit) == nil)
        }
        #expect(buckets.count <= 16 * 130)
    }

    @Test func aLooserLimitHoldsAtOnceAfterATighterOne() {
        let buckets = TokenBuckets<Int>()
        let tight = RateLimit(rate: 1, burst: 1000)
        #expect(buckets.take(1000, of: 1, at: 0, limit: tight) == nil)
        let loose = RateLimit(rate: 1000, burst: 10)
        #expect(buckets.take(of: 1, at: 0, limit: loose) == 1_000_000)
        #expect(buckets.take(of: 1, at: 1_000_000, limit: loose) == nil)
    }
}
