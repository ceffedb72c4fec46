import MayflyServer
import Testing

@Suite struct HTTPDeadlineTests {
    private var short: HTTPLimits {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(200)
        limits.headerDeadline = .milliseconds(200)
        limits.bodyDeadline = .milliseconds(200)
        limits.replyDeadline = .milliseconds(200)
        return limits
    }

    @Test(arguments: [
        "", "G", "GET / HTTP/1.1\r\nHost: h\r\nX-", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab",
    ])
    func cutsARequestThatStalls(_ begin: String) throws {
        let server = try startServer(FakeHandler.echo, limits: short)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(begin)
        #expect(try client.isClosed())
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nX: ", "a"),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n", "a"),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "a: b\r\n"),
        ("", "\r\n"),
    ])
    func cutsARequestThatDribbles(_ begin: String, _ drop: String) throws {
        let server = try startServer(FakeHandler.echo, limits: short)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(begin)
        let start = ContinuousClock.now
        var last = start
        let cut = eventually {
            guard ContinuousClock.now - last > .milliseconds(20) else { return false }
            last = .now
            return !client.send(drop)
        }
        #expect(cut)
        #expect(ContinuousClock.now - start >= .milliseconds(150))
    }

    private static let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Whatever it is that does not come to its end: also lines that fill the library's memory to the last byte, and
    /// about as much, so that nothing is left in the socket.
    @Test(
        arguments: [
            "", "5", "5\r\nab", "1\r\na\r\n", "1\r\na\r\n0\r\na: ", "1;" + String(repeating: "a", count: 60_000),
            String(repeating: "0", count: 60_000),
        ] + stride(from: 15_000, to: 16_600, by: 100).map { "1;" + String(repeating: "a", count: $0) })
    func cutsAChunkedBodyOfWhichNoMoreComes(_ body: String) throws {
        var limits = HTTPLimits.patient
        limits.pieceDeadline = .milliseconds(200)
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(Self.chunked + body)
        #expect(try client.isClosed())
    }

    @Test func eachPieceOfAChunkedBodyGivesTimeForTheNext() throws {
        var limits = HTTPLimits.patient
        limits.pieceDeadline = .milliseconds(1000)
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(Self.chunked)
        let start = ContinuousClock.now
        var (last, count) = (start, 0)
        let isLong = eventually {
            guard ContinuousClock.now - last > .milliseconds(20) else { return false }
            (last, count) = (.now, count + 1)
            client.send("1\r\na\r\n")
            return ContinuousClock.now - start > .milliseconds(2500)
        }
        #expect(isLong)
        client.send("0\r\n\r\n")
        let answer = try client.response()
        #expect(answer.status == 200 && answer.body.count == count)
    }

    /// Nothing in it can fill the library's memory, and its end is known.
    @Test func aBodyOfAKnownLengthMayPause() throws {
        var limits = HTTPLimits.patient
        limits.pieceDeadline = .milliseconds(50)
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
        let start = ContinuousClock.now
        #expect(eventually { ContinuousClock.now - start > .milliseconds(500) })
        client.send("b")
        #expect(try client.response().status == 200)
    }

    @Test func cutsAConnectionThatStaysIdle() throws {
        let server = try startServer(FakeHandler.echo, limits: short)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
        #expect(try client.isClosed())
    }

    @Test func cutsALaterRequestThatStalls() throws {
        let server = try startServer(FakeHandler.echo, limits: short)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n")
        #expect(try client.isClosed())
    }

    @Test func cutsAClientThatDoesNotTakeItsReply() throws {
        let large = [UInt8](repeating: 1, count: 32 << 20)
        let server = try startServer(FakeHandler { _ in .reply(HTTPReply(status: 200, body: large)) }, limits: short)
        let client = try RawClient(port: server.port)
        client.setReceiveBuffer(4096)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(eventually { !client.send("\r\n") })
        server.stop()
    }

    @Test func leavesAParkedRequestAlone() throws {
        let lot = ParkingLot()
        let server = try startServer(FakeHandler.parking(in: lot), limits: short)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(lot.wait(for: 1))
        // Another connection being cut shows that every deadline has passed.
        #expect(try RawClient(port: server.port).isClosed())
        #expect(try RawClient(port: server.port).isClosed())
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 202)) }
        #expect(try client.response().status == 202)
    }
}
