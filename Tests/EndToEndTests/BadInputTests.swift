import MayflyModel
import Testing

/// Nothing that a request can carry makes the broker fail, stop or wait.
@Suite struct BadInputTests {
    /// SplitMix64: the same seed gives the same bytes.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let json = [("Content-Type", "application/json")]
    private static let formType = [("Content-Type", "application/x-www-form-urlencoded")]

    @Test
    func whatIsTooLargeOrTooDeepIsRefusedAtItsLimit() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let port = broker.port
        let secret = [("Authorization", try desk.basic("tickets"))]

        func form(_ size: Int) -> [UInt8] { Array("token=".utf8) + [UInt8](repeating: 0x61, count: size - 6) }
        let whole = try HTTP.send("POST", "/oauth2/introspect", Self.formType + secret, form(65_536), to: port)
        #expect(whole.status == 200, "\(whole)")
        let declared = try HTTP.send("POST", "/oauth2/introspect", Self.formType + secret, form(65_537), to: port)
        #expect(declared.status == 413, "\(declared)")
        #expect(try chunked(form(65_537), Self.formType + secret, port)?.status == 413)

        func header(_ size: Int) throws -> Int? {
            let bare = HTTP.bytes("GET", "/healthz", [("X-Padding", "")])
            let padding = String(repeating: "a", count: size - bare.count)
            return try HTTP.get("/healthz", [("X-Padding", padding)], from: port).status
        }
        #expect(try header(8000) == 200)
        #expect(try header(8300) == 431)
        let target = "/healthz?" + String(repeating: "a", count: 9000)
        #expect([414, 431].contains(try HTTP.get(target, from: port).status))

        // A token past 8 KB is no token, however it is brought.
        let long = try desk.mint("orchestrator", [("resource", "tickets")]) + String(repeating: "A", count: 8192)
        #expect(try desk.introspect(long).text == #"{"active":false}"#)
        let assertion = [("client_assertion_type", Desk.assertionType), ("client_assertion", long)]
        try expectRefusal(
            try desk.form("/oauth2/token", [("grant_type", "client_credentials")] + assertion), "invalid_client")

