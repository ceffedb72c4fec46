import Dispatch
import Glibc
import MayflyModel
import Synchronization
import Testing

/// SIGTERM in the middle of load: what was accepted is answered, and what was answered is in the ledger.
@Suite struct StopUnderLoadTests {
    @Test func theTokensInTheLedgerAreExactlyThoseThatWereAnswered() throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let desk = try Desk.open(broker)
        let agent = try desk.agent("support")
        // Signed before the load begins, so that the requests come as fast as they can be sent.
        let requests = try (0..<600).map { _ in
            let fields = [("grant_type", "client_credentials"), ("resource", "tickets")] + (try desk.proof(agent))
            let body = fields.map { "\($0.0)=\(Desk.escaped($0.1))" }.joined(separator: "&")
            return HTTP.bytes(
                "POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")], Array(body.utf8))
        }
        let tally = Tally()
        let port = broker.port
        let workers = 8
        for worker in 0..<workers {
            DispatchQueue(label: "load.\(worker)").async {
                for request in requests[(worker * 75)..<(worker * 75 + 75)] { tally.send(request, to: port) }
                tally.end()
            }
        }
        // In the middle: some have their answer, most do not.
        try #require(tally.wait { $0.tokens.count >= 40 })
        let status = try broker.stop()
        #expect(status == 0)
        try #require(tally.wait { $0.ended == workers })
        let result = tally.result
        #expect(result.tokens.count >= 40 && result.tokens.count < 600, "the stop came too late to say anything")
        #expect(result.statuses.allSatisfy { $0 == 200 || $0 == 503 }, "\(result.statuses)")
        #expect(try broker.errors().contains("everything accepted was answered"))

        let doctor = try broker.run(["doctor", "--dir", broker.directory])
        #expect(doctor.status == 0, "\(doctor)")
        try broker.start()
        let issued = try desk.issuedTokens("&agent=agent:support")
        // One too few: an answer went out that nothing durable stands behind. One too many: a request was accepted and
        // worked on, and its client heard nothing.
        #expect(Set(result.tokens) == issued)
        #expect(result.tokens.count == issued.count)
    }
}

/// What came of the requests.
private final class Tally: Sendable {
    struct Result {
        var tokens: [String] = []
        var statuses: [Int] = []
        var ended = 0
    }

    private let state = Mutex(Result())

    var result: Result { state.withLock { $0 } }

    func send(_ request: [UInt8], to port: UInt16) {
        guard let connection = try? HTTPConnection(port: port), connection.send(request),
            let answer = try? connection.answer()
        else { return }
        state.withLock { state in
            state.statuses.append(answer.status)
            if answer.status == 200, let token = answer["access_token"], let id = Self.tokenID(token) {
                state.tokens.append(id)
            }
        }
    }

    func end() { state.withLock { $0.ended += 1 } }

    func wait(_ condition: (Result) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while !state.withLock({ condition($0) }) {
            guard ContinuousClock.now < end else { return false }
            sched_yield()
        }
        return true
    }

    private static func tokenID(_ compact: String) -> String? {
        let parts = compact.split(separator: ".")
        guard parts.count == 3, let payload = Base64URL.decode(parts[1].utf8) else { return nil }
        return (try? JSONParser.parseObject(payload))?["jti"]?.stringValue
    }
}
