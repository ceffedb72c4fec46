/// An AuthZEN decision, answered when it is durable in the ledger, against the echo of its sizes.
enum EvaluationRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let token = try bench.site.chain(bench.hops, depth: 1)
        let rounds = try EchoRounds.run(bench, probe: "\"decision\":true") { () throws(BenchError) in
            try bench.site.evaluation(token)
        }
        return [
            .ratio(
                "AuthZEN evaluation, durable in the ledger: CPU", rounds.broker.map(\.cpu),
                against: rounds.echo.map(\.cpu), "echo", unit: "us", atMost: 3)
        ]
    }
}
