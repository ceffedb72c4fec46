internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// A store that fails, a clock that goes back, and signing keys that change.
struct OutageTests {
    @Test(arguments: [StoreError.full, .inputOutput(code: 10)])
    func storeThatFailsGivesNothingAndRecovers(_ failure: StoreError) throws {
        let world = try World()
        let old = try world.minted("agent:root")
        let adminToken = try world.adminToken()
        let before = try world.store.head()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let head = try world.store.head()
        #expect(head != before)
        world.store.fail(failure)
        let assertion = try world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
        let refused = try world.post("/oauth2/token", as: nil, form)
        #expect(refused.status == 503)
        #expect(refused.error == "temporarily_unavailable")
        #expect(refused.header("Retry-After") != nil)
        #expect(refused["access_token"] == nil)
        for body in [#"{"agent":"agent:root"}"#, #"{"everything":true}"#] {
            #expect(try world.beginAdmin("POST", "/api/v1/revocations", body, token: adminToken).wait().status == 503)
        }
        let suspended = try world.beginAdmin("POST", "/api/v1/agents/root/suspend", token: adminToken).wait()
        #expect(suspended.status == 503)
        #expect(try world.beginAdmin("POST", "/api/v1/keys/rotate", token: adminToken).wait().status == 503)
        let question =
            #"{"subject":{"type":"access_token","id":"\#(old)"},"action":{"name":"view"},"resource":{"type":"t","id":"1"}}"#
        let decided = try world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: question)
        #expect(decided.status == 503)
        // Introspection by secret writes nothing, and answers.
        let seen = try world.post("/oauth2/introspect", as: nil, [("token", old)], headers: [basic])
        #expect(seen["active"] == .bool(true))
        #expect(try world.store.head() == head)
        world.store.fail(nil)
        #expect(try world.store.head() == head)
        // Nothing was half-applied: the assertion is still good, once, and so is the agent.
        #expect(try world.post("/oauth2/token", as: nil, form).status == 200)
        #expect(try world.post("/oauth2/token", as: nil, form).error == "invalid_client")
        #expect(try world.isActive(old))
        #expect(try world.admin("GET", "/api/v1/agents/root").string("state") == "active")
        let again = try World(restarting: world)
        #expect(try again.isActive(old))
    }

    @Test func readinessFailsWithTheDiskAndTriesAgainOnceASecond() throws {
        let world = try World()
        func ready() throws -> Int { try world.handler.send("GET", "/readyz").status }
        func resumed() throws -> Int {
            var query = LedgerQuery()
            query.event = "store.resumed"
            return try world.store.ledgerEntries(matching: query).count
        }
        #expect(try ready() == 200)
        world.store.fail(.full)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 503)
        #expect(try ready() == 503)
        world.settle()
        world.store.fail(nil)
        // Not a second has gone since the last attempt.
        #expect(try ready() == 503)
        world.settle()
        #expect(try ready() == 503)
        world.clock.advance(1)
        #expect(try ready() == 503)
        world.settle()
        #expect(try ready() == 200)
        #expect(try resumed() == 1)
        // A commit of anybody's that succeeds says the same.
        world.store.fail(.full)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 503)
        world.store.fail(nil)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 200)
        #expect(try ready() == 200)
        #expect(try resumed() == 1)
    }

    @Test func aCommitWhileReadinessIsLookedForIsNoFault() throws {
        let world = try World()
        let assertion = try world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
        let isMinted = Mutex(false)
        world.store.besideTheNextLook { [handler = world.handler] in
            let status = try? handler.send("POST", "/oauth2/token", headers: [Wire.formType], body: Wire.encode(form))
                .status
            isMinted.withLock { $0 = status == 200 }
        }
        #expect(try world.handler.send("GET", "/readyz").status == 200)
        #expect(isMinted.withLock { $0 })
    }

    @Test func aStartDestroysThePrivateKeysThatAKillLeftAfterARotation() throws {
        let world = try World()
        let active = world.broker.state.read { $0.signingKeys.all }.filter { $0.state == .active }
        let keys = try active.map { try world.vault.load($0.id) }
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
        for key in keys { world.vault.keep(key) }
        let again = try World(restarting: world)
        for record in active { #expect(throws: CryptoError.self) { try again.vault.load(record.id) } }
        #expect(try again.isActive(try again.minted("agent:root")))
    }

    @Test func clockThatGoesBackMintsNothingAndRevivesNothing() throws {
        let world = try World()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let brief = try world.minted("agent:root", [("resource", "tickets"), ("lifetime", "10")])
        func isActive(_ token: String) throws -> Bool {
            try world.post("/oauth2/introspect", as: nil, [("token", token)], headers: [basic])["active"] == .bool(true)
        }
        world.clock.advance(10)
        #expect(try isActive(brief) == false)
        world.clock.step(-6)
        #expect(try isActive(brief) == false)
        let refused = try world.token("agent:root", [("resource", "tickets")])
        #expect(refused.status == 503)
        #expect(try world.handler.send("GET", "/readyz").status == 503)
        world.clock.step(2)
        #expect(try isActive(brief) == false)
        let small = try world.token("agent:root", [("resource", "tickets")])
        #expect(small.status == 200)
        #expect(try isActive(brief) == false)
        world.broker.stop()
        world.clock.step(-60)
        #expect(throws: StartError.self) { try World(restarting: world) }
    }

    @Test(arguments: [-3, -100] as [Int64])
    func livingTokensDieInTimeWhileTheClockIsBehind(_ step: Int64) throws {
        let world = try World()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let token = try world.minted("agent:root")
        world.clock.step(step)
        world.clock.advance(299)
        let form: Form = [("token", token)]
        #expect(try world.post("/oauth2/introspect", as: nil, form, headers: [basic])["active"] == .bool(true))
        world.clock.advance(7)
        #expect(try world.post("/oauth2/introspect", as: nil, form, headers: [basic])["active"] == .bool(false))
    }

    @Test func newSigningKeyIsPublishedBeforeItSignsAndTheOldOneUntilItsTokensAreDead() throws {
        let world = try World()
        #expect(try world.change("/api/v1/roles/reader") { $0["max_token_life"] = .integer(3600) }.status == 200)
        func published() throws -> Set<String> {
            let keys = try world.handler.send("GET", "/.well-known/jwks.json")["keys"]?.arrayValue ?? []
            for key in keys { #expect(key.objectValue?["d"] == nil) }
            return Set(keys.compactMap { $0.objectValue?["kid"]?.stringValue })
        }
        func keyID(_ token: String) throws -> String { try #require(try JWS.parse(Array(token.utf8)).keyID) }
        let old = try world.minted("agent:root", [("resource", "tickets"), ("lifetime", "3600")])
        let first = try published()
        #expect(first.count == 4)
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 200)
        let new = try world.minted("agent:root")
        #expect(first.contains(try keyID(new)))
        #expect(try keyID(new) != keyID(old))
        #expect(try published().isSuperset(of: first))
        #expect(try world.isActive(old))
        let again = try World(restarting: world)
        #expect(try again.isActive(old))
        #expect(try again.isActive(new))
        #expect(try keyID(try again.minted("agent:root")) == keyID(new))
        again.clock.advance(3599)
        #expect(try again.isActive(old))
        again.clock.advance(31)
        let last = try again.handler.send("GET", "/.well-known/jwks.json")
        #expect(!last.text.contains(try keyID(old)))
        while try again.broker.removeExpired() {}
        let third = try World(restarting: again)
        #expect(try third.isActive(try third.minted("agent:root")))
    }

    @Test func rotationToAKeyThatIsGoneChangesNothing() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let before = world.broker.state.read { $0.signingKeys.all }.sorted { $0.id < $1.id }
        for record in before where record.state == .next { world.vault.remove(record.id) }
        #expect(try world.admin("POST", "/api/v1/keys/rotate").status == 503)
        #expect(world.broker.state.read { $0.signingKeys.all }.sorted { $0.id < $1.id } == before)
        #expect(try world.isActive(token))
        #expect(try world.isActive(try world.minted("agent:root")))
    }

    @Test func cleanUpForgetsInStepsAndSaysWhetherThereIsMore() throws {
        let world = try World()
        for _ in 0..<40 { _ = try world.introspect("x") }
        world.clock.advance(7200)
        while try world.broker.removeExpired() {}
        var left = 0
        try world.store.loadMarks { _ in left += 1 }
        #expect(left == 0)
        #expect(try world.isActive(try world.minted("agent:root")))
    }
}
