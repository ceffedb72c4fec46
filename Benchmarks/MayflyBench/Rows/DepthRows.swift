/// What a long delegation chain costs: a token that one agent asked for, against one that has gone through six.
///
/// Issuing at depth 6 is an exchange: beside the assertion it reads, and looks up, the token at depth 5.
enum DepthRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = bench.site
        let growth = GrowthRounds(bench: bench)
        let deepest = BenchSite.deepest
        let parent = try site.chain(bench.hops, depth: deepest - 1)
        let name = "chain depth 1 to \(deepest)"
        return [
            try growth.row(
                "\(name), verify",
                try GrowthRounds.verifying([try site.chain(bench.hops, depth: deepest)], site),
                against: try GrowthRounds.verifying([try site.chain(bench.hops, depth: 1)], site), "depth 1"),
            try growth.row(
                "\(name), issue",
                GrowthRounds.Side(site: site) { _ throws(BenchError) in
                    try bench.hops[deepest - 1].exchangeRequest(parent)
                },
                against: GrowthRounds.Side(site: site) { _ throws(BenchError) in
                    try bench.hops[0].tokenRequest(scope: BenchSite.scope)
                }, "depth 1"),
        ]
    }
}

/// What many roles cost: an agent with one against an agent with fifty.
enum RoleRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = bench.site
        let growth = GrowthRounds(bench: bench)
        let one = try site.enrol("agent:roles-1")
        let fifty = try site.enrol("agent:roles-50")
        return [
            try growth.row(
                "roles 1 to 50, verify", try verifying(fifty, site), against: try verifying(one, site), "1 role"),
            try growth.row("roles 1 to 50, issue", issuing(fifty, site), against: issuing(one, site), "1 role"),
        ]
    }

    private static func verifying(_ agent: BenchAgent, _ site: BenchSite) throws(BenchError) -> GrowthRounds.Side {
        try GrowthRounds.verifying(
            [try site.token(try agent.tokenRequest(scope: BenchSite.scope, lifetime: 3600))], site)
    }

    private static func issuing(_ agent: BenchAgent, _ site: BenchSite) -> GrowthRounds.Side {
        GrowthRounds.Side(site: site) { _ throws(BenchError) in try agent.tokenRequest(scope: BenchSite.scope) }
    }
}
