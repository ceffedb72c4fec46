internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import MayflyServer
internal import Testing

/// A connection that repeats its header has its bearer token read once; whether the token is alive is asked each time.
struct RepeatedBearerTests {
    enum Death: CaseIterable {
        case revoked, killed, expired, keyCompromised

        /// Ends `token`, or what it rests on.
        func strike(_ token: String, in world: World) throws {
            let answer: Answer
            switch self {
            case .revoked:
                let id = try TokenClaims(try JWS.parse(Array(token.utf8)).claims()).tokenID
                answer = try world.revoke(#"{"token":"\#(id)"}"#)
            case .killed:
                answer = try world.revoke(#"{"everything":true}"#)
            case .keyCompromised:
                let key = try #require(try JWS.parse(Array(token.utf8)).keyID)
                answer = try world.admin("POST", "/api/v1/keys/\(key)/compromise", #"{"reason":"drill"}"#)
            case .expired:
                world.clock.advance(3601)
                return
            }
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    /// One request, as all requests of one connection with the same header are to the endpoints.
    private func request(_ method: String, _ path: String, _ token: String, body: String = "") throws -> HTTPRequest {
        try HTTPRequest(
            method: method, target: path, headers: [("Authorization", "Bearer " + token), Wire.formType],
            body: Array(body.utf8))
    }

    private func status(_ request: HTTPRequest, _ world: World) -> Int {
        let pending = PendingAnswer()
        switch world.handler.handle(request) {
        case .reply(let reply): pending.arrive(reply)
        case .parked(let start):
            start(ParkedReply(observer: { pending.arrive($0) }, whenAbandoned: { HTTPReply(status: 599) }))
        }
        return pending.wait().status
    }

    @Test(arguments: Death.allCases)
    func whoAskedBeforeIsAStrangerOnceTheTokenIsDead(_ death: Death) throws {
        let world = try World()
        let asker = try world.adminToken("mayfly.introspect")
        let administrator = try world.adminToken("mayfly.read")
        let asked = try request(
            "POST", "/oauth2/introspect", asker, body: Wire.encode([("token", try world.minted("agent:root"))]))
        let listed = try request("GET", "/api/v1/agents", administrator)
        for _ in 0..<3 {
            #expect(status(asked, world) == 200)
            #expect(status(listed, world) == 200)
        }
        try death.strike(asker, in: world)
        #expect(status(asked, world) == 401)
        if death == .revoked { try death.strike(administrator, in: world) }
        #expect(status(listed, world) == 401)
    }

    @Test func aTokenThatWasNoneIsReadAgain() throws {
        let world = try World()
        let refused = try request("GET", "/api/v1/agents", "no.such.token")
        for _ in 0..<2 { #expect(status(refused, world) == 401) }
        let metrics = world.broker.metrics
        let before = (metrics.knownTokens[.hit], metrics.knownTokens[.miss])
        let listed = try request("GET", "/api/v1/agents", try world.adminToken("mayfly.read"))
        for _ in 0..<3 { #expect(status(listed, world) == 200) }
        #expect(metrics.knownTokens[.hit] - before.0 + metrics.knownTokens[.miss] - before.1 == 3, "one for a request")
    }

    /// A right that the token does not have is not lent by an endpoint that asked before.
    @Test func eachEndpointAsksForItsOwnScope() throws {
        let world = try World()
        let token = try world.adminToken("mayfly.introspect")
        let body = Wire.encode([("token", try world.minted("agent:root"))])
        #expect(status(try request("POST", "/oauth2/introspect", token, body: body), world) == 200)
        let listed = try request("GET", "/api/v1/agents", token)
        for _ in 0..<2 { #expect(status(listed, world) == 403) }
    }
}
