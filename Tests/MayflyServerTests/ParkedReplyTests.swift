import Glibc
import MayflyServer
import Synchronization
import Testing

@Suite struct ParkedReplyTests {
    private static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func finishesFromAnotherThread() throws {
        let server = try startServer(
            FakeHandler { request in
                .parked { reply in onThread { reply.finish(HTTPReply(status: 201, body: request.body)) } }
            })
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        for _ in 0..<200 {
            let response = try client.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")
            #expect(response.status == 201)
            #expect(response.text == "ok")
        }
    }

    @Test func finishesBeforeTheClosureReturns() throws {
        let server = try startServer(FakeHandler { _ in .parked { $0.finish(HTTPReply(status: 204)) } })
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        for _ in 0..<100 { #expect(try client.exchange(Self.request).status == 204) }
    }

    @Test func holdsAThousandAtOnce() throws {
        raiseDescriptorLimit()
        let lot = ParkingLot()
        var limits = HTTPLimits()
        limits.maximumConnections = 4096
        let server = try startServer(FakeHandler.parking(in: lot), limits: limits)
        defer { server.stop() }
        let clients = try (0..<1000).map { _ in try RawClient(port: server.port) }
        for client in clients { client.send(Self.request) }
        #expect(lot.wait(for: 1000))
        for (number, reply) in lot.takeAll().enumerated() {
            reply.finish(HTTPReply(status: 200, body: Array("\(number)".utf8)))
        }
        let answers = try clients.map { try $0.response().text }
        #expect(Set(answers).count == 1000)
    }

    @Test func answersOnlyOnce() throws {
        let server = try startServer(
            FakeHandler { _ in
                .parked { reply in
                    for status in 201...204 { onThread { reply.finish(HTTPReply(status: status)) } }
                }
            })
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        for _ in 0..<100 { #expect((201...204).contains(try client.exchange(Self.request).status)) }
    }

    @Test func answers503WhenDropped() throws {
        let server = try startServer(FakeHandler { _ in .parked { _ in } })
        defer { server.stop() }
        let response = try RawClient(port: server.port).exchange(Self.request)
        #expect(response.status == 503)
        #expect(response.text == "{\"status\":503}")
    }

    @Test func survivesAClientThatLeft() throws {
        let lot = ParkingLot()
        let server = try startServer(FakeHandler.parking(in: lot))
        defer { server.stop() }
        for _ in 0..<20 { try RawClient(port: server.port).send(Self.request) }
        #expect(lot.wait(for: 20))
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
        let client = try RawClient(port: server.port)
        client.send(Self.request)
        #expect(lot.wait(for: 1))
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
        #expect(try client.response().status == 200)
    }

    @Test func stopWaitsForParkedRequests() throws {
        let lot = ParkingLot()
        let server = try startServer(FakeHandler.parking(in: lot))
        let idle = try RawClient(port: server.port)
        let clients = try (0..<50).map { _ in try RawClient(port: server.port) }
        for client in clients { client.send(Self.request) }
        #expect(lot.wait(for: 50))
        let stopped = Flag()
        onThread {
            server.stop()
            stopped.set()
        }
        // The idle connection being closed shows that stopping has begun.
        #expect(try idle.isClosed())
        #expect(!stopped.isSet)
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
        for client in clients {
            let response = try client.response()
            #expect(response.status == 200)
            #expect(response.headers["connection"] == "close")
        }
        #expect(eventually { stopped.isSet })
    }

    @Test func stopEndsWhatIsStillParkedWith503() throws {
        let lot = ParkingLot()
        var limits = HTTPLimits()
        limits.drainTime = .milliseconds(100)
        let server = try startServer(FakeHandler.parking(in: lot), limits: limits)
        let clients = try (0..<50).map { _ in try RawClient(port: server.port) }
        for client in clients { client.send(Self.request) }
        #expect(lot.wait(for: 50))
        server.stop()
        for client in clients { #expect(try client.response().status == 503) }
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
    }

    @Test func stopIsFreeOfRacesWithFinishing() throws {
        for _ in 0..<20 {
            let lot = ParkingLot()
            var limits = HTTPLimits()
            limits.drainTime = .milliseconds(1)
            let server = try startServer(FakeHandler.parking(in: lot), limits: limits)
            let clients = try (0..<40).map { _ in try RawClient(port: server.port) }
            for client in clients { client.send(Self.request) }
            #expect(lot.wait(for: 20))
            onThread {
                for _ in 0..<200 {
                    for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
                    sched_yield()
                }
            }
            server.stop()
            // What nobody finished would keep the handler, and so the lot itself, alive.
            _ = lot.takeAll()
        }
    }

    @Test func everyStopWaitsForTheThreads() throws {
        let (isBusy, mayGoOn) = (Flag(), Flag())
        var limits = HTTPLimits.oneThread
        limits.drainTime = .milliseconds(1)
        let server = try startServer(
            FakeHandler { _ in
                isBusy.set()
                _ = eventually { mayGoOn.isSet }
                return .reply(HTTPReply(status: 200))
            }, limits: limits)
        let client = try RawClient(port: server.port)
        client.send(Self.request)
        #expect(eventually { isBusy.isSet })
        let stopped = [Flag(), Flag()]
        for flag in stopped {
            onThread {
                server.stop()
                flag.set()
            }
        }
        // Longer than either waits for the requests.
        usleep(1_500_000)
        #expect(!stopped.contains { $0.isSet })
        mayGoOn.set()
        #expect(eventually { stopped.allSatisfy { $0.isSet } })
    }

    @Test func stopClosesIdleConnectionsAtOnceAndTwiceIsHarmless() throws {
        let server = try startServer(FakeHandler.echo)
        let client = try RawClient(port: server.port)
        #expect(try client.exchange(Self.request).status == 200)
        let start = ContinuousClock.now
        server.stop()
        server.stop()
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try client.isClosed())
        #expect(throws: RawClient.Failure.self) { try RawClient(port: server.port) }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
        func set() { value.store(true, ordering: .sequentiallyConsistent) }
    }

    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
