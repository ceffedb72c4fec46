/// Introspection of tokens that this process has neither minted nor verified, against one verification and the echo.
///
/// The broker is started anew before each round, and each token is asked about once.
enum IntrospectUnknownRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = bench.site
        var mints: [HTTPRequestBytes] = []
        for _ in 0..<bench.uniqueRequests {
            mints.append(try bench.hops[0].tokenRequest(scope: BenchSite.scope, lifetime: 3600))
        }
        let tokens = try site.tokens(mints)
        let answer = try site.exchange(try site.introspection(tokens[0]))
        let (echo, echoPort) = try bench.tools.startEcho(answer, in: site.directory)
        defer { echo.stop() }
        let signedBytes = tokens[0].utf8.count - (tokens[0].split(separator: ".").last?.utf8.count ?? 0) - 1
        let replay = Replay(tools: bench.tools, directory: site.directory, connections: 32)
        var peers: [Double] = []
        var values: [Double] = []
        for _ in 0..<bench.rounds {
            try site.restart()
            var requests: [HTTPRequestBytes] = []
            for token in tokens { requests.append(try site.introspection(token)) }
            let verify = try bench.tools.signatures(verifying: signedBytes, signing: 64).verify
            peers.append(verify + (try replay.run(requests, port: echoPort, server: echo).load.cpu))
            values.append(try replay.run(requests, port: site.port, server: site.server).load.cpu)
        }
        return [
            .ratio(
                "introspect, token never seen by this process: CPU", values, against: peers, "EVP verify + echo",
                unit: "us", atMost: 1.4)
        ]
    }
}
