@testable import MayflyServer
import Testing

@Suite struct HTTPServerTests {
    @Test func echoesABody() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange(
            "POST /a/b%20c?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.headers["x-path"] == "/a/b%20c")
        #expect(response.headers["x-method"] == "POST")
    }

    @Test func setsSafeHeadersAndNamesNoSoftware() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(response.headers["cache-control"] == "no-store")
        #expect(response.headers["x-content-type-options"] == "nosniff")
        #expect(response.headers["content-length"] == "0")
        #expect(response.headers["server"] == nil)
    }

    @Test func keepsTheReplysOwnCachingAndDropsItsFraming() throws {
        let server = try startServer(
            FakeHandler { _ in
                let headers = [("cache-control", "max-age=5"), ("Content-Length", "99"), ("Connection", "close")]
                return .reply(HTTPReply(status: 200, headers: headers, body: [65]))
            })
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(response.headers["cache-control"] == "max-age=5")
        #expect(response.headers["content-length"] == "1")
        #expect(response.headers["connection"] == nil)
    }

    @Test func turnsAnUnsendableReplyInto500() throws {
        let server = try startServer(
            FakeHandler { _ in .reply(HTTPReply(status: 200, headers: [("X", "a\r\nSet-Cookie: b")])) })
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(response.status == 500)
        #expect(response.headers["set-cookie"] == nil)
    }

    @Test func showsTheHandlerADecodedRequest() throws {
        let server = try startServer(
            FakeHandler { request in
                var lines = request.segments
                lines += request.query.fields.map { "\($0.name)=\($0.value)" }
                lines += request.headers("x-many") + [request.header("X-TRIM") ?? "-", request.contentType ?? "-"]
                return .reply(HTTPReply(status: 200, body: Array(lines.joined(separator: "|").utf8)))
            })
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange(
            "GET http://h/a/b%2Fc/?q=%C3%A9+x&q=2 HTTP/1.1\r\nHost: h\r\nX-Many: 1\r\nx-mANY:2\r\n"
                + "X-Trim: \t v \t\r\nContent-Type: Text/JSON; charset=utf-8\r\n\r\n")
        #expect(response.text == "a|b/c||q=é x|q=2|1|2|v|text/json")
    }

    @Test func keepsAConnectionForManyRequests() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        for number in 0..<50 {
            let body = "body \(number)"
            let response = try client.exchange(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(response.text == body)
        }
    }

    @Test func answersPipelinedRequestsInOrder() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send((0..<40).map { "POST /\($0) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\(10 + $0)" }.joined())
        for number in 0..<40 {
            let response = try client.response()
            #expect(response.headers["x-path"] == "/\(number)")
            #expect(response.text == "\(10 + number)")
        }
    }

    @Test func closesAfterHTTP10UnlessAskedToKeepTheConnection() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        #expect(try client.exchange("GET / HTTP/1.0\r\n\r\n").status == 200)
        #expect(try client.isClosed())
        let keeping = try RawClient(port: server.port)
        for _ in 0..<3 {
            #expect(try keeping.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status == 200)
        }
    }

    @Test func answersHEADWithTheLengthAndNoBody() throws {
        let server = try startServer(FakeHandler { _ in .reply(HTTPReply(status: 200, body: [1, 2, 3])) })
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        let response = try client.exchange("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", head: true)
        #expect(response.headers["content-length"] == "3")
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body == [1, 2, 3])
    }

    @Test func invitesABodyThatWaitsForContinue() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        client.send("ok")
        #expect(try client.response().text == "ok")
    }

    @Test func joinsChunks() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        for text in ["5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "6;x=y\r\nhello!\r\n0\r\nTrailer: t\r\n\r\n"] {
            #expect(try client.exchange(head + text).text == "hello!")
        }
    }

    @Test func survivesClientsThatLeaveAtAnyPoint() throws {
        var limits = HTTPLimits()
        limits.bodyDeadline = .milliseconds(500)
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let request = Array("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".utf8)
        for end in 0...request.count { try RawClient(port: server.port).send(Array(request[..<end])) }
        #expect(try RawClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
    }

    @Test func servesManyConnectionsAtOnce() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let clients = try (0..<400).map { _ in try RawClient(port: server.port) }
        for (number, client) in clients.enumerated() { client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n") }
        for (number, client) in clients.enumerated() {
            #expect(try client.response().headers["x-path"] == "/\(number)")
        }
    }

    @Test func letsConnectionsPastTheLimitWaitTheirTurn() throws {
        var limits = HTTPLimits()
        limits.threads = 1
        limits.maximumConnections = 2
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        var first: RawClient? = try RawClient(port: server.port)
        let second = try RawClient(port: server.port)
        #expect(try first?.exchange(request).status == 200)
        #expect(try second.exchange(request).status == 200)
        let third = try RawClient(port: server.port)
        third.send(request)
        #expect(try second.exchange(request).status == 200)
        first = nil
        #expect(try third.response().status == 200)
    }

    @Test func listensOnIPv6() throws {
        let address = try #require(ListenAddress.parse("[::1]:0"))
        guard let server = try? HTTPServer(address: address, handler: FakeHandler.echo) else { return }
        #expect(server.port != 0)
        server.stop()
    }

    @Test func refusesAPortInUse() throws {
        let server = try startServer(FakeHandler.echo)
        defer { server.stop() }
        let address = try #require(ListenAddress.parse("127.0.0.1:\(server.port)"))
        #expect(throws: HTTPServerError.self) { try HTTPServer(address: address, handler: FakeHandler.echo) }
    }

    /// Of two servers of one process neither takes anything while the other still drains.
    @Test func takesNothingNewFromWhenDrainingBeginsAndAnswersWhatItHas() throws {
        let server = try startServer(FakeHandler.echo)
        let client = try RawClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
        #expect(eventually { server.connectionCount() == 1 })
        server.beginDraining()
        let late = try RawClient(port: server.port)
        late.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try late.isClosed())
        client.send("b")
        let answer = try client.response()
        #expect(answer.status == 200 && answer.headers["connection"] == "close")
        server.stop()
    }

    @Test func theTimeForDrainingCountsFromItsBeginning() throws {
        var limits = HTTPLimits.patient
        limits.drainTime = .milliseconds(1)
        let server = try startServer(FakeHandler.echo, limits: limits)
        let core = server.core
        let end = core.beginDraining()
        #expect(eventually { ContinuousClock.now > end })
        #expect(core.beginDraining() == end)
        server.stop()
        #expect(core.beginDraining() == end)
    }
}
