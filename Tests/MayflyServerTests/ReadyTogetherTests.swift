import Glibc
import MayflyServer
import Synchronization
import Testing

/// Requests that become ready while the server's thread is busy, so that it finds them all at once.
///
/// The library takes 128 events from the system at a time, and after a full batch waits for more before it looks at
/// those it has.
@Suite struct ReadyTogetherTests {
    @Test(arguments: [1, 126, 127, 128, 129, 256]) func noNumberOfRequestsWaitsForOneMore(_ count: Int) throws {
        let isBusy = Atomic<Bool>(false)
        let mayGoOn = Atomic<Bool>(false)
        let lot = ParkingLot()
        var limits = HTTPLimits.patient
        limits.threads = 1
        let server = try startServer(
            FakeHandler { request in
                guard request.path == "/busy" else { return .reply(HTTPReply(status: 200)) }
                isBusy.store(true, ordering: .sequentiallyConsistent)
                _ = eventually { mayGoOn.load(ordering: .sequentiallyConsistent) }
                return .parked { lot.add($0) }
            }, limits: limits)
        defer { server.stop() }
        let busy = try RawClient(port: server.port)
        let clients = try (0..<count).map { _ in try RawClient(port: server.port) }
        for client in clients { #expect(try client.exchange(request("/")).status == 200) }
        busy.send(request("/busy"))
        #expect(eventually { isBusy.load(ordering: .sequentiallyConsistent) })
        for client in clients { client.send(request("/")) }
        mayGoOn.store(true, ordering: .sequentiallyConsistent)
        for client in clients { #expect(try client.response().status == 200) }
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 204)) }
        #expect(try busy.response().status == 204)
    }

    /// The library looks twice for each of them, with nothing new from the system in between.
    @Test func requestsSentInOneGoAreNotHeldUp() throws {
        let waits = Mutex<[Int]>([])
        let server = try startServer(
            FakeHandler { _ in
                var usage = rusage()
                // RUSAGE_THREAD, which this thread is.
                getrusage(__rusage_who_t(1), &usage)
                waits.withLock { $0.append(usage.ru_nvcsw) }
                return .reply(HTTPReply(status: 200))
            }, limits: .oneThread)
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send(String(repeating: request("/"), count: 1000))
        for _ in 0..<1000 { #expect(try client.response().status == 200) }
        let (first, last) = waits.withLock { ($0.first ?? 0, $0.last ?? 0) }
        #expect(last - first < 200)
    }

    private func request(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }
}
