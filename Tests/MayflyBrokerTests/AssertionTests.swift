internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// How `private_key_jwt` is checked, seen at the token endpoint.
struct AssertionTests {
    typealias Edit = @Sendable (inout JSONObject, Int64) -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let isAccepted: Bool
        let edit: Edit
        var testDescription: String { name }

        init(_ name: String, _ isAccepted: Bool, _ edit: @escaping Edit) {
            (self.name, self.isAccepted, self.edit) = (name, isAccepted, edit)
        }
    }

    static let issuer = World.issuer

    static let cases = [
        Case("as it should be", true) { _, _ in },
        Case("aud: one-element array", true) { c, _ in c["aud"] = .array([.string(issuer)]) },
        Case("aud: token endpoint", false) { c, _ in c["aud"] = .string(issuer + "/oauth2/token") },
        Case("aud: trailing slash", false) { c, _ in c["aud"] = .string(issuer + "/") },
        Case("aud: upper case", false) { c, _ in c["aud"] = .string("https://BROKER.example") },
        Case("aud: two elements", false) { c, _ in
            c["aud"] = .array([.string(issuer), .string("https://other.example")])
        },
        Case("aud: issuer twice", false) { c, _ in c["aud"] = .array([.string(issuer), .string(issuer)]) },
        Case("aud: empty array", false) { c, _ in c["aud"] = .array([]) },
        Case("aud: missing", false) { c, _ in c["aud"] = nil },
        Case("aud: number", false) { c, _ in c["aud"] = .integer(1) },
        Case("exp: missing", false) { c, _ in c["exp"] = nil },
        Case("exp: long past", false) { c, now in c["exp"] = .integer(now - 31) },
        Case("exp: at the edge of the skew", false) { c, now in c["exp"] = .integer(now - 30) },
        Case("exp: within the skew", true) { c, now in c["exp"] = .integer(now - 29) },
        Case("exp: 300 s", true) { c, now in c["exp"] = .integer(now + 300) },
        Case("exp: 331 s", false) { c, now in c["exp"] = .integer(now + 331) },
        Case("exp: fraction", true) { c, now in c["exp"] = .number("\(now + 60).5") },
        Case("exp: exponent", false) { c, _ in c["exp"] = .number("1.8e9") },
        Case("exp: 1e400", false) { c, _ in c["exp"] = .number("1e400") },
        Case("exp: 2^63", false) { c, _ in c["exp"] = .number("9223372036854775808") },
        Case("exp: string", false) { c, now in c["exp"] = .string("\(now + 60)") },
        Case("nbf: future", false) { c, now in c["nbf"] = .integer(now + 31) },
        Case("nbf: within the skew", true) { c, now in c["nbf"] = .integer(now + 30) },
        Case("nbf: string", false) { c, now in c["nbf"] = .string("\(now)") },
        Case("iat: future", false) { c, now in c["iat"] = .integer(now + 31) },
        Case("iat: past", true) { c, now in c["iat"] = .integer(now - 10) },
        Case("iss and sub differ", false) { c, _ in c["iss"] = .string("agent:child") },
        Case("iss: missing", false) { c, _ in c["iss"] = nil },
        Case("sub: another agent", false) { c, _ in
            c["iss"] = .string("agent:child")
            c["sub"] = .string("agent:child")
        },
        Case("sub: unknown agent", false) { c, _ in
            c["iss"] = .string("agent:nobody")
            c["sub"] = .string("agent:nobody")
        },
        Case("jti: missing", false) { c, _ in c["jti"] = nil },
        Case("jti: empty", false) { c, _ in c["jti"] = .string("") },
        Case("jti: 256 bytes", true) { c, _ in c["jti"] = .string(String(repeating: "j", count: 256)) },
        Case("jti: 257 bytes", false) { c, _ in c["jti"] = .string(String(repeating: "j", count: 257)) },
        Case("unknown claims", true) { c, _ in c["x"] = .object(["y": .null]) },
    ]

    private func send(_ world: World, _ assertion: String, clientID: String? = nil) throws -> Answer {
        try world.post(
            "/oauth2/token", as: nil,
            [
                ("grant_type", "client_credentials"), ("resource", "tickets"),
                ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
            ] + (clientID.map { [("client_id", $0)] } ?? []))
    }

    @Test(arguments: cases)
    func claimsAreChecked(_ each: Case) throws {
        let world = try World.shared()
        var claims = world.claims("agent:root")
        each.edit(&claims, world.clock.now().seconds)
        let answer = try send(world, try world.assertion("agent:root", claims: claims))
        #expect(answer.status == (each.isAccepted ? 200 : 401), "\(answer.text)")
        if !each.isAccepted {
            #expect(answer.error == "invalid_client")
            #expect(answer.string("error_description") == "the client could not be authenticated")
            #expect(answer.header("WWW-Authenticate") != nil)
        }
    }

    @Test(arguments: [
        ("client-authentication+jwt", true), ("application/client-authentication+jwt", true), ("JWT", true),
        ("jwt", true), (nil, true), ("Client-Authentication+JWT", true), ("at+jwt", false), ("", false),
        ("mayfly-ticket+jwt", false), ("mayfly-key-proof+jwt", false), ("dpop+jwt", false), ("JOSE", false),
    ])
    func onlyAnAssertionsTypeIsTaken(_ type: String?, _ isAccepted: Bool) throws {
        let world = try World.shared()
        let answer = try send(world, try world.assertion("agent:root", type: type))
        #expect(answer.status == (isAccepted ? 200 : 401))
    }

    @Test func keyIDIsOptionalAndMustFit() throws {
        let world = try World.shared()
        let own = try world.key("agent:root").publicKey.thumbprint
        #expect(try send(world, try world.assertion("agent:root", keyID: own)).status == 200)
        for wrong in ["nope", "../../etc/passwd", "' OR 1=1 --", String(repeating: "k", count: 256)] {
            #expect(try send(world, try world.assertion("agent:root", keyID: wrong)).status == 401)
        }
    }

    @Test func clientIDMustBeTheSubject() throws {
        let world = try World.shared()
        #expect(try send(world, try world.assertion("agent:root"), clientID: "agent:root").status == 200)
        #expect(try send(world, try world.assertion("agent:root"), clientID: "agent:child").status == 401)
    }

    @Test func onlyTheClientsOwnKeySigns() throws {
        let world = try World.shared()
        let stranger = try PrivateKey.generate(.es256)
        #expect(try send(world, try world.assertion("agent:root", key: stranger)).status == 401)
        #expect(try send(world, try world.assertion("agent:root", key: try world.key("agent:child"))).status == 401)
        let claimed = try world.key("agent:root").publicKey.thumbprint
        #expect(try send(world, try world.assertion("agent:root", keyID: claimed, key: stranger)).status == 401)
    }

    @Test(arguments: ["none", "None", "noNE", "HS256", "hs256", "es256", "RS256", "PS256", "EdDSA", "ES384", ""])
    func algorithmBelongsToTheKey(_ algorithm: String) throws {
        let world = try World.shared()
        let good = try world.assertion("agent:root").split(separator: ".").map(String.init)
        let header = Base64URL.encode(Array(#"{"alg":"\#(algorithm)"}"#.utf8))
        #expect(try send(world, [header, good[1], good[2]].joined(separator: ".")).status == 401)
        #expect(try send(world, [header, good[1], ""].joined(separator: ".")).status == 401)
    }

    @Test func assertionIsGoodForOneRequest() throws {
        let world = try World()
        let assertion = try world.assertion("agent:root")
        #expect(try send(world, assertion).status == 200)
        #expect(try send(world, assertion).error == "invalid_client")
        // Nor at another endpoint.
        let form: Form = [
            ("token", "x"), ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
        #expect(try world.post("/oauth2/revoke", as: nil, form).error == "invalid_client")
        let again = try World(restarting: world)
        #expect(try send(again, assertion).error == "invalid_client")
    }

    @Test func refusedRequestUsesItsAssertionUp() throws {
        let world = try World()
        let assertion = try world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), ("scope", "nothing.here"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
        #expect(try world.post("/oauth2/token", as: nil, form).error == "invalid_scope")
        #expect(try send(world, assertion).error == "invalid_client")
    }

    @Test(arguments: [("lifetime", "x"), ("scope", "a  b"), ("authorization_details", "{")])
    func malformedRequestUsesItsAssertionUpAndIsWrittenDown(_ name: String, _ value: String) throws {
        let world = try World()
        let assertion = try world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), (name, value), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
        #expect(try world.post("/oauth2/token", as: nil, form).status == 400)
        let entry = try world.admin("GET", "/api/v1/ledger?event=token.refused&agent=agent:root")
        #expect(entry["entries"]?.arrayValue?.count == 1)
        #expect(try send(world, assertion).error == "invalid_client")
    }

    @Test func sameNameFromAnotherClientIsAnotherAssertion() throws {
        let world = try World()
        for agent in ["agent:root", "agent:child"] {
            var claims = world.claims(agent)
            claims["jti"] = .string("same")
            #expect(try send(world, try world.assertion(agent, claims: claims)).status == 200)
        }
    }

    @Test func assertionSentEightTimesAtOnceSucceedsOnce() throws {
        let world = try World()
        for _ in 0..<10 {
            let assertion = try world.assertion("agent:root")
            let statuses = concurrently(8) { _ in (try? self.send(world, assertion).status) ?? 0 }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 401 }.count == 7)
        }
    }
}
