import MayflyServer
import Synchronization
import Testing

/// One response object of the library for all who get the same: what is sent is what the reply says, to everybody.
@Suite struct KeptReplyTests {
    private static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let text = "{\"active\":true}"

    /// A kept reply; `written` counts how often its body was asked for.
    private static func kept(written: Counter = Counter()) throws -> HTTPReply {
        let whole = HTTPReply(status: 200, contentType: .json, body: Array(text.utf8))
        return HTTPReply(kept: try #require(LibraryResponse(whole)), contentType: .json) {
            written.add()
            return Array(text.utf8)
        }
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.add(1, ordering: .relaxed) }
    }

    private static func isWhole(_ response: RawClient.Response) -> Bool {
        response.status == 200 && response.text == text && response.headers["content-type"] == "application/json"
            && response.headers["cache-control"] == "no-store"
            && response.headers["content-length"] == "\(text.utf8.count)"
    }

    @Test func manyClientsOfTwoServersGetItWhileOneServerStops() throws {
        let written = Counter()
        let reply = try Self.kept(written: written)
        let short = try startServer(FakeHandler { _ in .reply(reply) })
        let server = try startServer(FakeHandler { _ in .reply(reply) })
        defer { server.stop() }
        #expect(Self.isWhole(try RawClient(port: short.port).exchange(Self.request)))
        let (good, ended) = (Counter(), Counter())
        for _ in 0..<8 {
            onThread {
                if let client = try? RawClient(port: server.port) {
                    for _ in 0..<100 {
                        if let response = try? client.exchange(Self.request), Self.isWhole(response) { good.add() }
                    }
                }
                ended.add()
            }
        }
        short.stop()
        #expect(eventually { ended.value == 8 })
        #expect(good.value == 800)
        #expect(written.value == 0, "the body is not written again for anybody")
    }

    @Test func itSaysSoWhenItsConnectionEnds() throws {
        let reply = try Self.kept()
        let lot = ParkingLot()
        let server = try startServer(
            FakeHandler { request in
                request.path == "/" ? .reply(HTTPReply(status: 204)) : .parked { lot.add($0) }
            })
        let client = try RawClient(port: server.port)
        client.send("GET /parked HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(lot.wait(for: 1))
        let stopped = Counter()
        onThread {
            server.stop()
            stopped.add()
        }
        // Nobody new is let in from the moment on that replies end their connections.
        #expect(eventually { (try? RawClient(port: server.port).exchange(Self.request)) == nil })
        for parked in lot.takeAll() { parked.finish(reply) }
        let response = try client.response()
        #expect(Self.isWhole(response))
        #expect(response.headers["connection"] == "close")
        #expect(eventually { stopped.value == 1 })
    }

    @Test(arguments: [("", "close"), ("Connection: Keep-Alive\r\n", "Keep-Alive")])
    func olderClientsKeepTheirConnectionOrNot(field: String, said: String) throws {
        let reply = try Self.kept()
        let server = try startServer(FakeHandler { _ in .reply(reply) })
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange("GET / HTTP/1.0\r\nHost: h\r\n\(field)\r\n")
        #expect(Self.isWhole(response))
        #expect(response.headers["connection"] == said)
    }

    @Test func whatItWasChangedToIsSent() throws {
        var changed = try Self.kept()
        changed.headers.append(("X-Added", "1"))
        #expect(changed.body == Array(Self.text.utf8))
        let added = changed
        changed.body = [66, 66]
        changed.status = 203
        let replies = [added, changed]
        let next = Counter()
        let server = try startServer(
            FakeHandler { _ in
                defer { next.add() }
                return .reply(replies[min(next.value, 1)])
            })
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        let first = try client.exchange(Self.request)
        #expect(Self.isWhole(first) && first.headers["x-added"] == "1")
        let second = try client.exchange(Self.request)
        #expect(second.status == 203 && second.text == "BB" && second.headers["x-added"] == "1")
    }

    @Test func nothingIsKeptThatCannotBeSent() {
        #expect(LibraryResponse(HTTPReply(status: 200, headers: [("X", "a\r\nSet-Cookie: b")])) == nil)
        #expect(LibraryResponse(HTTPReply(status: 99)) == nil)
    }
}
