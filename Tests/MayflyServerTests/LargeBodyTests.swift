import MayflyServer
import Synchronization
import Testing

/// Bodies past the usual limit: admitted by the handler, before they are read, and few at a time.
@Suite struct LargeBodyTests {
    private static func head(_ path: String, _ length: Int, _ more: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(more)Content-Length: \(length)\r\n\r\n"
    }

    /// Answers how many bytes came; `/large` may send a large body while there is a place.
    private static func handler(_ places: LargeBodyPlaces) -> FakeHandler {
        FakeHandler(
            respond: { request in
                .reply(HTTPReply(status: 200, body: Array(String(request.body.count).utf8)))
            },
            large: { head, bytes in
                guard head.path == "/large", head.body.isEmpty else { return .tooLarge }
                guard head.header("Authorization") != nil else { return .refused(HTTPReply(status: 401)) }
                return places.take().map { .granted($0) } ?? .refused(HTTPReply(status: 503))
            })
    }

    @Test func aBodyIsAsLargeAsTheHandlerAdmits() throws {
        let server = try startServer(Self.handler(LargeBodyPlaces(1)))
        defer { server.stop() }
        let proof = "Authorization: x\r\n"
        // One place, over and over: each request gives it back, some time after its answer was sent.
        for length in [65_537, 500_000, 1_000_000] {
            var answer: String?
            while answer == nil {
                let client = try RawClient(port: server.port)
                client.send(Self.head("/large", length, proof))
                client.send([UInt8](repeating: 7, count: length))
                let response = try client.response()
                if response.status != 503 { answer = response.text }
            }
            #expect(answer == String(length))
        }
        for (head, status) in [
            (Self.head("/large", 1_000_001, proof), 413), (Self.head("/other", 65_537, proof), 413),
            (Self.head("/large", 65_537), 401), (Self.head("/%zz", 65_537, proof), 400),
        ] {
            // Not a byte of the body is asked for.
            let client = try RawClient(port: server.port)
            client.send(head.replacing("Host: h", with: "Host: h\r\nExpect: 100-continue"))
            let text = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 \(status) ") && text.components(of: "HTTP/1.1 ") == 1, "\(text)")
        }
        // What does not say how long it is gets no further than anybody.
        let client = try RawClient(port: server.port)
        client.send("POST /large HTTP/1.1\r\nHost: h\r\n\(proof)Transfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n\(String(repeating: "x", count: 65_536))\r\n"
        while client.send(chunk) {}
        #expect(try client.response().status == 413)
    }

    @Test func aPlaceIsHeldUntilTheRequestIsOverHoweverItEnds() throws {
        let server = try startServer(Self.handler(LargeBodyPlaces(3)))
        defer { server.stop() }
        let head = Self.head("/large", 100_000, "Authorization: x\r\n")
        let body = [UInt8](repeating: 7, count: 100_000)
        func status(_ client: RawClient) throws -> Int {
            client.send(head)
            client.send(body)
            return try client.response().status
        }
        for _ in 0..<5 {
            // The library says that the body may come once the place is taken.
            var held: [RawClient] = []
            for _ in 0..<3 {
                let client = try RawClient(port: server.port)
                client.send(head.replacing("Host: h", with: "Host: h\r\nExpect: 100-continue"))
                #expect(try client.mayContinue())
                held.append(client)
            }
            for _ in 0..<20 { #expect(try status(RawClient(port: server.port)) == 503) }
            // One is finished, two go away.
            held[0].send(body)
            #expect(try held[0].response().text == "100000")
            held = []
            #expect(eventually { (try? status(RawClient(port: server.port))) == 200 })
            #expect(eventually { server.connectionCount() == 0 })
        }
    }
}
