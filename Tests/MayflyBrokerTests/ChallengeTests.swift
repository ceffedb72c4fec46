internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// What a refusal says of how to authenticate (RFC 6750 §3), and that it names the request.
struct ChallengeTests {
    private let world: World
    private let tokenOfAnAgent: String
    private let readOnly: String

    init() throws {
        world = try World()
        tokenOfAnAgent = try world.minted("agent:root")
        readOnly = try world.adminToken("mayfly.read")
    }

    private static let basic = #"Basic realm="mayfly""#
    private static let bare = #"Bearer realm="mayfly""#
    private static let invalid = bare + #", error="invalid_token""#
    private static func needs(_ scope: String) -> String { bare + #", error="insufficient_scope", scope="\#(scope)""# }

    /// Which token a request comes with.
    enum Sent: CaseIterable {
        case nothing, garbage, another, tooLittle
    }

    private func send(_ method: String, _ path: String, _ sent: Sent, type: String, body: String) throws -> Answer {
        var headers = [(name: "Content-Type", value: type)]
        let token: String? =
            switch sent {
            case .nothing: nil
            case .garbage: "abc"
            case .another: tokenOfAnAgent
            case .tooLittle: readOnly
            }
        if let token { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        return try world.handler.send(method, path, headers: headers, body: body)
    }

    @Test(arguments: Sent.allCases) func theAdminAPIAsksForABearerToken(_ sent: Sent) throws {
        let answer = try send("POST", "/api/v1/owners", sent, type: "application/json", body: "{}")
        let challenge =
            switch sent {
            case .nothing: Self.bare
            case .garbage, .another: Self.invalid
            case .tooLittle: Self.needs("mayfly.admin")
            }
        #expect(answer.header("WWW-Authenticate") == challenge)
        #expect(answer.status == (sent == .tooLittle ? 403 : 401))
    }

    @Test(arguments: Sent.allCases) func questionsAreChallengedByTheSchemeThatWasUsed(_ sent: Sent) throws {
        let challenge =
            switch sent {
            case .nothing: Self.basic
            case .garbage, .another: Self.invalid
            case .tooLittle: Self.needs("mayfly.introspect")
            }
        for (path, type, body) in [
            ("/oauth2/introspect", "application/x-www-form-urlencoded", "token=abc"),
            ("/access/v1/evaluation", "application/json", "{}"), ("/access/v1/settle", "application/json", "{}"),
        ] {
            let answer = try send("POST", path, sent, type: type, body: body)
            #expect(answer.header("WWW-Authenticate") == challenge, "\(path)")
            #expect(answer.status == (sent == .tooLittle ? 403 : 401), "\(path)")
        }
    }

    @Test(arguments: [
        ("a-1", "a-1"), (String(repeating: "a", count: 128), String(repeating: "a", count: 128)),
        (String(repeating: "a", count: 129), nil), ("a b", nil),
    ])
    func everyAnswerToAQuestionNamesTheRequest(_ id: String, _ repeated: String?) throws {
        let secret = Wire.basic("tickets", try world.secret(of: "tickets"))
        let question = """
            {"subject":{"type":"access_token","id":"\(tokenOfAnAgent)"},"action":{"name":"read"},\
            "resource":{"type":"ticket","id":"1"}}
            """
        for (credentials, body, status) in [
            (secret, question, 200), (secret, "[]", 400), ("Basic eDp5", question, 401),
        ] {
            let answer = try world.handler.send(
                "POST", "/access/v1/evaluation",
                headers: [
                    Wire.jsonType, (name: "Authorization", value: credentials), (name: "X-Request-ID", value: id),
                ], body: body)
            #expect(answer.status == status)
            #expect(answer.header("X-Request-ID") == repeated)
        }
    }
}