        func nested(_ depth: Int) -> [UInt8] {
            // The object is one level, the arrays are the others.
            Array(
                (#"{"x":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
                    + "}").utf8)
        }
        let evaluation = "/access/v1/evaluation"
        #expect(try HTTP.send("POST", evaluation, Self.json + secret, nested(32), to: port).text.contains("subject"))
        let deep = try HTTP.send("POST", evaluation, Self.json + secret, nested(33), to: port)
        #expect(deep.status == 400 && deep.text.contains("acceptable JSON"), "\(deep)")
        let body = [UInt8](repeating: UInt8(ascii: "["), count: 60_000)
        #expect(try HTTP.send("POST", "/api/v1/enrol", Self.json, body, to: port).status == 400)
        #expect(broker.isRunning)
    }

    @Test(arguments: [0x4D61_7966_6C79])
    func randomBytesOnEveryRouteNeverFailTheServer(seed: Int) throws {
        var random = Seeded(state: UInt64(seed))
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let routes = try Routes(broker.port)
        let bearer = [("Authorization", "Bearer \(try desk.adminToken())")]
        let basic = [("Authorization", try desk.basic("tickets"))]
        let live = try desk.mint("orchestrator", [("resource", "tickets")])
        for route in routes.all {
            for round in 0..<6 {
                let credentials = [[], bearer, basic, [("Authorization", noise(&random, 40))]][round % 4]
                let type = [Self.json, Self.formType, [("Content-Type", noise(&random, 20))], []][
                    Int.random(in: 0..<4, using: &random)]
                let body = body(of: round, &random, live)
                let target = route.target { name in
                    round % 2 == 0 ? Self.plausible(name) : percent(&random, 12)
                }
                let query = round % 3 == 0 ? "?" + percent(&random, 20) + "=" + percent(&random, 20) : ""
                let answer = try sendAnyway(route.method, target + query, type + credentials, body, broker.port)
                #expect(
                    (answer?.status ?? 400) < 500,
                    "seed \(seed) \(route.method) \(target)\(query): \(answer.map(\.description) ?? "")")
            }
        }
        // All at once: what does not even look like a header is held until the header's deadline.
        let connections = try (0..<300).map { _ in
            let connection = try HTTPConnection(port: broker.port)
            let count = Int.random(in: 1...600, using: &random)
            connection.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            connection.finishSending()
            return connection
        }
        for connection in connections {
            if let answer = try connection.answer() { #expect(answer.status < 500, "seed \(seed): \(answer)") }
        }
        #expect(broker.isRunning)
        #expect(try HTTP.get("/readyz", from: broker.port).status == 200)
        #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
    }

    @Test
    func aSlowClientIsCutOffAndHoldsNobodyUp() throws {
        let broker = try RunningMayfly.started()
        let clock = ContinuousClock()
        let began = clock.now
        let slow = try (0..<64).map { index in
            let connection = try HTTPConnection(port: broker.port)
            let isBody = index % 2 == 0
            connection.send(
                isBody
                    ? "POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"
                    : "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            return connection
        }
        // Others are answered while those are held open.
        for _ in 0..<50 { #expect(try HTTP.get("/healthz", from: broker.port).status == 200) }
        for connection in slow { try connection.waitForEnd(seconds: 40) }
        #expect(clock.now - began < .seconds(40))
        #expect(try HTTP.get("/healthz", from: broker.port).status == 200)
    }

    // MARK: Pieces

    private func chunked(_ body: [UInt8], _ headers: [(String, String)], _ port: UInt16) throws -> HTTPAnswer? {
        let connection = try HTTPConnection(port: port)
        var head = "POST /oauth2/introspect HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        connection.send(head + "\r\n" + String(body.count, radix: 16) + "\r\n")
        connection.send(body)
        connection.send("\r\n0\r\n\r\n")
        return try connection.answer()
    }

    /// Sends a request that may be cut off half sent; nil when the server closed without an answer.
    private func sendAnyway(
        _ method: String, _ target: String, _ headers: [(String, String)], _ body: [UInt8], _ port: UInt16
    ) throws -> HTTPAnswer? {
        let connection = try HTTPConnection(port: port)
        connection.send(HTTP.bytes(method, target, headers, body))
        return try connection.answer(isHead: method == "HEAD")
    }

    /// Bytes, broken JSON and forms, and sound JSON and forms of the wrong content.
    private func body(of round: Int, _ random: inout Seeded, _ token: String) -> [UInt8] {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return []
        case 1:
            return (0..<Int.random(in: 1...2000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 2: return Array(#"{"id":"\#(noise(&random, 30))","keys":[{"kty":7}],"evaluations":[{},[],null]}"#.utf8)
        case 3: return Array("grant_type=client_credentials&client_assertion=\(percent(&random, 200))&scope=".utf8)
        case 4:
            let integer = "-9223372036854775808"
            return Array(#"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"refund"},"#.utf8)
                + Array(#""resource":{"type":"refund","id":"/","properties":{"amount":\#(integer)}}}"#.utf8)
        case 5: return Array("token=\(token.dropLast())%00&token_type_hint=\(percent(&random, 9))".utf8)
        default: return Array(String(repeating: #"{"a":[1e999999,-0,"\ud800"]},"#, count: 20).utf8)
        }
    }

    /// Visible characters that end no header and no JSON string.
    private func noise(_ random: inout Seeded, _ count: Int) -> String {
        String(decoding: (0..<count).map { _ in UInt8.random(in: 0x23...0x5B, using: &random) }, as: UTF8.self)
    }

    /// Any bytes, escaped.
    private func percent(_ random: inout Seeded, _ count: Int) -> String {
        (0..<count).map { _ in
            let byte = UInt8.random(in: 0...255, using: &random)
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func plausible(_ name: String) -> String { name == "kid" ? "none" : "agent:support" }
}
