internal import Glibc

/// Tokens for signed assertions, durable, from a broker on PostgreSQL against one on SQLite.
///
/// Both go as fast as they can, in alternating rounds, and what counts is tokens a second: a database does most of its
/// work in processes of its own.
enum StoreRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let other = try BenchSite(bench.tools, store: try database())
        try other.registerBasics()
        let here = (bench.site, bench.hops[0])
        let there = (other, try other.enrol("agent:hop1"))
        var rows: [Row] = []
        for connections in [64, 1] {
            var values: [Double] = []
            var peers: [Double] = []
            for _ in 0..<bench.rounds {
                let count = connections == 1 ? bench.uniqueRequests / 6 : bench.uniqueRequests
                peers.append(try rate(here.0, here.1, connections: connections, count: count))
                values.append(try rate(there.0, there.1, connections: connections, count: count))
            }
            rows.append(
                .ratio(
                    "tokens on PostgreSQL, \(connections) at once", values, against: peers, "SQLite", unit: "/s",
                    atLeast: connections == 1 ? nil : 0.7))
        }
        return rows
    }

    /// The URL of the database that `scripts/bench` has started.
    static func database() throws(BenchError) -> String {
        guard let url = getenv("MAYFLY_BENCH_STORE").map({ String(cString: $0) }) else {
            throw BenchError("no database: scripts/bench starts one, and names it in MAYFLY_BENCH_STORE")
        }
        return url
    }

    /// Tokens a second.
    static func rate(
        _ site: BenchSite, _ agent: BenchAgent, connections: Int, count: Int
    ) throws(BenchError) -> Double {
        var requests: [HTTPRequestBytes] = []
        for _ in 0..<count { requests.append(try agent.tokenRequest(scope: BenchSite.scope)) }
        let replay = Replay(tools: site.tools, directory: site.directory, connections: connections)
        return try replay.run(requests, port: site.port, server: site.server).load.requestsPerSecond
    }
}
