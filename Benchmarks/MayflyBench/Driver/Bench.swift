/// What one run works with: its tools, how long it may take, and a small broker that most rows share.
final class Bench {
    let tools: BenchTools
    /// Rounds of each comparison.
    let rounds: Int
    /// Seconds of each round of timed load.
    let seconds: Int
    /// Requests of each round that can be sent once only.
    let uniqueRequests: Int
    /// Live tokens that revoking is measured with.
    let crowd: Int
    /// Agents of the large registry.
    let registry: Int
    /// Revocations that are each followed by a verification.
    let trials: Int
    let site: BenchSite
    /// The agents of the delegation chain.
    let hops: [BenchAgent]

    init(_ options: BenchOptions) throws(BenchError) {
        tools = BenchTools(mayfly: options.mayfly, directory: options.tools)
        rounds = options.isQuick ? 3 : 5
        seconds = options.isQuick ? 1 : 2
        uniqueRequests = options.isQuick ? 2_000 : 6_000
        crowd = options.isFull ? 1_000_000 : options.isQuick ? 10_000 : 100_000
        registry = options.isQuick ? 10_000 : 100_000
        trials = options.isQuick ? 1_000 : 10_000
        site = try BenchSite(tools)
        try site.registerBasics()
        var hops: [BenchAgent] = []
        for number in 1...BenchSite.deepest { hops.append(try site.enrol("agent:hop\(number)")) }
        self.hops = hops
    }
}
