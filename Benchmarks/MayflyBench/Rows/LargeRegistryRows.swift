/// What a hundred thousand registered agents cost: the start, memory, and each request.
enum LargeRegistryRows {
    private static let small = 100
    /// The agents that the load is spread over.
    private static let active = 1_000

    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let (smallSite, smallAgents) = try site(bench, agents: small)
        let (largeSite, largeAgents) = try site(bench, agents: bench.registry)
        var starts: [Double] = []
        var perAgent: [Double] = []
        for _ in 0..<bench.rounds {
            try smallSite.restart()
            try largeSite.restart()
            starts.append(largeSite.startSeconds)
            let growth = largeSite.server.resident - smallSite.server.resident
            perAgent.append(growth / Double(bench.registry - small) / 1024)
        }
        let growth = GrowthRounds(bench: bench)
        let name = "registry \(small) to \(bench.registry)"
        let peer = "\(small) agents"
        return [
            .limit("start with \(bench.registry) agents, to the ready line", starts, unit: "s", atMost: 2),
            .limit("resident per registered agent, just started", perAgent, unit: "KB", atMost: 1.5),
            try growth.row(
                "\(name), verify", try verifying(largeSite, largeAgents),
                against: try verifying(smallSite, smallAgents),
                peer),
            try growth.row(
                "\(name), issue", issuing(largeSite, largeAgents), against: issuing(smallSite, smallAgents), peer),
        ]
    }

    private static func site(_ bench: Bench, agents count: Int) throws(BenchError) -> (BenchSite, [BenchAgent]) {
        var agents: [BenchAgent] = []
        let site = try BenchSite(bench.tools) { directory in
            let seed = RegistrySeed(agents: count, keptKeys: min(active, count))
            agents = try seed.run(directory: directory).enumerated().map {
                BenchAgent(id: RegistrySeed.agentID($0.offset), key: $0.element)
            }
        }
        return (site, agents)
    }

    private static func issuing(_ site: BenchSite, _ agents: [BenchAgent]) -> GrowthRounds.Side {
        GrowthRounds.Side(site: site) { number throws(BenchError) in
            try agents[number % agents.count].tokenRequest(scope: "tool:s0")
        }
    }

    private static func verifying(_ site: BenchSite, _ agents: [BenchAgent]) throws(BenchError) -> GrowthRounds.Side {
        var mints: [HTTPRequestBytes] = []
        for agent in agents { mints.append(try agent.tokenRequest(scope: "tool:s0")) }
        return try GrowthRounds.verifying(try site.tokens(mints), site)
    }
}
