internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// One kind of token is never taken for another, wherever it is presented; and what is not active looks all the same.
struct TokenKindTests {
    /// Tokens of every kind, by name, and a world that issued them.
    private struct Kinds {
        let world: World
        let secret: String
        var tokens: [(name: String, token: String)] = []

        init() throws {
            world = try World()
            let bench = try ProofBench(world: world)
            secret = bench.secret
            let root = try world.minted("agent:root")
            let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
            let stranger = try PrivateKey.generate(.es256)
            let claims = try #require(try? JWS.parse(Array(root.utf8)).claims())
            let payload = JSONWriter.bytes(of: .object(claims))
            let signing = try #require(try? JWS.parse(Array(root.utf8)).keyID)
            func forged(_ type: String?, _ keyID: String?, _ key: PrivateKey) throws -> String {
                try JWS.sign(payload: payload, type: type, keyID: keyID, with: key)
            }
            tokens = [
                ("access token", root), ("ticket", ticket), ("broker token", try world.adminToken()),
                ("client assertion", try world.assertion("agent:root")),
                ("admin assertion", try world.assertion("admin:ops")),
                ("key proof", try world.proof("agent:root", nonce: "n", key: stranger)),
                ("DPoP proof", try bench.proof(token: root)),
                ("foreign JWT", try forged("at+jwt", stranger.publicKey.thumbprint, stranger)),
                ("foreign JWT with our kid", try forged("at+jwt", signing, stranger)),
                ("agent's own JWT", try forged("at+jwt", nil, try world.key("agent:root"))),
                ("our key, no type", try forged(nil, signing, try world.vault.load(signing))),
                ("our key, JWT", try forged("JWT", signing, try world.vault.load(signing))),
                ("our key, no kid", try forged("at+jwt", nil, try world.vault.load(signing))),
                ("flipped", String(root.dropLast()) + (root.hasSuffix("A") ? "B" : "A")), ("padded", root + "="),
                ("spaced", root + " "), ("JSON", #"{"payload":"x"}"#), ("nothing", "."), ("NUL", "\u{1}"),
            ]
        }

        func others(than names: String...) -> [(name: String, token: String)] {
            tokens.filter { !names.contains($0.name) }
        }
    }

    @Test func eachPlaceTakesOneKind() throws {
        let kinds = try Kinds()
        let world = kinds.world
        let basic = (name: "Authorization", value: Wire.basic("tickets", kinds.secret))
        func bearer(_ token: String) -> [(name: String, value: String)] {
            [(name: "Authorization", value: "Bearer \(token)")]
        }
        for (name, token) in kinds.others(than: "access token") {
            let seen = try world.post("/oauth2/introspect", as: nil, [("token", token)], headers: [basic])
            #expect(seen.text == #"{"active":false}"#, "introspect \(name)")
            let ticket = try world.ticket("agent:root", parent: token, for: "agent:child")
            #expect(ticket.error == "invalid_request", "ticket from \(name)")
            let direct: Form = [
                ("grant_type", World.exchange), ("subject_token", token),
                ("subject_token_type", World.accessTokenType),
            ]
            #expect(try world.post("/oauth2/token", as: "agent:child", direct).error == "invalid_request", "\(name)")
            let actor: Form = [
                ("grant_type", World.exchange), ("subject_token", kinds.tokens[0].token),
                ("subject_token_type", World.accessTokenType), ("actor_token", token),
                ("actor_token_type", World.accessTokenType),
            ]
            #expect(try world.post("/oauth2/token", as: "agent:child", actor).error == "invalid_request", "\(name)")
            let question = JSONWriter.bytes(
                of: .object([
                    "subject": .object(["type": .string("access_token"), "id": .string(token)]),
                    "action": .object(["name": .string("tickets.read")]),
                    "resource": .object(["type": .string("t"), "id": .string("1")]),
                ]))
            let decided = try world.handler.send(
                "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic],
                body: String(decoding: question, as: UTF8.self))
            #expect(decided["decision"] == .bool(false), "evaluation \(name)")
        }
        for (name, token) in kinds.others(than: "ticket") {
            #expect(try world.redeem("agent:child", ticket: token).error == "invalid_request", "redeem \(name)")
        }
        for (name, token) in kinds.others(than: "broker token", "NUL") {
            for path in ["/api/v1/agents", "/api/v1/ledger"] {
                #expect(try world.handler.send("GET", path, headers: bearer(token)).status == 401, "\(path) \(name)")
            }
            let asked = try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: bearer(token))
            #expect(asked.status == 401, "bearer at introspection: \(name)")
        }
        for (name, token) in kinds.others(than: "client assertion", "admin assertion") {
            let form: Form = [
                ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                ("client_assertion", token),
            ]
            #expect(try world.post("/oauth2/token", as: nil, form).error == "invalid_client", "assertion \(name)")
        }
        for (name, token) in kinds.others(than: "NUL", "JSON") {
            let code = try world.code("agent:root")
            #expect(try world.sendProof(code, token).status == 400, "key proof \(name)")
        }
        #expect(try world.isActive(kinds.tokens[0].token))
    }

