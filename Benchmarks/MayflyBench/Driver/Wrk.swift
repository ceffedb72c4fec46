/// What one run of load came to.
struct LoadResult {
    let requestsPerSecond: Double
    /// CPU of the server for one request, user and system, in microseconds.
    let cpu: Double
}

/// Drives a server with wrk: the same request, over and over.
struct Wrk {
    let directory: String
    let seconds: Int
    let connections: Int

    /// Loads `server`; throws when one request failed, because the numbers would mean nothing.
    func run(_ request: HTTPRequestBytes, port: Int, server: ChildProcess) throws(BenchError) -> LoadResult {
        try measure(try arguments(request.lua, path: request.path, port: port), server)
    }

    /// Loads `server` with `requests`, each sent once; there must be more than can be answered in the time.
    func run(each requests: [HTTPRequestBytes], port: Int, server: ChildProcess) throws(BenchError) -> LoadResult {
        guard let first = requests.first else { throw BenchError("no request to send") }
        let file = directory + "/wrk.bodies"
        try Files.write(Array(requests.map { $0.body + "\n" }.joined().utf8), to: file)
        // One line a body; past the last one nothing is sent that could pass for an answer.
        let lua =
            first.lua + """
                local bodies = {}
                for line in io.lines("\(file)") do bodies[#bodies + 1] = line end
                local last = 0
                request = function()
                  last = last + 1
                  return wrk.format(nil, nil, nil, bodies[last] or "")
                end

                """
        return try measure(try arguments(lua, path: first.path, port: port), server)
    }

    private func measure(_ arguments: [String], _ server: ChildProcess) throws(BenchError) -> LoadResult {
        let before = server.cpu
        let text = try ChildProcess.run(arguments)
        let used = server.cpu - before
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("RESULT ") }) else {
            throw BenchError("wrk said nothing that could be read")
        }
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count == 3, numbers[0] > 0 else { throw BenchError("no request was answered") }
        guard numbers[2] == 0 else { throw BenchError("\(Int(numbers[2])) of \(Int(numbers[0])) requests failed") }
        return LoadResult(
            requestsPerSecond: numbers[0] / (numbers[1] / 1_000_000), cpu: used * 1_000_000 / numbers[0])
    }

    /// Starts the load and goes on; it ends with the process that is returned.
    ///
    /// Each connection waits for `pause` milliseconds before it asks again.
    func background(_ request: HTTPRequestBytes, port: Int, pause: Int = 0) throws(BenchError) -> ChildProcess {
        let lua = request.lua + (pause > 0 ? "function delay() return \(pause) end\n" : "")
        return try ChildProcess.inBackground(try arguments(lua, path: request.path, port: port))
    }

    private func arguments(_ lua: String, path: String, port: Int) throws(BenchError) -> [String] {
        let script = directory + "/wrk.lua"
        try Files.write(Array((lua + Self.summary).utf8), to: script)
        return [
            "wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "--timeout", "10s", "-s", script,
            "http://127.0.0.1:\(port)\(path)",
        ]
    }

    private static let summary = """
        function done(summary, latency, requests)
          local e = summary.errors
          print(string.format("RESULT %d %d %d", summary.requests, summary.duration,
            e.connect + e.read + e.write + e.status + e.timeout))
        end
        """
}
