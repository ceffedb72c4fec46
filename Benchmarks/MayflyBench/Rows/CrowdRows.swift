/// What live tokens cost: memory while they live, and the time to end them all.
enum CrowdRows {
    private static let few = 9
    private static let tokensOfFew = 10

    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = try BenchSite(bench.tools)
        let idle = site.server.resident
        try site.registerBasics()
        let names = (0..<few).map { "agent:few-\($0)" }
        let agents = try site.agents(names + ["agent:warm-up", "agent:crowd"])
        let replay = Replay(tools: bench.tools, directory: site.directory, connections: 64)
        try mint(bench.crowd / 2, for: agents[few], replay, site)
        for agent in agents[..<few] { try mint(tokensOfFew, for: agent, replay, site) }
        let before = site.server.resident
        try mint(bench.crowd, for: agents[few + 1], replay, site)
        let perToken = (site.server.resident - before) / Double(bench.crowd)
        return [
            .limit("idle process, resident", [idle / 1_048_576], unit: "MB", atMost: 30),
            .limit(
                "resident growth per live token, used assertions with it, \(bench.crowd) mints", [perToken], unit: "B",
                atMost: 200),
            try revocations(bench, site, agents),
        ]
    }

    /// Tokens that live for an hour, in pieces whose assertions are used before they expire.
    private static func mint(
        _ count: Int, for agent: BenchAgent, _ replay: Replay, _ site: BenchSite
    ) throws(BenchError) {
        for start in stride(from: 0, to: count, by: 50_000) {
            var requests: [HTTPRequestBytes] = []
            for _ in start..<min(start + 50_000, count) {
                requests.append(try agent.tokenRequest(scope: BenchSite.scope, lifetime: 3600))
            }
            _ = try replay.run(requests, port: site.port, server: site.server)
        }
    }

    /// Each round revokes agents with ten tokens, then the one with all, then again some with ten.
    ///
    /// The first round runs
    /// in the process that minted them all; the others start from the same store, where all are alive again.
    private static func revocations(
        _ bench: Bench, _ site: BenchSite, _ agents: [BenchAgent]
    ) throws(BenchError) -> Row {
        let witness = try site.token(try agents[few + 1].tokenRequest(scope: BenchSite.scope, lifetime: 3600))
        try site.save()
        var values: [Double] = []
        var peers: [Double] = []
        for round in 0..<bench.rounds {
            if round > 0 { try site.restore() }
            guard try site.exchange(try site.introspection(witness)).contains("\"active\":true") else {
                throw BenchError("a token is dead before its agent is revoked")
            }
            _ = try site.bearer("mayfly.admin")
            var small: [Double] = []
            for agent in agents[..<(few / 2)] { small.append(try milliseconds(revoking: agent, site)) }
            values.append(try milliseconds(revoking: agents[few + 1], site))
            for agent in agents[(few / 2)..<few] { small.append(try milliseconds(revoking: agent, site)) }
            peers.append(Spread(small).median)
            guard try site.exchange(try site.introspection(witness)).contains("\"active\":false") else {
                throw BenchError("a token outlived its agent's revocation")
            }
        }
        return .ratio(
            "revoke an agent with \(bench.crowd) live tokens", values, against: peers, "with \(tokensOfFew)",
            unit: "ms", atMost: 1.2)
    }

    private static func milliseconds(revoking agent: BenchAgent, _ site: BenchSite) throws(BenchError) -> Double {
        let start = Moment.now()
        try site.admin("/api/v1/revocations", "{\"agent\":\"\(agent.id)\"}")
        return (Moment.now() - start) * 1000
    }
}