    @Test func everyInactiveAnswerIsTheSameToTheByte() throws {
        let world = try World()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        func ask(_ token: String) throws -> Answer {
            try world.post("/oauth2/introspect", as: nil, [("token", token)], headers: [basic])
        }
        var dead: [(String, String)] = [("unknown", "x"), ("foreign", try world.assertion("agent:root"))]
        dead.append(("another resource's", try world.minted("agent:root", [("resource", "mail")])))
        let expired = try world.minted("agent:root", [("resource", "tickets"), ("lifetime", "1")])
        let revoked = try world.minted("agent:root")
        _ = try world.post("/oauth2/revoke", as: "agent:root", [("token", revoked)])
        let child = try world.minted("agent:child")
        let other = try world.minted("agent:other")
        _ = try world.admin("POST", "/api/v1/agents/child/suspend")
        _ = try world.admin("POST", "/api/v1/owners/bob/leave")
        world.clock.advance(2)
        dead += [
            ("expired", expired), ("revoked", revoked), ("agent suspended", child), ("owner left", other),
            (
                "ticket",
                try world.ticket("agent:root", parent: try world.minted("agent:root"), for: "agent:child").accessToken
            ),
        ]
        let first = try ask("x")
        for (name, token) in dead where !token.isEmpty {
            let answer = try ask(token)
            #expect(answer.status == 200)
            #expect(answer.text == #"{"active":false}"#, "\(name)")
            #expect(answer.headers.map { $0.name + $0.value } == first.headers.map { $0.name + $0.value })
        }
        #expect(try ask(try world.minted("agent:root"))["active"] == .bool(true))
    }

    @Test func agentsMayNotAskAndTheTokenIsNeeded() throws {
        let world = try World.shared()
        #expect(try world.post("/oauth2/introspect", as: "agent:root", [("token", "x")]).error == "unauthorized_client")
        #expect(try world.post("/oauth2/introspect", as: "admin:ops", []).error == "invalid_request")
        #expect(
            try world.post("/oauth2/introspect", as: "admin:ops", [("token", "x"), ("token", "y")]).error
                == "invalid_request")
        #expect(try world.post("/oauth2/introspect", as: nil, [("token", "x")]).error == "invalid_client")
        let asker = (name: "Authorization", value: "Bearer \(try world.adminToken("mayfly.introspect"))")
        #expect(try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: [asker]).status == 200)
        let twice = try world.post("/oauth2/introspect", as: "admin:ops", [("token", "x")], headers: [asker])
        #expect(twice.error == "invalid_client")
        let reader = (name: "Authorization", value: "Bearer \(try world.adminToken("mayfly.read"))")
        let refused = try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: [reader])
        #expect(refused.error == "insufficient_scope")
        #expect(refused.status == 403)
    }
}
