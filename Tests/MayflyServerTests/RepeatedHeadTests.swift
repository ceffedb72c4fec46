import MayflyServer
import Testing

/// A connection keeps its last request's head: no answer may tell whether a request was the first on its connection.
@Suite struct RepeatedHeadTests {
    /// Says back all that can be known of a request.
    private static let mirror = FakeHandler { request in
        var text = "\(request.method) \(request.path) \(request.segments)\n"
        for name in ["Host", "Authorization", "X", "Y", "Content-Length", "Transfer-Encoding", "Content-Type"] {
            text += "\(name): \(request.headers(name))\n"
        }
        text += "\(request.query.values("c"))\n"
        return .reply(HTTPReply(status: 200, body: Array(text.utf8) + request.body))
    }

    private static func isSame(_ first: RawClient.Response?, _ second: RawClient.Response?) -> Bool {
        first?.status == second?.status && first?.body == second?.body
    }

    /// What is answered to `request` after `earlier` was answered on the same connection.
    private func answer(_ request: [UInt8], after earlier: String?, _ server: HTTPServer) throws -> RawClient.Response?
    {
        let client = try RawClient(port: server.port)
        if let earlier {
            #expect(try client.exchange(earlier).status == 200)
        }
        client.send(request)
        client.finishSending()
        return try? client.response()
    }

    @Test func eachRequestHasItsOwnBodyAndTheHeadThatItSent() throws {
        let server = try startServer(Self.mirror)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        for (authorization, body) in [("a", "1"), ("a", "2"), ("b", "2"), ("a", "2"), ("a", "3")] {
            let response = try client.exchange(
                "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: \(authorization)\r\nContent-Length: 1\r\n\r\n\(body)")
            #expect(response.text.contains("Authorization: [\"\(authorization)\"]"))
            #expect(response.text.hasSuffix(body))
        }
    }

    /// Each leaves nearly the same bytes in the library's memory as the request before it.
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nX: abc\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX\u{0} abc\r\n\r\n"),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\nY: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}\u{0}Y: b\r\n\r\n"
        ),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\r\n", "GET / HTTP/1.1\u{0}\nHost: h\r\nX: a\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\r\n", "GET\u{0}/ HTTP/1.1\r\nHost: h\r\nX: a\r\n\r\n"),
        ("GET /%61 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a\u{0}1 HTTP/1.1\r\nHost: h\r\n\r\n"),
        ("GET /a?c=%61 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a\u{0}c=%61 HTTP/1.1\r\nHost: h\r\n\r\n"),
    ])
    func whatIsRefusedAloneIsRefusedAfterItsTwin(_ good: String, _ bad: String) throws {
        let server = try startServer(Self.mirror)
        defer { server.stop() }
        #expect(try answer(Array(bad.utf8), after: good, server)?.status != 200)
        #expect(try answer(Array(bad.utf8), after: nil, server)?.status != 200)
    }

    /// The one other end of a line that cannot be told from CR LF: what follows is a line of its own for both.
    @Test func aNULBeforeABareLineFeedEndsALineAsCRLFDoes() throws {
        let server = try startServer(Self.mirror)
        defer { server.stop() }
        let usual = "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\nY: b\r\n\r\n"
        let other = Array("GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}\nY: b\r\n\r\n".utf8)
        let expected = try answer(Array(usual.utf8), after: nil, server)
        #expect(expected?.text.contains("Y: [\"b\"]") == true)
        #expect(Self.isSame(try answer(other, after: nil, server), expected))
        #expect(Self.isSame(try answer(other, after: usual, server), expected))
    }

    @Test(arguments: [
        ("/%61", "/%41"), ("/%4a", "/%4A"), ("/a?c=1", "/a?c=2"), ("/a/b", "/a%2F"), ("/a?c=%61", "/a?c=%62"),
    ])
    func targetsOfOneLengthAreTold(_ first: String, _ second: String) throws {
        let server = try startServer(Self.mirror)
        defer { server.stop() }
        let text = { (target: String) in "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n" }
        for (earlier, later) in [(first, second), (second, first)] {
            let alone = try answer(Array(text(later).utf8), after: nil, server)
            let after = try answer(Array(text(later).utf8), after: text(earlier), server)
            #expect(alone?.status == 200)
            #expect(Self.isSame(alone, after))
        }
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func aChangedRequestIsAnsweredAsOnAConnectionOfItsOwn(_ seed: UInt64) throws {
        let server = try startServer(Self.mirror)
        defer { server.stop() }
        var generator = SeededGenerator(seed: seed)
        let head = "POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer abcdef\r\nX: y\r\n"
        let whole = head + "Content-Length: 3\r\n\r\nabc"
        for _ in 0..<400 {
            var changed = Array(head.utf8)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let index = Int.random(in: 0..<changed.count, using: &generator)
                changed[index] = Bool.random(using: &generator) ? 0 : UInt8.random(in: 0...255, using: &generator)
            }
            let request = changed + Array("Content-Length: 3\r\n\r\nxyz".utf8)
            let alone = try answer(request, after: nil, server)
            let after = try answer(request, after: whole, server)
            #expect(Self.isSame(alone, after), "seed \(seed): \(changed)")
        }
    }
}
