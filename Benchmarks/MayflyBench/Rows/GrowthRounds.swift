/// How much more a request costs in one situation than in another, in alternating rounds.
struct GrowthRounds {
    /// One side of the comparison: a broker, and how to make the next request to it.
    struct Side {
        let site: BenchSite
        let request: (Int) throws(BenchError) -> HTTPRequestBytes
    }

    let bench: Bench

    /// The row; the request that a side makes gets its number in the round.
    func row(_ what: String, _ large: Side, against small: Side, _ peer: String) throws(BenchError) -> Row {
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            peers.append(try cpu(small))
            values.append(try cpu(large))
        }
        return .ratio(what + ": CPU", values, against: peers, peer, unit: "us", atMost: 1.3)
    }

    private func cpu(_ side: Side) throws(BenchError) -> Double {
        var requests: [HTTPRequestBytes] = []
        for number in 0..<bench.uniqueRequests { requests.append(try side.request(number)) }
        return try Replay(tools: bench.tools, directory: side.site.directory, connections: 32)
            .run(requests, port: side.site.port, server: side.site.server).load.cpu
    }

    /// The side that asks about `tokens` in turn; all have been asked about before.
    static func verifying(_ tokens: [String], _ site: BenchSite) throws(BenchError) -> Side {
        for token in tokens {
            guard try site.exchange(try site.introspection(token)).contains("\"active\":true") else {
                throw BenchError("a token is not active")
            }
        }
        return Side(site: site) { number throws(BenchError) in try site.introspection(tokens[number % tokens.count]) }
    }
}
