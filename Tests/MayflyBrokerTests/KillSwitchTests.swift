internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// What must not outlive the kill switch: forged epochs, forgotten revocations, a clock that is wrong.
struct KillSwitchTests {
    @Test func tokenWithAnEpochThatWasNeverGivenOutIsDead() throws {
        let world = try World()
        let real = try world.minted("agent:root")
        let signer = try #require(
            world.broker.state.read { $0.signingKeys.all }.first { $0.state == .active && $0.algorithm == .es256 })
        let key = try world.vault.load(signer.id)
        func forged(_ epoch: Int64) throws -> String {
            var claims = try TokenClaims(try JWS.parse(Array(real.utf8)).claims())
            claims.chain = claims.chain.map { ChainLink(tokenID: $0.tokenID, agent: $0.agent, epoch: epoch) }
            return try JWS.sign(payload: claims.encoded(), type: "at+jwt", keyID: signer.id, with: key)
        }
        let newest = world.broker.state.read { $0.newestEpoch }
        #expect(try world.isActive(try forged(newest)))
        #expect(try !world.isActive(try forged(newest + 1)))
        #expect(try !world.isActive(try forged(.max)))
        let last = try forged(newest)
        #expect(try world.revoke(#"{"everything":true}"#).status == 200)
        #expect(try !world.isActive(last))
    }

    @Test func nothingRevokedComesBackWhenAnEarlierClockIsAccepted() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let id = try #require(try world.introspect(token).string("jti"))
        #expect(try world.revoke(#"{"token":"\#(id)"}"#).status == 200)
        world.clock.advance(7200)
        while try world.broker.removeExpired() {}
        _ = try world.adminToken()
        world.clock.step(-7200)
        #expect(throws: StartError.clockBehind(by: 7200)) { try World(restarting: world) }
        let again = try World(restarting: world, acceptClock: true)
        #expect(try !again.isActive(token))
        #expect(try again.isActive(try again.minted("agent:root")))
    }

    @Test func worksWhileTheClockIsNotTrusted() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        world.clock.step(-600)
        /// An answer to an assertion that was made by the right time.
        func answer(_ client: String, _ form: Form) throws -> Answer {
            var claims = world.claims(client)
            claims["exp"] = .integer(world.clock.now().seconds + 660)
            let proof: Form = [
                ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
                ("client_assertion", try world.assertion(client, claims: claims)),
            ]
            return try world.post("/oauth2/token", as: nil, proof + form)
        }
        #expect(try answer("agent:root", [("resource", "tickets")]).status == 503)
        let admin = try #require(try answer("admin:ops", [("scope", "mayfly.admin")]).string("access_token"))
        let killed = try world.beginAdmin("POST", "/api/v1/revocations", #"{"everything":true}"#, token: admin).wait()
        #expect(killed.status == 200)
        world.clock.step(600)
        #expect(try !world.isActive(token))
    }
}
