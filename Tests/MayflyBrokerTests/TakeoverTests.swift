internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// A commit that was answered as failed and turns out to have been kept: its effects hold, and the broker goes on.
struct TakeoverTests {
    private static func form(_ assertion: String) -> Form {
        [
            ("grant_type", "client_credentials"), ("resource", "tickets"),
            ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
        ]
    }

    @Test func aKeptRevocationThatWasAnsweredAsFailedHolds() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let adminToken = try world.adminToken()
        let before = try world.store.head()
        world.store.loseAnswers(with: .inputOutput(code: 1))
        let body = #"{"agent":"agent:root"}"#
        #expect(try world.beginAdmin("POST", "/api/v1/revocations", body, token: adminToken).wait().status == 503)
        let kept = try world.store.head()
        #expect(kept.ledgerSize == before.ledgerSize + 1)
        world.store.loseAnswers(with: nil)
        // The next commit asks where the store is, and begins there.
        #expect(try world.admin("GET", "/api/v1/agents/root").string("state") == "active")
        _ = try world.minted("agent:root")
        #expect(try !world.isActive(token))
        let again = try World(restarting: world)
        #expect(try !again.isActive(token))
        #expect(try world.store.head().ledgerSize > kept.ledgerSize)
    }

    @Test func aTokenOfAKeptCommitReachesNobodyAndItsAssertionIsUsed() throws {
        let world = try World()
        _ = try world.minted("agent:root")
        world.store.loseAnswers(with: .inputOutput(code: 1))
        let form = Self.form(try world.assertion("agent:root"))
        let refused = try world.post("/oauth2/token", as: nil, form)
        #expect(refused.status == 503)
        #expect(refused["access_token"] == nil)
        world.store.loseAnswers(with: nil)
        #expect(try world.post("/oauth2/token", as: nil, form).error == "invalid_client")
        _ = try world.minted("agent:root")
    }

    @Test func theNextFailureAfterATakeoverIsSettledAsWell() throws {
        let world = try World()
        for _ in 0..<3 {
            world.store.loseAnswers(with: .inputOutput(code: 1))
            for _ in 0..<3 {
                let form = Self.form(try world.assertion("agent:root"))
                #expect(try world.post("/oauth2/token", as: nil, form).status == 503)
            }
            world.store.loseAnswers(with: nil)
            world.store.fail(.inputOutput(code: 2))
            #expect(
                try world.post("/oauth2/token", as: nil, Self.form(try world.assertion("agent:root"))).status == 503)
            world.store.fail(nil)
            _ = try world.minted("agent:root")
        }
        _ = try World(restarting: world)
    }

    @Test func keptKeysAreTheOnesThatThenSign() throws {
        let world = try World()
        let adminToken = try world.adminToken()
        func published() throws -> String { try world.handler.send("GET", "/.well-known/jwks.json").text }
        let before = try published()
        world.store.loseAnswers(with: .inputOutput(code: 1))
        #expect(try world.beginAdmin("POST", "/api/v1/keys/rotate", token: adminToken).wait().status == 503)
        #expect(try published() == before)
        world.store.loseAnswers(with: nil)
        _ = try world.minted("agent:root")
        #expect(try published() != before)
        let again = try World(restarting: world)
        #expect(try again.handler.send("GET", "/.well-known/jwks.json").text == published())
    }

    @Test func aStoreThatStandsElsewhereIsNeverWrittenTo() throws {
        let world = try World()
        world.store.loseAnswers(with: .inputOutput(code: 1))
        #expect(try world.post("/oauth2/token", as: nil, Self.form(try world.assertion("agent:root"))).status == 503)
        world.store.loseAnswers(with: nil)
        let head = try world.store.head()
        var other = Batch(head: head)
        other.head.revision += 1
        other.deletes = [RecordKey(kind: .setting, key: [1])]
        try world.store.commit(other)
        for _ in 0..<3 {
            let form = Self.form(try world.assertion("agent:root"))
            #expect(try world.post("/oauth2/token", as: nil, form).status == 503)
        }
        #expect(try world.store.head() == other.head)
    }
}
