import Glibc
import MayflyModel
import Testing

/// What a broker does while the disk below its store fails; `make crash` does the same at length.
@Suite(.enabled(if: getenv("MAYFLY_SANITIZER") == nil, "a sanitizer wants to be loaded first"))
struct DiskFaultTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]

    /// A broker at whose disk faults can begin.
    private struct Site {
        let broker: RunningMayfly
        let faults: DiskFaults
        let desk: Desk

        init() throws {
            broker = try RunningMayfly.onFixedPort()
            faults = try DiskFaults(in: broker.folder)
            try broker.start(environment: try faults.environment())
            desk = try Desk.open(broker)
        }

        func ready() throws -> Int { try HTTP.get("/readyz", from: broker.port).status }

        /// Asks for readiness until it is there; a broker that never gets ready ends the test by its time limit.
        func waitForReadiness() throws {
            let end = time(nil) + 30
            while try ready() != 200 {
                guard time(nil) < end else { throw HarnessError("/readyz stays 503") }
            }
        }
    }

    @Test func aFullDiskShowsInReadinessAndIsOverByItself() throws {
        let site = try Site()
        let token = try site.desk.mint("orchestrator", Self.scope)
        site.faults[.target] = DiskFaults.both
        site.faults[.writeError] = Int64(ENOSPC)
        let id = "refused-on-a-full-disk"
        let refused = try site.desk.token(as: try site.desk.agent("orchestrator"), Self.scope, assertionID: id)
        #expect(refused.status == 503, "\(refused)")
        #expect(refused.header("Retry-After") != nil)
        #expect(try site.ready() == 503)
        #expect(try site.desk.isActive(token))
        #expect(try HTTP.get("/healthz", from: site.broker.port).status == 200)

        site.faults[.writeError] = 0
        // Nobody writes: the broker finds out by itself.
        try site.waitForReadiness()
        #expect(
            try site.desk.call("GET", "/api/v1/ledger?event=store.resumed").object["entries"]?.arrayValue?.count == 1)
        // Of the refused request nothing was kept, its assertion neither.
        let later = try site.desk.token(as: try site.desk.agent("orchestrator"), Self.scope, assertionID: id)
        #expect(later.status == 200, "\(later)")
    }

    @Test func aFailedSyncEndsAllWritingUntilARestart() throws {
        let site = try Site()
        let token = try site.desk.mint("orchestrator", Self.scope)
        site.faults[.target] = DiskFaults.log
        site.faults[.syncError] = Int64(EIO)
        site.faults[.syncFailures] = 1
        let agent = try site.desk.agent("orchestrator")
        for _ in 0..<3 {
            // The disk is well again from the second request on, and still nobody knows what it kept of the first.
            let refused = try site.desk.token(as: agent, Self.scope)
            #expect(refused.status == 503, "\(refused)")
            #expect(refused["access_token"] == nil)
            #expect(try site.ready() == 503)
        }
        #expect(site.faults[.injected] == 1)
        #expect(try site.desk.isActive(token))
        let said = try site.broker.errors()
        #expect(said.contains("restart the broker") && said.contains(site.broker.databaseFile), "\(said)")
        #expect(!said.contains(token))

        try site.broker.kill()
        try site.broker.start()
        #expect(try site.ready() == 200)
        #expect(try site.desk.isActive(token))
        _ = try site.desk.mint("orchestrator", Self.scope)
    }

    @Test func nothingIsAnsweredBeforeTheDiskHasItAndVerifyingDoesNotWait() throws {
        let site = try Site()
        let token = try site.desk.mint("orchestrator", Self.scope)
        let body = try
            ([("grant_type", "client_credentials")] + Self.scope + site.desk.proof(try site.desk.agent("orchestrator")))
            .map { "\($0.0)=\(Desk.escaped($0.1))" }.joined(separator: "&")
        site.faults[.target] = DiskFaults.log
        site.faults[.syncDelay] = 2000
        let connection = try HTTPConnection(port: site.broker.port)
        connection.send(
            HTTP.bytes(
                "POST", "/oauth2/token", [("Content-Type", "application/x-www-form-urlencoded")], Array(body.utf8)))
        let end = time(nil) + 30
        while site.faults[.syncsWaiting] == 0, time(nil) < end { sched_yield() }
        let syncs = site.faults[.syncs]
        #expect(try site.desk.isActive(token))
        #expect(try site.ready() == 200)
        #expect(site.faults[.syncs] == syncs && site.faults[.syncsWaiting] == 1, "verifying took as long as the sync")
        let answer = try #require(try connection.answer())
        #expect(answer.status == 200, "\(answer)")
        #expect(site.faults[.syncs] > syncs)
    }

    @Test func writesThatAreCutShortAreCompleted() throws {
        let site = try Site()
        site.faults[.target] = DiskFaults.both
        site.faults[.shortWrites] = 50
        let token = try site.desk.mint("orchestrator", Self.scope)
        #expect(site.faults[.injected] > 0)
        try site.broker.kill()
        try site.broker.start()
        #expect(try site.desk.isActive(token))
    }
}
