/// Tokens for signed assertions, durable and in the ledger, against one verification and one signature.
enum TokenRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let agent = bench.hops[0]
        let measured = try SignedRounds.run(bench, verifying: agent) { () throws(BenchError) in
            try agent.tokenRequest(scope: BenchSite.scope)
        }
        return [
            .ratio(
                "token, ES256 assertion to ES256 token, durable: CPU", measured.values, against: measured.peers,
                "EVP verify + sign", unit: "us", atMost: 1.3)
        ]
    }
}

/// Exchange of a token two hops down for one three hops down, against the same.
enum ExchangeRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let parent = try bench.site.chain(bench.hops, depth: 2)
        let agent = bench.hops[2]
        let measured = try SignedRounds.run(bench, verifying: agent) { () throws(BenchError) in
            try agent.exchangeRequest(parent)
        }
        return [
            .ratio(
                "token exchange at depth 3: CPU", measured.values, against: measured.peers, "EVP verify + sign",
                unit: "us", atMost: 1.4)
        ]
    }
}

/// Alternating rounds: OpenSSL alone, then requests that each carry an assertion signed beforehand.
enum SignedRounds {
    static func run(
        _ bench: Bench, verifying agent: BenchAgent, _ request: () throws(BenchError) -> HTTPRequestBytes
    ) throws(BenchError) -> (values: [Double], peers: [Double]) {
        let site = bench.site
        let sizes = try sizes(bench, verifying: agent, try request())
        let replay = Replay(tools: bench.tools, directory: site.directory, connections: 64)
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            var requests: [HTTPRequestBytes] = []
            for _ in 0..<bench.uniqueRequests { requests.append(try request()) }
            let evp = try bench.tools.signatures(verifying: sizes.verified, signing: sizes.signed)
            peers.append(evp.verify + evp.sign)
            values.append(try replay.run(requests, port: site.port, server: site.server).load.cpu)
        }
        return (values, peers)
    }

    /// Bytes of what is verified and of what is signed for such a request.
    static func sizes(
        _ bench: Bench, verifying agent: BenchAgent, _ request: HTTPRequestBytes
    ) throws(BenchError) -> (verified: Int, signed: Int) {
        let token = try bench.site.token(request)
        let signed = token.utf8.count - (token.split(separator: ".").last?.utf8.count ?? 0) - 1
        return (try agent.assertionSize(), signed)
    }
}
