internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// Owners come by their keys as agents do, and what a key proves ends with it.
struct OwnerKeyTests {
    private static let approve: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.approve")]

    private func token(_ world: World, _ form: Form = approve) throws -> Answer {
        try world.post("/oauth2/token", as: "owner:ann", form)
    }

    /// Whether the token lets its holder in: an endpoint of administrators tells a live token from a dead one.
    private func isAlive(_ world: World, _ token: String) throws -> Bool {
        try world.beginAdmin("GET", "/api/v1/agents", token: token).wait().status == 403
    }

    @Test func anOwnerEnrolsWithACodeThatIsGoodOnceAndForItselfAlone() throws {
        let world = try World(enrol: [])
        let code = try world.code("owner:ann")
        let key = try PrivateKey.generate(.edDSA)
        func proof(_ holder: String) throws -> String {
            try world.proof(holder, nonce: World.nonce(code), key: key)
        }
        #expect(try world.sendProof(code, try proof("owner:bob")).status == 400)
        #expect(try world.sendProof(code, try proof("agent:root")).status == 400)
        #expect(try world.sendProof(code, try proof("admin:ops")).status == 400)
        let enrolled = try world.sendProof(code, try proof("owner:ann"))
        #expect(enrolled.status == 201)
        #expect(enrolled.string("id") == "owner:ann")
        #expect(enrolled["keys"]?.arrayValue?.count == 1)
        #expect(try world.sendProof(code, try proof("owner:ann")).status == 400)
        world.keys.withLock { $0["owner:ann"] = key }
        let answer = try token(world)
        #expect(answer.status == 200)
        #expect(answer["expires_in"] == .integer(60))
        #expect(try isAlive(world, answer.accessToken))
    }

    @Test func aCodeOfAnAgentIsNoOwners() throws {
        let world = try World(enrol: [])
        let code = try world.code("agent:root")
        let key = try PrivateKey.generate(.es256)
        func send(_ holder: String) throws -> Int {
            try world.sendProof(code, try world.proof(holder, nonce: World.nonce(code), key: key)).status
        }
        #expect(try send("owner:ann") == 400)
        #expect(try send("agent:root") == 201)
    }

    @Test func anOwnerGetsNothingButThePowerToApprove() throws {
        let world = try World(enrol: [])
        try world.enrolOwners("owner:ann")
        for scope in ["mayfly.admin", "mayfly.read", "mayfly.introspect", "tickets.read", "mayfly.approve mayfly.read"]
        {
            let form: Form = [("grant_type", "client_credentials"), ("scope", scope)]
            #expect(try token(world, form).error == "invalid_scope", "\(scope)")
        }
        #expect(try token(world, [("grant_type", "client_credentials")]).error == "invalid_scope")
        let good = try token(world).accessToken
        for path in ["agents", "owners", "keys", "ledger", "revocations"] {
            #expect(try world.beginAdmin("GET", "/api/v1/\(path)", token: good).wait().status == 403, "\(path)")
        }
        #expect(try world.post("/oauth2/introspect", as: "owner:ann", [("token", good)]).error == "unauthorized_client")
        let bearer = (name: "Authorization", value: "Bearer \(good)")
        let asked = try world.post("/oauth2/introspect", as: nil, [("token", good)], headers: [bearer])
        #expect(asked.error == "insufficient_scope")
        // An administrator has no part in approving.
        #expect(try world.token("admin:ops", [("scope", "mayfly.approve")]).error == "invalid_scope")
    }

    @Test func theTokenDiesWithTheKillSwitchTheOwnersEpochAndTheKey() throws {
        let world = try World(enrol: ["agent:root"])
        let key = try world.enrolOwners("owner:ann")
        let ends: [(String, () throws -> Answer)] = [
            ("everything", { try world.revoke(#"{"everything":true}"#) }),
            ("owner", { try world.revoke(#"{"owner":"owner:ann"}"#) }),
        ]
        for (name, end) in ends {
            let good = try token(world).accessToken
            #expect(try isAlive(world, good))
            #expect(try end().status < 300)
            #expect(try !isAlive(world, good), "\(name)")
        }
        let good = try token(world).accessToken
        let agents = try world.minted("agent:root")
        let removed = try world.admin("DELETE", "/api/v1/owners/ann/keys/\(key.publicKey.thumbprint)")
        #expect(removed.status == 200)
        #expect(try !isAlive(world, good))
        #expect(try token(world).error == "invalid_client")
        // The owner's key proves nothing about its agents.
        #expect(try world.isActive(agents))
    }

    @Test func leavingDropsKeysCodesAndTokens() throws {
        let world = try World(enrol: [])
        try world.enrolOwners("owner:ann")
        let code = try world.code("owner:ann")
        let good = try token(world).accessToken
        #expect(try world.admin("POST", "/api/v1/owners/ann/leave").status == 200)
        #expect(try !isAlive(world, good))
        #expect(try token(world).error == "invalid_client")
        let late = try world.proof("owner:ann", nonce: World.nonce(code), key: try PrivateKey.generate(.es256))
        #expect(try world.sendProof(code, late).status == 400)
        #expect(try world.admin("POST", "/api/v1/owners/ann/enrolment-codes").status == 409)
        #expect(try world.admin("GET", "/api/v1/owners/ann")["keys"] == .array([]))
    }

    @Test func keysAndGroupsSurviveARestart() throws {
        let world = try World(enrol: [])
        try world.enrolOwners("owner:ann")
        let changed = try world.change("/api/v1/owners/ann") { $0["groups"] = .array([.string("b"), .string("a")]) }
        #expect(changed.status == 200)
        let before = try world.admin("GET", "/api/v1/owners/ann").json
        #expect(before["groups"] == .array([.string("a"), .string("b")]))
        let again = try World(restarting: world)
        #expect(try again.admin("GET", "/api/v1/owners/ann").json == before)
        #expect(try token(again).status == 200)
    }

    @Test(arguments: [
        #"["A"]"#, #"[""]"#, #"["a b"]"#, #"["a","a"]"#, #"["é"]"#, #"["a/b"]"#, #""a""#,
    ])
    func aGroupsNameIsPlain(_ groups: String) throws {
        let body = #"{"id":"owner:x","name":"n","email":"x@example.com","groups":\#(groups)}"#
        #expect(try World.shared().admin("POST", "/api/v1/owners", body).status == 400)
    }

    @Test func anOwnerSignsANewKeyInWithItsOldOne() throws {
        let world = try World(enrol: [])
        try world.enrolOwners("owner:ann")
        let new = try PrivateKey.generate(.edDSA)
        var claims = world.claims("owner:ann")
        claims["jti"] = .string("rotation")
        let assertion = try world.assertion("owner:ann", claims: claims)
        let proof = try world.proof("owner:ann", nonce: "rotation", key: new)
        let body = #"{"client_assertion":"\#(assertion)","proof":"\#(proof)"}"#
        func register(_ path: String) throws -> Int {
            try world.handler.send("POST", path, headers: [Wire.jsonType], body: body).status
        }
        #expect(try register("/api/v1/owners/bob/keys") == 401)
        #expect(try register("/api/v1/agents/ann/keys") == 401)
        #expect(try register("/api/v1/owners/ann/keys") == 201)
        world.keys.withLock { $0["owner:ann"] = new }
        #expect(try token(world).status == 200)
    }
}
