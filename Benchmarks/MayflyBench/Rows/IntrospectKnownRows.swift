/// Introspection of a token that the broker has seen, against a bare server that answers the same bytes.
enum IntrospectKnownRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let token = try bench.site.chain(bench.hops, depth: 1)
        let rounds = try EchoRounds.run(bench, probe: "\"active\":true") { () throws(BenchError) in
            try bench.site.introspection(token)
        }
        return [
            .ratio(
                "introspect, token seen before: CPU", rounds.broker.map(\.cpu), against: rounds.echo.map(\.cpu), "echo",
                unit: "us", atMost: 1.5),
            .ratio(
                "introspect, token seen before: throughput", rounds.broker.map(\.requestsPerSecond),
                against: rounds.echo.map(\.requestsPerSecond), "echo", unit: "/s", atLeast: 0.75),
        ]
    }
}

/// Alternating rounds of wrk: the echo, then the broker, with the same request and the same answer.
enum EchoRounds {
    /// The answer must hold `probe`, so that nothing else is measured by mistake.
    static func run(
        _ bench: Bench, probe: String, _ request: () throws(BenchError) -> HTTPRequestBytes
    ) throws(BenchError) -> (echo: [LoadResult], broker: [LoadResult]) {
        let site = bench.site
        let answer = try site.exchange(try request())
        guard answer.contains(probe) else { throw BenchError("the broker answered something else") }
        let (echo, port) = try bench.tools.startEcho(answer, in: site.directory)
        defer { echo.stop() }
        let wrk = Wrk(directory: site.directory, seconds: bench.seconds, connections: 32)
        var echoes: [LoadResult] = []
        var brokers: [LoadResult] = []
        for _ in 0..<bench.rounds {
            // The bearer token in it is renewed in each round.
            let request = try request()
            echoes.append(try wrk.run(request, port: port, server: echo))
            brokers.append(try wrk.run(request, port: site.port, server: site.server))
        }
        return (echoes, brokers)
    }
}
