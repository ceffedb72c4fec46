/// The 99th percentile of issuing at half of the peak rate, open loop, against the disk's fdatasync.
///
/// The limit is 5 ms and three times the median fdatasync of appends of 4 to 16 KB in the same directory, taken just
/// before. Latency counts from the moment a request was due, so waiting behind a stall is not left out. Stalls of the
/// machine's own are in it, too: how long those are is measured beside it.
enum LatencyRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = bench.site
        let replay = Replay(tools: bench.tools, directory: site.directory, connections: 64)
        let peak = try replay.run(
            try requests(bench, bench.uniqueRequests), port: site.port, server: site.server
        ).load.requestsPerSecond
        let count = Int(peak / 2) * bench.seconds
        var values: [Double] = []
        var limits: [Double] = []
        var standstills: [Double] = []
        for _ in 0..<3 {
            let requests = try requests(bench, count)
            standstills.append(try bench.tools.longestStandstill() / 1000)
            limits.append(5 + 3 * (try bench.tools.syncTime(in: site.directory)) / 1000)
            values.append(
                try replay.run(requests, rate: peak / 2, port: site.port, server: site.server).p99 / 1000)
        }
        return [
            .ratio(
                "p99 of issue at \(Int(peak / 2))/s, half of the peak", values, against: limits,
                "5 ms + 3 fdatasync", unit: "ms", atMost: 1),
            .fact("a busy processor standing still, the longest in a second", standstills, unit: "ms"),
        ]
    }

    private static func requests(_ bench: Bench, _ count: Int) throws(BenchError) -> [HTTPRequestBytes] {
        var requests: [HTTPRequestBytes] = []
        for _ in 0..<count { requests.append(try bench.hops[0].tokenRequest(scope: BenchSite.scope)) }
        return requests
    }
}
