import Glibc
import MayflyServer
import Synchronization
import Testing

/// Whoever watches a parked reply hears of it once, however it ends.
@Suite struct ParkedWatchTests {
    private final class Heard: Sendable {
        private let statuses = Mutex<[Int]>([])

        func note(_ status: Int) { statuses.withLock { $0.append(status) } }
        var all: [Int] { statuses.withLock { $0 } }
    }

    private func parked(_ heard: Heard) -> ParkedReply {
        let parked = ParkedReply(observer: { _ in }, whenAbandoned: { HTTPReply(status: 503) })
        parked.watch { heard.note($0) }
        return parked
    }

    @Test func theFirstReplyIsHeard() {
        let heard = Heard()
        let parked = parked(heard)
        parked.finish(HTTPReply(status: 201))
        parked.finish(HTTPReply(status: 500))
        #expect(heard.all == [201])
    }

    @Test func aReplyThatIsMadeLaterIsMadeAndHeardOnce() {
        let (heard, made) = (Heard(), Heard())
        let parked = parked(heard)
        for status in [202, 500] {
            parked.finish(making: {
                made.note(status)
                return HTTPReply(status: status)
            })
        }
        parked.finish(HTTPReply(status: 501))
        #expect(made.all == [202])
        #expect(heard.all == [202])
    }

    /// Whether or not the client waits for it.
    @Test(arguments: [true, false]) func aReplyIsMadeByWhoSendsIt(_ staysThere: Bool) throws {
        let heard = Heard()
        let lot = ParkingLot()
        let server = try startServer(
            FakeHandler { _ in
                .parked { reply in
                    reply.watch { heard.note($0) }
                    lot.add(reply)
                }
            })
        defer { server.stop() }
        var client: RawClient? = try RawClient(port: server.port)
        client?.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(lot.wait(for: 1))
        if !staysThere { client = nil }
        let finisher = pthread_self()
        for reply in lot.takeAll() {
            reply.finish(making: {
                HTTPReply(status: pthread_equal(pthread_self(), finisher) == 0 ? 203 : 500)
            })
        }
        if let client { #expect(try client.response().status == 203) }
        #expect(eventually { heard.all == [203] })
    }

    @Test func aDroppedReplyIsHeardAsUnavailable() {
        let heard = Heard()
        _ = parked(heard)
        #expect(heard.all == [503])
    }

    @Test func aServerThatStopsIsHeardToo() throws {
        let heard = Heard()
        let lot = ParkingLot()
        var limits = HTTPLimits.patient
        limits.drainTime = .zero
        let server = try startServer(
            FakeHandler { _ in
                .parked { reply in
                    reply.watch { heard.note($0) }
                    lot.add(reply)
                }
            }, limits: limits)
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(lot.wait(for: 1))
        #expect(server.connectionCount() == 1)
        server.stop()
        #expect(heard.all == [503])
        #expect(server.connectionCount() == 0)
        for reply in lot.takeAll() { reply.finish(HTTPReply(status: 200)) }
        #expect(heard.all == [503])
    }
}
