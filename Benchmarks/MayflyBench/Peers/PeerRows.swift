import MayflyModel

/// Mayfly beside Glewlwyd: the same load from the same generator, in alternating rounds.
enum PeerRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let peer = try Glewlwyd()
        let wrk = Wrk(directory: bench.site.directory, seconds: bench.seconds, connections: 32)
        return [
            try tokens(bench, peer, wrk),
            try introspections(bench, peer, wrk),
        ]
    }

    private static func tokens(_ bench: Bench, _ peer: Glewlwyd, _ wrk: Wrk) throws(BenchError) -> Row {
        let site = bench.site
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            peers.append(try wrk.run(peer.tokenRequest, port: peer.port, server: peer.server).requestsPerSecond)
            var requests: [HTTPRequestBytes] = []
            for _ in 0..<(bench.seconds * 15_000) {
                requests.append(try bench.hops[0].tokenRequest(scope: BenchSite.scope))
            }
            values.append(try wrk.run(each: requests, port: site.port, server: site.server).requestsPerSecond)
        }
        return .ratio(
            "tokens, ES256 JWT", values, against: peers, "Glewlwyd", unit: "/s", atLeast: 6)
    }

    private static func introspections(_ bench: Bench, _ peer: Glewlwyd, _ wrk: Wrk) throws(BenchError) -> Row {
        let site = bench.site
        let token = try site.chain(bench.hops, depth: 1)
        let answer = try HTTPConnection(port: peer.port).exchange(peer.tokenRequest)
        guard let peerToken = (try? JSONParser.parseObject(answer.body))?["access_token"]?.stringValue else {
            throw BenchError("Glewlwyd answered \(answer.status) and no token")
        }
        let probe = try HTTPConnection(port: peer.port).exchange(peer.introspection(peerToken))
        guard probe.contains("\"active\":true") else { throw BenchError("Glewlwyd does not know its own token") }
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            peers.append(
                try wrk.run(peer.introspection(peerToken), port: peer.port, server: peer.server).requestsPerSecond)
            values.append(
                try wrk.run(try site.introspection(token), port: site.port, server: site.server).requestsPerSecond)
        }
        return .ratio("introspections", values, against: peers, "Glewlwyd", unit: "/s", atLeast: 25)
    }
}
