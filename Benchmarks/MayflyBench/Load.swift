internal import Glibc

/// What one run of load came to.
struct LoadResult {
    let requestsPerSecond: Double
    let requests: Double
    /// Server CPU per request, in microseconds.
    let cpu: Double
    let failures: Int
}

/// Drives a server with wrk.
struct Load {
    let directory: String
    let seconds: Int
    let connections: Int

    /// Sends the request that `script` makes, for `seconds`, and measures the server's CPU meanwhile.
    func run(_ script: String, against url: String, server: ChildProcess) throws(BenchError) -> LoadResult {
        let path = directory + "/load.lua"
        try ChildProcess.write(script + Self.summary, to: path)
        let before = server.cpu
        let text = try ChildProcess.output([
            "wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "-s", path, url,
        ])
        let used = server.cpu - before
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("RESULT ") }) else {
            throw BenchError("wrk said nothing that could be read")
        }
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count == 3, numbers[0] > 0 else { throw BenchError("no request was answered") }
        return LoadResult(
            requestsPerSecond: numbers[0] / (numbers[1] / 1_000_000), requests: numbers[0],
            cpu: used * 1_000_000 / numbers[0], failures: Int(numbers[2]))
    }

    private static let summary = """

        function done(summary, latency, requests)
          local e = summary.errors
          print(string.format("RESULT %d %d %d", summary.requests, summary.duration,
            e.connect + e.read + e.write + e.status + e.timeout))
        end
        """
}
