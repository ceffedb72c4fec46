import MayflyServer
import Testing

/// Nothing a client sends may trap the server.
@Suite struct RandomRequestTests {
    @Test(arguments: [5, 6] as [UInt64])
    func headerBlocksSurviveAnySpans(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            let block = mutate(Array("Host\0 h\0\0X\0 y\0\0".utf8), &generator) + [0, 0]
            let spans = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                HeaderFields.Span(name: range(in: block.count, &generator), value: range(in: block.count, &generator))
            }
            _ = try? HeaderFields(block: block, spans: spans)
        }
    }

    @Test(arguments: [7, 8] as [UInt64])
    func theServerSurvivesMutatedRequests(_ seed: UInt64) throws {
        var limits = HTTPLimits()
        limits.headerDeadline = .milliseconds(200)
        limits.bodyDeadline = .milliseconds(200)
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let valid = Array(
            ("POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX: y\r\n\r\nabc"
                + "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").utf8)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            let client = try RawClient(port: server.port)
            client.send(mutate(valid, &generator))
        }
        let response = try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(response.status == 200, "seed \(seed)")
    }

    private func range(in count: Int, _ generator: inout SeededGenerator) -> Range<Int> {
        let start = Int.random(in: 0...(count + 2), using: &generator)
        return start..<Int.random(in: start...(start + 20), using: &generator)
    }
}
