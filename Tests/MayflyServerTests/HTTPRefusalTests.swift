import MayflyServer
import Testing

/// Requests that must not reach the handler.
@Suite struct HTTPRefusalTests {
    private static let refusing = FakeHandler { _ in .reply(HTTPReply(status: 200)) }

    /// Sends raw bytes and tells the status; nil when the server closed without one.
    private func status(of text: String, limits: HTTPLimits = HTTPLimits()) throws -> Int? {
        let server = try startServer(Self.refusing, limits: limits)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(text)
        return try? client.response().status
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a\u{0}b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a/%2e%2E/b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /?a=%4 HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GE(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTQ/1.1\r\nHost: h\r\n\r\n",
    ])
    func answers400ToMalformed(_ text: String) throws {
        #expect(try status(of: text) == 400)
    }

    @Test(arguments: [
        "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x1\r\n",
        "Content-Length: \r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Content-Length : 1\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: y\u{0}\r\nContent-Length: 1\u{0}\r\n",
    ])
    func answers400AndClosesWhenTheLengthIsAmbiguous(_ fields: String) throws {
        let server = try startServer(Self.refusing)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        let text = String(decoding: try client.readToEnd(), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 400 "))
        // The library sends the header of its own refusal twice; nothing after the refusal may be answered.
        #expect(text.components(of: "HTTP/1.1 ") == text.components(of: "HTTP/1.1 400 "))
    }

    @Test(arguments: ["gzip", "chunked, gzip", "gzip, chunked", "xchunked", "identity", "chunked;q=1", ""])
    func answers501ToOtherTransferCodings(_ coding: String) throws {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n"
        #expect(try status(of: text) == 501)
    }

    @Test func answers400ToTransferEncodingInHTTP10() throws {
        #expect(try status(of: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400)
    }

    /// The memory of a connection is full before the line ends, and nothing says so to the server's own code.
    @Test func aChunkExtensionWithoutEndUsesNoProcessorAndIsCut() throws {
        let busy = BusyTime()
        var limits = HTTPLimits.oneThread
        limits.bodyDeadline = .seconds(3)
        let server = try startServer(busy.handler, limits: limits)
        defer { server.stop() }
        let request = "POST / HTTP/1.1\r\nHost: h\r\n"
        #expect(try RawClient(port: server.port).exchange(request + "Content-Length: 1\r\n\r\na").status == 200)
        let client = try RawClient(port: server.port)
        client.send(request + "Transfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "a", count: 60_000))
        #expect(busy.measure() < 0.2)
        #expect(try client.isClosed())
    }

    /// The library would look at each of them at every other request, until the deadline for bodies.
    @Test func manyChunkLinesThatFillTheMemoryUseLittleAndAreCutLongBeforeTheBodysDeadline() throws {
        let busy = BusyTime()
        var limits = HTTPLimits.oneThread
        limits.maximumConnections = 2000
        limits.pieceDeadline = .seconds(1)
        let server = try startServer(busy.handler, limits: limits)
        defer { server.stop() }
        let head = "POST / HTTP/1.1\r\nHost: h\r\n"
        let client = try RawClient(port: server.port)
        #expect(try client.exchange(head + "Content-Length: 1\r\n\r\na").status == 200)
        let stuck = try (0..<300).map { _ in try RawClient(port: server.port) }
        for (number, client) in stuck.enumerated() {
            let line =
                number.isMultiple(of: 2)
                ? "1;" + String(repeating: "a", count: 20_000) : String(repeating: "0", count: 20_000)
            client.send(head + "Transfer-Encoding: chunked\r\n\r\n" + line)
        }
        #expect(busy.measure() < 0.6)
        for client in stuck { #expect(try client.isClosed()) }
        #expect(try client.exchange(head + "Content-Length: 1\r\n\r\na").status == 200)
    }

    @Test(arguments: ["HTTP/2.0", "HTTP/0.9"])
    func answers505ToOtherVersions(_ version: String) throws {
        #expect(try status(of: "GET / \(version)\r\nHost: h\r\n\r\n") == 505)
    }

    @Test(arguments: ["zz\r\n", "-1\r\n", "5\r\nhelloX\r\n", "\r\n", ";x\r\n"])
    func answers400ToBrokenChunks(_ chunks: String) throws {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"
        #expect(try status(of: text) == 400)
    }

    @Test func refusesHeadersOverTheLimitAndTakesThoseWithin() throws {
        let fill = { (count: Int) in "GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: count))\r\n\r\n" }
        let overhead = fill(0).utf8.count
        #expect(try status(of: fill(8192 - overhead)) == 200)
        #expect(try status(of: fill(8193 - overhead)) == 431)
        #expect(try status(of: fill(100_000)) == 431)
        #expect(try status(of: "GET /\(String(repeating: "a", count: 5000)) HTTP/1.1\r\nHost: h\r\n\r\n") == 414)
        #expect(try status(of: "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: h\r\n\r\n") == 414)
    }

    @Test func endsRequestsWithCountlessFields() throws {
        var limits = HTTPLimits()
        limits.headerDeadline = .milliseconds(300)
        let server = try startServer(Self.refusing, limits: limits)
        defer { server.stop() }
        let fields = String(repeating: "a:\r\n", count: 2000)
        for text in [
            "GET / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n",
            "GET /?\(String(repeating: "&", count: 4000)) HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /?\(String(repeating: "a&", count: 2000)) HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nCookie: \(String(repeating: "a=b;", count: 1900))\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nCookie: \(String(repeating: "a;", count: 3900))\r\n\r\n",
        ] {
            let client = try RawClient(port: server.port)
            client.send(text)
            // The library leaves a query of too many parameters unanswered, and the deadline closes it.
            let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(answer.isEmpty ? text.contains("?") : answer.hasPrefix("HTTP/1.1 431 "))
        }
        #expect(try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
    }

    @Test func answersItsOwnErrorsThroughTheHandler() throws {
        let server = try startServer(Self.refusing)
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(response.text == "{\"status\":400}")
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(response.headers["connection"] == "close")
    }

    @Test func refusesALengthOverTheLimitBeforeTheBody() throws {
        let server = try startServer(Self.refusing)
        defer { server.stop() }
        for length in ["65537", "99999999999999999999999999", "18446744073709551617"] {
            let client = try RawClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n")
            let text = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(text.components(of: "HTTP/1.1 ") == text.components(of: "HTTP/1.1 413 "))
        }
    }

    @Test func takesABodyOfExactlyTheLimit() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let body = [UInt8](repeating: 7, count: 65_536)
        let client = try RawClient(port: server.port)
        client.send(Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n".utf8) + body)
        #expect(try client.response().body == body)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n")
        client.send(body + Array("\r\n0\r\n\r\n".utf8))
        #expect(try client.response().body == body)
    }

    @Test func stopsReadingChunksPastTheLimit() throws {
        let server = try startServer(Self.refusing)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1000\r\n\(String(repeating: "x", count: 4096))\r\n"
        var sent = 0
        while sent < 10_000, client.send(chunk) { sent += 1 }
        #expect(sent < 10_000)
        let response = try client.response()
        #expect(response.status == 413)
        #expect(response.text == "{\"status\":413}")
    }
}

extension String {
    func components(of separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count - 1
    }
}
