/// Sends requests that must each be sent once: fresh assertions, tokens never seen before.
struct Replay {
    let tools: BenchTools
    let directory: String
    let connections: Int

    struct Result {
        let load: LoadResult
        /// Microseconds from the moment a request was due.
        let p50: Double
        let p99: Double
    }

    /// Sends all of `requests`; `rate` is in requests per second, 0 as fast as they are answered.
    func run(
        _ requests: [HTTPRequestBytes], rate: Double = 0, port: Int, server: ChildProcess
    ) throws(BenchError) -> Result {
        let path = directory + "/requests"
        var file: [UInt8] = []
        for request in requests {
            let bytes = request.bytes
            file += Array("\(bytes.count)\n".utf8)
            file += bytes
        }
        try Files.write(file, to: path)
        let before = server.cpu
        let numbers = try ChildProcess.numbers(
            [tools.replay, "\(port)", path, "\(connections)", "\(rate)"], count: 7)
        let used = server.cpu - before
        guard numbers[1] == 0 else {
            throw BenchError("\(Int(numbers[1])) of \(Int(numbers[0])) requests were refused")
        }
        return Result(
            load: LoadResult(requestsPerSecond: numbers[0] / numbers[2], cpu: used * 1_000_000 / numbers[0]),
            p50: numbers[3], p99: numbers[4])
    }
}
