internal import Glibc

/// Measures a release build of the broker against its peers, in one run on one machine, and prints a verdict a row.
@main enum MayflyBench {
    private typealias Group = (name: String, run: @Sendable (Bench) throws(BenchError) -> [Row])

    private static let groups: [Group] = [
        ("introspect", IntrospectKnownRows.run),
        ("unknown", IntrospectUnknownRows.run),
        ("token", TokenRows.run),
        ("exchange", ExchangeRows.run),
        ("evaluation", EvaluationRows.run),
        ("floor", FloorRows.run),
        ("mtls", MutualTLSRows.run),
        ("latency", LatencyRows.run),
        ("memory", CrowdRows.run),
        ("trials", RevocationTrialRows.run),
        ("large", LargeRegistryRows.run),
        ("depth", DepthRows.run),
        ("roles", RoleRows.run),
    ]

    /// Measured when it is named only: it needs another program.
    private static let peers: [Group] = [
        ("peers", PeerRows.run), ("store", StoreRows.run), ("cluster", ClusterRows.run),
    ]

    /// Exit status: 0 when every row is reached, 1 when one is missed, 2 when something could not be measured.
    static func main() {
        do throws(BenchError) {
            exit(try run(CommandLine.arguments) ? 0 : 1)
        } catch {
            print("bench: \(error)")
            exit(2)
        }
    }

    private static func run(_ arguments: [String]) throws(BenchError) -> Bool {
        if arguments.dropFirst().first == "seed" {
            try BenchError.wrap("seed") { try RegistrySeed.main(Array(arguments.dropFirst(2))) }
            return true
        }
        let options = try BenchOptions(arguments)
        let known = groups + peers
        for name in options.groups where !known.contains(where: { $0.name == name }) {
            throw BenchError("no rows '\(name)'; there are \(known.map(\.name).joined(separator: ", "))")
        }
        let bench = try Bench(options)
        let table = BenchTable()
        table.header()
        var isReached = true
        for group in known
        where options.groups.contains(group.name)
            || options.groups.isEmpty && !peers.contains(where: { $0.name == group.name })
        {
            for row in try group.run(bench) {
                table.show(row)
                isReached = isReached && row.isReached
            }
        }
        return isReached
    }
}
