internal import MayflyBroker
internal import MayflyModel
internal import MayflyServer
internal import Synchronization
internal import Testing

/// What the process shows of itself: each thing is counted once, where it happens, and nobody is named.
struct MetricsTests {
    /// The samples of `GET /metrics`, by name and labels as they are written.
    private func samples(_ handler: BrokerHandler) throws -> [String: Double] {
        let answer = try handler.send("GET", "/metrics")
        try #require(answer.status == 200)
        #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        var samples: [String: Double] = [:]
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            try #require(parts.count == 2, "\(line)")
            let value: Double = try #require(Double(String(parts[1])))
            samples[String(parts[0])] = value
        }
        return samples
    }

    private func observed(_ world: World, log: (any AccessLog)? = nil) -> BrokerHandler {
        BrokerHandler(broker: world.broker, telemetry: Telemetry(broker: world.broker, log: log))
    }

    @Test func whatIsIssuedIsCountedByKind() throws {
        let world = try World(enrol: ["agent:root", "agent:child"])
        let metrics = world.broker.metrics
        let before = IssuedKind.allCases.map { metrics.issued[$0] }
        let parent = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: parent, for: "agent:child")
        #expect(try world.redeem("agent:child", ticket: ticket.accessToken).status == 200)
        _ = try world.adminToken()
        #expect(IssuedKind.allCases.map { metrics.issued[$0] } == before.map { $0 + 1 })
    }

    @Test func whatIsRefusedIsCountedByReason() throws {
        let world = try World(enrol: ["agent:root"])
        let metrics = world.broker.metrics
        #expect(try world.token("agent:root", [("resource", "tickets"), ("scope", "none.such")]).status == 400)
        #expect(metrics.refused[.invalidScope] == 1)
        #expect(try world.token("agent:root", [("resource", "none")]).status == 400)
        #expect(metrics.refused[.invalidTarget] == 1)
        #expect(try world.post("/oauth2/token", as: nil, [("grant_type", "password")]).status == 400)
        #expect(metrics.refused[.unsupportedGrantType] == 1)
        let stranger = try world.handler.send(
            "POST", "/oauth2/token",
            headers: [Wire.formType, (name: "Authorization", value: Wire.basic("tickets", "wrong"))],
            body: Wire.encode([("grant_type", "client_credentials")]))
        #expect(stranger.status == 401)
        #expect(metrics.refused[.invalidClient] == 1 && metrics.refusedClients == 1)
        // The stranger's entry is written after the answer; behind this token it is there.
        _ = try world.adminToken()
        world.store.fail(.full)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 503)
        #expect(metrics.refused[.storeFull] == 1 && metrics.storeErrors[.full] == 1)
        world.store.fail(nil)
        #expect(RefusalReason.allCases.reduce(0) { $0 + metrics.refused[$1] } == 5)
    }

    @Test func everyReasonHasAWordOfItsOwn() {
        let words = RefusalReason.allCases.map(\.text)
        #expect(Set(words).count == words.count)
        #expect(words.allSatisfy { $0.utf8.allSatisfy { byte in (0x61...0x7A).contains(byte) || byte == 0x5F } })
        #expect(Set(OAuthError.Code.allCases.map(\.rawValue)).isSubset(of: words))
    }

    @Test func questionsAreCountedBySurfaceAndOutcome() throws {
        let world = try World(enrol: ["agent:root"])
        let metrics = world.broker.metrics
        let token = try world.minted("agent:root")
        let secret = try world.secret(of: "tickets")
        let basic = (name: "Authorization", value: Wire.basic("tickets", secret))
        #expect(try world.isActive(token))
        #expect(try !world.isActive("nonsense"))
        func evaluate(_ token: String) throws {
            let body = #"""
                {"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"view"},
                 "resource":{"type":"ticket","id":"7"}}
                """#
            let answer = try world.handler.send(
                "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body)
            #expect(answer.status == 200, "\(answer.text)")
        }
        try evaluate(token)
        try evaluate("nonsense")
        let verified = try world.handler.send(
            "GET", "/verify",
            headers: [
                (name: "X-Mayfly-Resource", value: basic.value), (name: "Authorization", value: "Bearer \(token)"),
                (name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets/7"),
            ])
        #expect(verified.status == 200, "\(verified.text)")
        #expect(VerificationSurface.allCases.map { metrics.active[$0] } == [1, 1, 1])
        #expect(VerificationSurface.allCases.map { metrics.inactive[$0] } == [1, 1, 0])
        #expect(metrics.decisions[.allow] == 2 && metrics.decisions[.deny] == 1 && metrics.decisions[.error] == 0)
    }

    @Test func whatEndsTokensIsCountedOnceItIsDurable() throws {
        let world = try World(enrol: ["agent:root"])
        let metrics = world.broker.metrics
        #expect(try world.revoke(#"{"agent":"agent:root"}"#).status == 200)
        #expect(try world.revoke(#"{"everything":true}"#).status == 200)
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/suspend").status == 200)
        let admin = try world.adminToken()
        world.store.fail(.full)
        let refused = try world.beginAdmin("POST", "/api/v1/revocations", #"{"everything":true}"#, token: admin).wait()
        #expect(refused.status == 503)
        world.store.fail(nil)
        #expect(RevocationKind.allCases.filter { metrics.revocations[$0] > 0 } == [.agent, .everything, .suspend])
        #expect(metrics.revocations[.everything] == 1)
    }

    @Test func aTokenThatIsKnownIsAHit() throws {
        let world = try World(enrol: ["agent:root"])
        let again = try World(restarting: world)
        let token = try again.minted("agent:root")
        let fresh = try World(restarting: again)
        let metrics = fresh.broker.metrics
        #expect(fresh.broker.verifier.verify(Array(token.utf8), as: .accessToken) != nil)
        #expect(metrics.knownTokens[.miss] == 1 && metrics.knownTokens[.hit] == 0)
        #expect(fresh.broker.verifier.verify(Array(token.utf8), as: .accessToken) != nil)
        #expect(metrics.knownTokens[.miss] == 1 && metrics.knownTokens[.hit] == 1)
    }

    @Test func waitingRequestsAndTheBatchThatEndsThemAreSeen() throws {
        let world = try World(enrol: ["agent:root"])
        let handler = observed(world)
        let batches = world.broker.metrics.batchSize
        let tokenForm: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType),
        ]
        func begin() throws -> PendingAnswer {
            try handler.begin(
                "POST", "/oauth2/token", headers: [Wire.formType],
                body: Wire.encode(tokenForm + [("client_assertion", try world.assertion("agent:root"))]))
        }
        let before = batches.reading
        world.store.hold()
        let first = try begin()
        world.store.awaitHeld()
        let others = try (0..<4).map { _ in try begin() }
        let during = try samples(handler)
        #expect(during["mayfly_parked_requests"] == 5)
        #expect(during["mayfly_pending_commands"] == 4)
        world.store.release()
        for pending in [first] + others { #expect(pending.wait().status == 200) }
        let after = try samples(handler)
        #expect(after["mayfly_parked_requests"] == 0 && after["mayfly_pending_commands"] == 0)
        #expect(batches.reading.count == before.count + 2 && batches.reading.sum == before.sum + 5)
        let labels =
            #"{http_route="/oauth2/token",http_request_method="POST",http_response_status_code="200"}"#
        #expect(after["http_server_request_duration_seconds_count" + labels] == 5)
    }

    @Test func thePageHasOneFamilyForEachSampleAndNamesNobody() throws {
        let world = try World(enrol: ["agent:root"])
        let handler = observed(world)
        let token = try world.minted("agent:root", [("resource", "tickets"), ("task", "nightly-report")])
        _ = try handler.send(
            "GET", "/api/v1/agents/agent:root?secret=1", headers: [(name: "Authorization", value: "Bearer \(token)")])
        _ = try handler.send("BREW", "/no/such/path")
        let text = try handler.send("GET", "/metrics").text
        var families: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") { families.append(String(line.split(separator: " ")[2])) }
            guard !line.hasPrefix("#") else { continue }
            let name = line.prefix { $0 != "{" && $0 != " " }
            let family = try #require(families.last)
            #expect(name == family || ["_bucket", "_sum", "_count"].contains { name == family + $0 }, "\(line)")
        }
        #expect(Set(families).count == families.count)
        for name in ["agent:", "owner:", "admin:", "nightly", "tickets.", "https://", "BREW", "/no/such", "secret"] {
            #expect(!text.contains(name), "\(name)")
        }
        for secret in world.secrets.withLock({ $0 }) { #expect(!text.contains(secret)) }
        #expect(text.contains(#"http_route="/api/v1/agents/{id}",http_request_method="GET""#))
        #expect(text.contains(#"http_route="none",http_request_method="_OTHER",http_response_status_code="404""#))
        let samples = try samples(handler)
        #expect(samples[#"mayfly_state_records{kind="agent"}"#] == 4)
        #expect(samples["mayfly_ledger_entries"] == Double(world.broker.gauges.ledgerEntries))
    }

    @Test func aRequestThatIsShedIsCountedAtItsEndpoint() throws {
        let world = try World.shared()
        let telemetry = Telemetry(broker: world.broker)
        let place = try #require(Endpoints.all.firstIndex { $0.template == "/oauth2/token" })
        telemetry.shed(try HTTPRequest(method: "POST", target: "/oauth2/token"), route: place)
        let series = try #require(telemetry.durations.series.first)
        #expect(series.route == place && series.method == .post && series.status == 503)
        #expect(telemetry.durations.series.count == 1 && series.reading.count == 1)
        let page = String(decoding: try #require(telemetry.page).text(), as: UTF8.self)
        #expect(page.contains("\nmayfly_requests_shed_total 1\n"))
    }

    @Test func switchedOffItIsNotThere() throws {
        let world = try World.shared()
        let handler = BrokerHandler(
            broker: world.broker, telemetry: Telemetry(broker: world.broker, isReadable: false))
        #expect(try handler.send("GET", "/metrics").status == 404)
        #expect(try handler.send("GET", "/metrics").text == handler.send("GET", "/no-such-path").text)
    }

    // MARK: Lines

    private final class KeptLog: AccessLog {
        private let lines = Mutex<[AccessLine]>([])

        func wants(status: Int) -> Bool { status != 204 }
        func note(_ line: AccessLine) { lines.withLock { $0.append(line) } }
        var all: [AccessLine] { lines.withLock { $0 } }
    }

    @Test func aLineNamesTheCallersTraceAndTheTemplateAndNothingOfTheTarget() throws {
        let world = try World.shared()
        let log = KeptLog()
        let handler = observed(world, log: log)
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let parent = (name: "traceparent", value: "00-\(trace)-00f067aa0ba902b7-01")
        _ = try handler.send("GET", "/api/v1/agents/agent:root?q=1", headers: [parent])
        _ = try handler.send(
            "POST", "/oauth2/token", headers: [parent, Wire.formType], body: "grant_type=client_credentials")
        _ = try handler.send("GET", "/nothing", headers: [parent, parent])
        _ = try handler.send("GET", "/healthz", headers: [(name: "traceparent", value: "00-zz")])
        let lines = log.all
        #expect(lines.map(\.route) == ["/api/v1/agents/{id}", "/oauth2/token", "none", "/healthz"])
        #expect(lines.map(\.method) == ["GET", "POST", "GET", "GET"])
        #expect(lines.map(\.status) == [401, 401, 404, 200])
        #expect(lines.prefix(2).map(\.trace) == [trace, trace])
        // Sent twice, or malformed: a new trace begins.
        for line in lines.suffix(2) {
            #expect(line.trace.utf8.count == 32 && line.trace != trace)
        }
        #expect(lines.suffix(2).map(\.trace).first != lines.last?.trace)
    }
}
