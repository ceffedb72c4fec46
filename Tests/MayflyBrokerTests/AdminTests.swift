internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// The admin endpoints: who may call them, and how records change.
struct AdminTests {
    private static let role = #"{"id":"role:r","scopes":["a"]}"#

    @Test func readScopeReadsAndDoesNotWrite() throws {
        let world = try World.shared()
        let reader = try world.adminToken("mayfly.read")
        func ask(_ method: String, _ path: String, _ token: String, _ body: String = "{}") throws -> Int {
            try world.beginAdmin(method, path, body, token: token).wait().status
        }
        #expect(try ask("GET", "/api/v1/agents", reader) == 200)
        for (method, path) in [
            ("POST", "/api/v1/agents"), ("PUT", "/api/v1/agents/root"), ("POST", "/api/v1/agents/root/suspend"),
            ("POST", "/api/v1/agents/root/offboard"), ("POST", "/api/v1/revocations"), ("POST", "/api/v1/keys/rotate"),
            ("POST", "/api/v1/keys/x/compromise"),
            ("POST", "/api/v1/resources/tickets/secret"), ("PUT", "/api/v1/resources/tickets/keys"),
            ("POST", "/api/v1/agents/root/enrolment-codes"), ("DELETE", "/api/v1/roles/reader"),
            ("POST", "/api/v1/apply"), ("POST", "/api/v1/apply?dry_run=true"), ("POST", "/api/v1/owners/ann/leave"),
            ("DELETE", "/api/v1/agents/root/keys/x"),
        ] {
            #expect(try ask(method, path, reader) == 403, "\(method) \(path)")
        }
        let introspector = try world.adminToken("mayfly.introspect")
        #expect(try ask("GET", "/api/v1/agents", introspector) == 403)
        #expect(try ask("GET", "/api/v1/agents", try world.minted("agent:root")) == 401)
        #expect(try ask("GET", "/api/v1/agents", "x") == 401)
        #expect(try world.handler.send("GET", "/api/v1/agents").status == 401)
        #expect(
            try world.beginAdmin("GET", "/api/v1/agents", headers: [(name: "Authorization", value: "Bearer x")]).wait()
                .status == 401)
    }

    @Test func theBrokerItselfIsNoResource() throws {
        let world = try World.shared()
        let answer = try world.admin(
            "POST", "/api/v1/resources", #"{"name":"itself","identifier":"\#(World.issuer)","scopes":["mayfly.admin"]}"#
        )
        #expect(answer.status == 400, "\(answer.text)")
        #expect(try world.admin("GET", "/api/v1/resources/itself").status == 404)
    }

    @Test func resourcesTokenIsNotAnAdministrators() throws {
        let world = try World()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let form: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.introspect")]
        let token = try world.post("/oauth2/token", as: nil, form, headers: [basic]).accessToken
        #expect(try world.beginAdmin("GET", "/api/v1/agents", token: token).wait().status == 401)
        let wide: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.admin")]
        #expect(try world.post("/oauth2/token", as: nil, wide, headers: [basic]).error == "invalid_scope")
        // It may ask about tokens for itself, and its old secret stops with a new one.
        let bearer = (name: "Authorization", value: "Bearer \(token)")
        let mine = try world.minted("agent:root")
        let mail = try world.minted("agent:root", [("resource", "mail")])
        #expect(
            try world.post("/oauth2/introspect", as: nil, [("token", mine)], headers: [bearer])["active"] == .bool(true)
        )
        #expect(
            try world.post("/oauth2/introspect", as: nil, [("token", mail)], headers: [bearer])["active"]
                == .bool(false))
        _ = try world.secret(of: "tickets")
        #expect(try world.post("/oauth2/token", as: nil, form, headers: [basic]).error == "invalid_client")
    }

    @Test func changeNeedsTheRecordsPresentTag() throws {
        let world = try World()
        let made = try world.admin("POST", "/api/v1/roles", Self.role)
        #expect(made.status == 201)
        let tag = try #require(made.header("ETag"))
        func put(_ match: String?) throws -> Int {
            let headers = match.map { [(name: "If-Match", value: $0)] } ?? []
            return try world.admin(
                "PUT", "/api/v1/roles/r", #"{"id":"role:r","scopes":["a","\#(world.unique("b"))"]}"#, headers: headers
            ).status
        }
        #expect(try put(nil) == 428)
        for wrong in ["\"v99\"", "W/\(tag)", "\"\"", "\"v\"", "\"x\"", "\"v99999999999999999999\""] {
            #expect(try put(wrong) == 412, "\(wrong)")
        }
        for malformed in ["v1", "", "\"v1", "* , \(tag)"] { #expect(try put(malformed) == 400, "\(malformed)") }
        #expect(try put(tag) == 200)
        #expect(try put(tag) == 412)
        #expect(try put("\"v98\", \"v2\"") == 200)
        #expect(try put("*") == 200)
        #expect(try world.admin("POST", "/api/v1/roles", Self.role).status == 409)
        #expect(
            try world.admin("PUT", "/api/v1/roles/q", #"{"id":"role:r"}"#, headers: [(name: "If-Match", value: "*")])
                .status == 400)
        #expect(try world.admin("DELETE", "/api/v1/roles/r").status == 428)
        #expect(try world.admin("DELETE", "/api/v1/roles/r", headers: [(name: "If-Match", value: tag)]).status == 412)
        #expect(try world.admin("DELETE", "/api/v1/roles/r", headers: [(name: "If-Match", value: "*")]).status == 204)
        #expect(try world.admin("GET", "/api/v1/roles/r").status == 404)
        #expect(
            try world.admin("DELETE", "/api/v1/roles/reader", headers: [(name: "If-Match", value: "*")]).status == 409)
    }

    @Test(arguments: [
        #"{"id":"role:x","scopes":[],"extra":1}"#, #"{"id":"role:x","id":"role:y"}"#, #"{"id":"x"}"#, "{}", "[]", "",
        #"{"id":"role:x","scopes":"a"}"#, #"{"id":"role:x","max_depth":9}"#, #"{"id":"role:x","max_token_life":0}"#,
        #"{"id":"role:x","max_token_life":3601}"#, #"{"id":"role:X"}"#, #"{"id":"role:"}"#,
    ])
    func unknownOrWrongMembersAreRefused(_ body: String) throws {
        let answer = try World.shared().admin("POST", "/api/v1/roles", body)
        #expect(answer.status == 400)
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(answer["status"] == .integer(400))
    }

    @Test func pagesAreWholeAndInOrder() throws {
        let world = try World()
        for number in 0..<7 { _ = try world.admin("POST", "/api/v1/roles", #"{"id":"role:p\#(number)"}"#) }
        var seen: [String] = []
        var target = "/api/v1/roles?limit=3"
        for _ in 0..<10 {
            let page = try world.admin("GET", target)
            seen += page["roles"]?.arrayValue?.compactMap { $0.objectValue?["id"]?.stringValue } ?? []
            guard let cursor = page.string("next_cursor") else { break }
            target = "/api/v1/roles?limit=3&cursor=\(Wire.escape(cursor))"
        }
        #expect(seen == (0..<7).map { "role:p\($0)" } + ["role:reader"])
        for bad in ["limit=0", "limit=501", "limit=x", "limit=1&limit=2", "cursor=a&cursor=b"] {
            #expect(try world.admin("GET", "/api/v1/roles?\(bad)").status == 400)
        }
        let last = try world.admin("GET", "/api/v1/ledger?limit=2")
        #expect(last["entries"]?.arrayValue?.count == 2)
        #expect(last.string("next_cursor") != nil)
        #expect(try world.admin("GET", "/api/v1/ledger?cursor=-1").status == 400)
    }

    @Test func applyIsAllOrNothingAndADryRunIsNothing() throws {
        let world = try World()
        let good = #"{"id":"role:one"}"#
        let bad = #"{"id":"agent:bad","purpose":"p","owner":"owner:nobody"}"#
        #expect(try world.admin("POST", "/api/v1/apply", #"{"roles":[\#(good)],"agents":[\#(bad)]}"#).status == 400)
        #expect(try world.admin("GET", "/api/v1/roles/one").status == 404)
        #expect(try world.admin("POST", "/api/v1/apply?dry_run=true", #"{"roles":[\#(good)]}"#).status == 200)
        #expect(try world.admin("GET", "/api/v1/roles/one").status == 404)
        #expect(try world.admin("POST", "/api/v1/apply", #"{"roles":[\#(good)]}"#).status == 200)
        #expect(try world.admin("GET", "/api/v1/roles/one").status == 200)
        #expect(try world.admin("POST", "/api/v1/apply", #"{"rolez":[]}"#).status == 400)
    }

    // MARK: Enrolment

    @Test func codeIsGoodOnceForItsAgentAndItsProof() throws {
        let world = try World(enrol: [])
        let code = try world.code("agent:root")
        let (key, other) = (try PrivateKey.generate(.edDSA), try PrivateKey.generate(.es256))
        let nonce = World.nonce(code)
        let wrong = [
            try world.proof("agent:child", nonce: nonce, key: key), try world.proof("agent:root", nonce: "n", key: key),
            try world.proof("agent:root", nonce: code, key: key),
            try world.proof("agent:root", nonce: nonce, key: key, signer: other),
            try world.proof("agent:root", nonce: nonce, key: key, audience: World.issuer + "/"),
            try world.proof("agent:root", nonce: nonce, key: key, type: "JWT"),
        ]
        for proof in wrong { #expect(try world.sendProof(code, proof).status == 400) }
        let good = try world.proof("agent:root", nonce: nonce, key: key)
        #expect(try world.sendProof("x", good).status == 400)
        let enrolled = try world.sendProof(code, good)
        #expect(enrolled.status == 201)
        #expect(enrolled.string("state") == "active")
        let second = try world.proof("agent:root", nonce: nonce, key: other)
        #expect(try world.sendProof(code, second).string("type") == "urn:mayfly:problem:invalid_grant")
    }

    @Test func codeEndsAfterTenMinutes() throws {
        let world = try World(enrol: [])
        let code = try world.code("agent:root")
        let proof = try world.proof("agent:root", nonce: World.nonce(code), key: try PrivateKey.generate(.es256))
        world.clock.advance(600)
        #expect(try world.sendProof(code, proof).status == 400)
    }

    @Test func codeSentEightTimesAtOnceEnrolsOneKey() throws {
        let world = try World(enrol: [])
        for _ in 0..<3 {
            let code = try world.code("agent:root")
            let statuses = concurrently(8) { _ -> Int in
                guard let key = try? PrivateKey.generate(.es256),
                    let proof = try? world.proof("agent:root", nonce: World.nonce(code), key: key)
                else { return 0 }
                return (try? world.sendProof(code, proof).status) ?? 0
            }
            #expect(statuses.filter { $0 == 201 }.count == 1)
            #expect(statuses.filter { $0 == 400 }.count == 7)
        }
        #expect(try world.admin("GET", "/api/v1/agents/root")["keys"]?.arrayValue?.count == 3)
    }

    @Test func agentTurnsItsOwnKeyOver() throws {
        let world = try World()
        let (old, new) = (try world.key("agent:root"), try PrivateKey.generate(.edDSA))
        let token = try world.minted("agent:root")
        func register(_ agent: String, _ assertion: String, _ proof: String) throws -> Answer {
            try world.handler.send(
                "POST", "/api/v1/agents/\(agent)/keys", headers: [Wire.jsonType],
                body: #"{"client_assertion":"\#(assertion)","proof":"\#(proof)"}"#)
        }
        var claims = world.claims("agent:root")
        claims["jti"] = .string("rotation")
        let assertion = try world.assertion("agent:root", claims: claims)
        let proof = try world.proof("agent:root", nonce: "rotation", key: new)
        #expect(try register("child", assertion, proof).status == 401)
        #expect(try register("root", assertion, try world.proof("agent:root", nonce: "x", key: new)).status == 400)
        #expect(try register("root", assertion, proof).status == 201)
        #expect(try register("root", assertion, proof).status == 401)
        world.keys.withLock { $0["agent:root"] = new }
        #expect(try world.isActive(token))
        #expect(try world.minted("agent:root").isEmpty == false)
        let removed = try world.admin("DELETE", "/api/v1/agents/root/keys/\(old.publicKey.thumbprint)")
        #expect(removed.status == 200)
        #expect(try world.isActive(token) == false)
        world.keys.withLock { $0["agent:root"] = old }
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "invalid_client")
        #expect(try world.admin("DELETE", "/api/v1/agents/root/keys/nope").status == 404)
    }
}
