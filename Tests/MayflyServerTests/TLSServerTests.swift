import CertificateHarness
import Glibc
import MayflyBroker
import MayflyClient
@testable import MayflyServer
import Synchronization
import Testing

/// HTTPS by the library, and what a handshake leaves for the handler.
@Suite struct TLSServerTests {
    private static let root = Result { try TestAuthority() }

    private func identity(_ subject: String = "/CN=server") throws -> TLSIdentity {
        let made = try Self.root.get().issue(.named(subject, "IP:127.0.0.1"))
        return TLSIdentity(chain: Array(made.pem.utf8), key: try bytes(made.keyFile))
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let stream = try #require(fopen(path, "rb"))
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, stream)
        return Array(bytes.prefix(count))
    }

    private func start(
        _ handler: some HTTPHandler, asks: Bool = false, limits: HTTPLimits = .patient
    ) throws -> HTTPServer {
        try HTTPServer(
            address: try #require(ListenAddress.parse("127.0.0.1:0")), limits: limits,
            tls: TLSOptions(identity: try identity(), asksForCertificate: asks), handler: handler)
    }

    private func client(_ certificate: TestCertificate? = nil) throws -> HTTPTransport {
        try HTTPTransport(
            tls: ClientTLS(
                authorityFile: try Self.root.get().certificate.file, certificateFile: certificate?.file,
                keyFile: certificate?.keyFile))
    }

    private func post(_ server: HTTPServer, _ count: Int) -> ClientRequest {
        var request = ClientRequest("POST", "https://127.0.0.1:\(server.port)/")
        request.body = [UInt8](repeating: 7, count: count)
        return request
    }

    @Test func requestsOfEverySizeAreAnswered() throws {
        let handler = FakeHandler(respond: { .reply(HTTPReply(status: 200, body: $0.body + $0.body)) })
        let server = try start(handler)
        defer { server.stop() }
        let client = try client()
        // More than a record of TLS, and more than the socket takes at once.
        for count in [0, 1, 16_383, 16_384, 16_385, 65_536, 3, 65_536] {
            let answer = try client.send(post(server, count))
            #expect(answer.status == 200 && answer.body.count == 2 * count)
        }
        #expect(try client.send(post(server, 65_537)).status == 413)
        #expect(try client.send(post(server, 5)).status == 200)
    }

    @Test func aParkedRequestIsAnsweredFromAnotherThread() throws {
        let lot = ParkingLot()
        let server = try start(FakeHandler.parking(in: lot))
        defer { server.stop() }
        let answered = Atomic<Int>(0)
        let clients = try (0..<8).map { _ in try client() }
        for client in clients {
            let request = post(server, 10)
            onThread {
                for _ in 0..<5 where (try? client.send(request).status) == 204 {
                    answered.add(1, ordering: .relaxed)
                }
            }
        }
        let isDone = eventually {
            for reply in lot.takeAll() { reply.finish(HTTPReply(status: 204)) }
            return answered.load(ordering: .relaxed) == 40
        }
        #expect(isDone)
    }

    @Test func aHandshakeThatStallsIsCut() throws {
        var limits = HTTPLimits.patient
        limits.headerDeadline = .milliseconds(200)
        let server = try start(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        for begin in ["", "\u{16}\u{03}\u{01}"] {
            let raw = try RawClient(port: server.port)
            raw.send(begin)
            #expect(try raw.isClosed())
        }
        // Plain HTTP is no handshake.
        let plain = try RawClient(port: server.port)
        plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let received = try plain.readToEnd()
        #expect(!String(decoding: received, as: UTF8.self).contains("HTTP/1.1 200"))
    }

    @Test func aHandshakeThatStallsUsesNoProcessor() throws {
        let busy = BusyTime()
        let server = try start(busy.handler, limits: .oneThread)
        defer { server.stop() }
        #expect(try client().send(post(server, 1)).status == 200)
        let stalled = try RawClient(port: server.port)
        // The beginning of a record with a ClientHello in it.
        stalled.send([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])
        #expect(busy.measure() < 0.2)
        #expect(try client().send(post(server, 65_536)).body.count == 65_536)
    }

    @Test func onlyTheListenerThatAsksSeesACertificate() throws {
        let handler = FakeHandler(respond: { request in
            .reply(HTTPReply(status: 200, body: Array((request.peerCertificate?.thumbprint ?? "none").utf8)))
        })
        let shown = try Self.root.get().issue(.named("/CN=client"))
        let (asking, other) = (try start(handler, asks: true), try start(handler))
        defer {
            asking.stop()
            other.stop()
        }
        func seen(_ server: HTTPServer, _ client: HTTPTransport) throws -> String {
            String(decoding: try client.send(post(server, 1)).body, as: UTF8.self)
        }
        let client = try client(shown)
        #expect(try seen(asking, client).utf8.count == 43)
        #expect(try seen(asking, client) == seen(asking, client))
        #expect(try seen(other, client) == "none")
        #expect(try seen(asking, try self.client()) == "none")
        // One that signs itself is shown as well: the server names no authorities.
        let own = try Self.root.get().selfSigned(.named("/CN=client"))
        #expect(try seen(asking, try self.client(own)).utf8.count == 43)
    }

    @Test func whatIsNoIdentityIsRefusedAndLeavesTheOldOne() throws {
        let server = try start(FakeHandler.echo)
        defer { server.stop() }
        let (first, second) = (try identity("/CN=a"), try identity("/CN=b"))
        let foreign = try Self.root.get().issue(.named("/CN=c"))
        for bad in [
            TLSIdentity(chain: [], key: []), TLSIdentity(chain: Array("x".utf8), key: Array("x".utf8)),
            TLSIdentity(chain: Array(foreign.pem.utf8), key: try bytes(try Self.root.get().certificate.keyFile)),
        ] {
            #expect(throws: HTTPServerError.self) { try server.use(bad) }
            #expect(throws: HTTPServerError.self) { try bad.check() }
        }
        #expect(try client().send(post(server, 1)).status == 200)
        // Over and over while clients come.
        let isDone = Atomic<Bool>(false)
        let failures = Atomic<Int>(0)
        let finished = Atomic<Int>(0)
        for _ in 0..<2 {
            let request = post(server, 1)
            let clients = try (0..<10).map { _ in try client() }
            onThread {
                for client in clients where (try? client.send(request).status) != 200 {
                    failures.add(1, ordering: .relaxed)
                }
                if finished.add(1, ordering: .relaxed).newValue == 2 { isDone.store(true, ordering: .relaxed) }
            }
        }
        while !isDone.load(ordering: .relaxed) {
            try server.use(first)
            try server.use(second)
        }
        #expect(failures.load(ordering: .relaxed) == 0)
    }

    /// A key that was replaced is in memory for as long as a connection may still need it, and no longer.
    @Test func aCertificateEndsWithTheLastConnectionThatShowsIt() throws {
        let server = try start(FakeHandler.echo)
        defer { server.stop() }
        weak let first = try #require(server.core.tls).certificate
        var client: HTTPTransport? = try client()
        #expect(try client?.send(post(server, 1)).status == 200)
        try server.use(try identity("/CN=second"))
        #expect(try client?.send(post(server, 1)).status == 200)
        #expect(first != nil)
        client = nil
        #expect(eventually { first == nil })
        // One that no connection has shown ends at once.
        weak let second = try #require(server.core.tls).certificate
        try server.use(try identity("/CN=third"))
        #expect(second == nil)
        #expect(try self.client().send(post(server, 1)).status == 200)
    }
}
