import Glibc
import MayflyServer
import Synchronization
import Testing

/// Many connections that do nothing, or too little, do not keep others out.
@Suite(.serialized) struct ConnectionFloodTests {
    static let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    /// What somebody sends who wants to hold a connection.
    static let holds = [
        "", "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf",
        request,
    ]

    @Test(arguments: holds)
    func aNewClientGetsInWhenTheTableIsFull(_ hold: String) throws {
        var limits = HTTPLimits.patient
        limits.maximumConnections = 64
        limits.threads = 2
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        // Four times as many as there is room for: whoever came first is cut, and every deadline is far away.
        var attackers: [RawClient] = []
        for _ in 0..<256 {
            let attacker = try RawClient(port: server.port)
            attacker.send(hold)
            attackers.append(attacker)
            if attackers.count % 16 == 0 {
                #expect(try RawClient(port: server.port).exchange(Self.request).status == 200)
            }
        }
        #expect(try RawClient(port: server.port).exchange(Self.request).status == 200)
        withExtendedLifetime(attackers) {}
    }

    @Test func aRequestThatIsBeingAnsweredIsNotCutForANewClient() throws {
        let lot = ParkingLot()
        var limits = HTTPLimits.patient
        limits.maximumConnections = 32
        let server = try startServer(FakeHandler.parking(in: lot), limits: limits)
        defer { server.stop() }
        let accepted = try (0..<8).map { _ in try RawClient(port: server.port) }
        for client in accepted { client.send(Self.request) }
        #expect(lot.wait(for: 8))
        let idle = try (0..<200).map { _ in try RawClient(port: server.port) }
        // The oldest idle connection was cut, so the table has been crowded.
        #expect(try idle.first?.isClosed() == true)
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 202)) }
        for client in accepted { #expect(try client.response().status == 202) }
    }

    @Test func aRequestOnAConnectionThatWasCutIsNotWorkedOn() throws {
        let handled = Mutex<[String]>([])
        let isOpen = Atomic<Bool>(false)
        var limits = HTTPLimits.patient
        limits.threads = 1
        let server = try startServer(
            FakeHandler { request in
                handled.withLock { $0.append(request.path) }
                while request.path == "/hang", !isOpen.load(ordering: .sequentiallyConsistent) { sched_yield() }
                return .reply(HTTPReply(status: 200))
            }, limits: limits)
        let late = try RawClient(port: server.port)
        #expect(try late.exchange("GET /first HTTP/1.1\r\nHost: h\r\n\r\n").status == 200)
        let hanging = try RawClient(port: server.port)
        hanging.send("GET /hang HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(eventually { handled.withLock { $0.count == 2 } })
        // The only thread is busy, so this lies in the socket while the stop cuts the connection.
        late.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
        let isStopped = Atomic<Bool>(false)
        onThread {
            server.stop()
            isStopped.store(true, ordering: .sequentiallyConsistent)
        }
        #expect(try late.isClosed())
        isOpen.store(true, ordering: .sequentiallyConsistent)
        #expect(try hanging.response().status == 200)
        #expect(eventually { isStopped.load(ordering: .sequentiallyConsistent) })
        #expect(handled.withLock { $0 } == ["/first", "/hang"])
    }

    @Test func belowTheLimitNobodyIsCut() throws {
        var limits = HTTPLimits.patient
        limits.maximumConnections = 64
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let clients = try (0..<56).map { _ in try RawClient(port: server.port) }
        for client in clients { #expect(try client.exchange(Self.request).status == 200) }
        for client in clients { #expect(try client.exchange(Self.request).status == 200) }
    }

    /// 2000 in a plain test run; `MAYFLY_CONNECTIONS=10000` for more, where `ulimit -n` allows twice that and some.
    @Test func thousandsOfIdleConnectionsStopNobody() throws {
        var limits = HTTPLimits.patient
        limits.maximumConnections = 16_384
        let server = try startServer(FakeHandler.echo, limits: limits)
        defer { server.stop() }
        let count = Self.affordable(wanted: Self.wanted)
        var held: [RawClient] = []
        for index in 0..<count {
            let client = try RawClient(port: server.port)
            client.send(Self.holds[index % Self.holds.count])
            held.append(client)
        }
        for _ in 0..<100 { #expect(try RawClient(port: server.port).exchange(Self.request).status == 200) }
        // They are still there: one that had its answer is served again.
        #expect(try held[3].response().status == 200)
        #expect(try held[3].exchange(Self.request).status == 200)
    }

    private static var wanted: Int { getenv("MAYFLY_CONNECTIONS").flatMap { Int(String(cString: $0)) } ?? 2000 }

    /// As many connections as both ends of them have descriptors for in this one process.
    private static func affordable(wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 100 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return min(wanted, max(100, (Int(clamping: limit.rlim_cur) - 600) / 2))
    }
}
