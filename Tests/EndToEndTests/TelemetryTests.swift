import Glibc
import MayflyModel
import Testing

/// What the program shows of itself, and that nobody who does not look holds it up.
@Suite struct TelemetryTests {
    /// A broker whose configuration ends with `lines`.
    private func broker(_ lines: String, level: String = "info", format: String = "text") throws -> RunningMayfly {
        let broker = try RunningMayfly()
        try Files.replace("  level: info", with: "  level: \(level)", in: broker.configFile)
        try Files.replace("  format: text", with: "  format: \(format)", in: broker.configFile)
        try Files.write(try Files.text(broker.configFile) + lines, to: broker.configFile, mode: 0o644)
        return broker
    }

    private func sample(_ name: String, _ broker: RunningMayfly) throws -> Double {
        let page = try HTTP.get("/metrics", from: broker.port)
        let line = page.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return try #require(line.flatMap { Double(String($0.dropFirst(name.utf8.count + 1))) }, "\(page)")
    }

    private func wait(_ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while try !condition() {
            guard ContinuousClock.now < end else { throw HarnessError("it did not come to pass within a minute") }
            sched_yield()
        }
    }

    @Test func metricsCanBeSwitchedOff() throws {
        let broker = try broker("")
        try Files.replace("  enabled: true", with: "  enabled: false", in: broker.configFile)
        try broker.start()
        #expect(try HTTP.get("/metrics", from: broker.port).status == 404)
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
        #expect(try broker.stop() == 0)
    }

    @Test func aCollectorThatNeverAnswersSlowsNobodyAndDropsAreCounted() throws {
        // Connections are made, by the kernel, and nothing is ever read from them.
        let collector = try ListeningSocket()
        defer { collector.close() }
        let broker = try broker(
            "\ntracing:\n  endpoint: \"http://127.0.0.1:\(collector.port)/v1/traces\"\n")
        try broker.start()
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
        // Until the first body has been given up, after seconds. Requests that waited for that would be two or three.
        var answered = 0
        try wait {
            #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
            answered += 1
            return try sample("mayfly_spans_dropped_total", broker) > 0
        }
        #expect(answered > 10)
        #expect(try sample("mayfly_spans_exported_total", broker) == 0)
        #expect(try broker.stop() == 0)
    }

    @Test func aCollectorThatIsNotThereIsCountedToo() throws {
        let gone = try ListeningSocket()
        gone.close()
        let broker = try broker("\ntracing: {endpoint: \"http://127.0.0.1:\(gone.port)\", sample: 0.0}\n")
        try broker.start()
        // A new trace is not recorded, a recorded caller's is.
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
        let parent = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        #expect(try HTTP.send("GET", "/healthz", [parent], to: broker.port).status == 200)
        try wait { try sample("mayfly_spans_dropped_total", broker) > 0 }
        #expect(try sample("mayfly_spans_dropped_total", broker) == 1)
        #expect(try broker.stop() == 0)
    }

    @Test func eachLineIsJSONAndNamesTheTrace() throws {
        let broker = try broker("", level: "debug", format: "json")
        try broker.start()
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let parent = ("traceparent", "00-\(trace)-00f067aa0ba902b7-01")
        #expect(
            try HTTP.send("GET", "/api/v1/agents/a%22b?token=SECRET", [parent], to: broker.port).status == 401)
        #expect(unlink(broker.databaseFile) == 0)
        #expect(try HTTP.send("GET", "/readyz", [parent], to: broker.port).status == 503)
        #expect(try broker.stop() == 0)
        let lines = try broker.errors().split(separator: "\n").map { try JSONParser.parseObject(Array($0.utf8)) }
        let requests = lines.filter { $0["message"] == .string("request") }
        #expect(requests.compactMap { $0["route"]?.stringValue } == ["/api/v1/agents/{id}", "/readyz"])
        #expect(requests.compactMap { $0["level"]?.stringValue } == ["debug", "info"])
        #expect(requests.compactMap { $0["status"] } == [.integer(401), .integer(503)])
        #expect(requests.allSatisfy { $0["trace_id"] == .string(trace) && $0["microseconds"] != nil })
        #expect(try !broker.errors().contains("SECRET") && !broker.errors().contains("a%22b"))
    }

    @Test func atTheUsualLevelOnlyFailuresHaveLines() throws {
        let broker = try broker("")
        try broker.start()
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
        #expect(try HTTP.get("/nothing", from: broker.port).status == 404)
        #expect(unlink(broker.databaseFile) == 0)
        // More than one second's lines, so that some are left out.
        for _ in 0..<200 { #expect(try HTTP.get("/readyz", from: broker.port).status == 503) }
        #expect(try broker.stop() == 0)
        let lines = try broker.errors().split(separator: "\n").filter { $0.contains(" request ") }
        #expect(lines.allSatisfy { $0.contains(" info ") && $0.contains("route=/readyz") && $0.contains("status=503") })
        #expect(!lines.isEmpty && lines.count < 200)
    }

    @Test func standardErrorThatNobodyReadsSlowsNobody() throws {
        let broker = try broker("", level: "debug")
        // A pipe in place of the file: it fills up, and nothing is read from it before the end.
        let path = "\(broker.folder.path)/serve.1"
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        #expect(reader >= 0)
        defer { close(reader) }
        try broker.start()
        let connection = try HTTPConnection(port: broker.port)
        var sent = 0
        try wait {
            connection.send(String(repeating: "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
            for _ in 0..<100 { #expect(try connection.answer()?.status == 200) }
            sent += 100
            return try sample("mayfly_log_lines_dropped_total", broker) > 0
        }
        #expect(sent > 1000)
        #expect(try broker.stop() == 0)
    }
}
