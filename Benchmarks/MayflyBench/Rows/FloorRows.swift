/// What a durable answer costs at the least on the libraries that the broker is built on: nothing but those, in C.
///
/// The peers are those of the broker's own rows, so a ratio here says how much of a row's goal is left for Mayfly.
enum FloorRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        try token(bench) + evaluation(bench)
    }

    private static func token(_ bench: Bench) throws(BenchError) -> [Row] {
        let agent = bench.hops[0]
        func request() throws(BenchError) -> HTTPRequestBytes { try agent.tokenRequest(scope: BenchSite.scope) }
        let answer = try bench.site.exchange(try request())
        let sizes = try SignedRounds.sizes(bench, verifying: agent, try request())
        let (server, port) = try bench.tools.startFloor(answer, in: bench.site.directory, signatures: sizes)
        defer { server.stop() }
        let replay = Replay(tools: bench.tools, directory: bench.site.directory, connections: 64)
        // Nobody looks at the assertion, so one does for all.
        let requests = [HTTPRequestBytes](repeating: try request(), count: bench.uniqueRequests)
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            let evp = try bench.tools.signatures(verifying: sizes.verified, signing: sizes.signed)
            peers.append(evp.verify + evp.sign)
            values.append(try replay.run(requests, port: port, server: server).load.cpu)
        }
        return [.ratio("the least for a token", values, against: peers, "EVP verify + sign", unit: "us")]
    }

    private static func evaluation(_ bench: Bench) throws(BenchError) -> [Row] {
        let request = try bench.site.evaluation(try bench.site.chain(bench.hops, depth: 1))
        let answer = try bench.site.exchange(request)
        let (echo, echoPort) = try bench.tools.startEcho(answer, in: bench.site.directory)
        defer { echo.stop() }
        let (server, port) = try bench.tools.startFloor(answer, in: bench.site.directory, signatures: nil)
        defer { server.stop() }
        let wrk = Wrk(directory: bench.site.directory, seconds: bench.seconds, connections: 32)
        var values: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            peers.append(try wrk.run(request, port: echoPort, server: echo).cpu)
            values.append(try wrk.run(request, port: port, server: server).cpu)
        }
        return [.ratio("the least for a durable decision", values, against: peers, "echo", unit: "us")]
    }
}
