import MayflyModel
import Testing

/// A proof that was used stays used, however the broker ended, and a nonce that it gave stays good.
@Suite struct DPoPKillTests {
    private static let scope = [("resource", "tickets"), ("scope", "tickets:read")]
    private static let url = "https://tickets.example.com/tickets/7"

    @Test(arguments: RestartTests.Ending.allCases)
    func aProofIsGoodOnceOverBothRuns(_ ending: RestartTests.Ending) throws {
        let broker = try RunningMayfly.onFixedPort()
        try broker.start()
        let holder = try ProofHolder(try Desk.open(broker))
        let nonce = try holder.nonce("orchestrator")
        let used = try holder.proof(nonce: nonce)
        let minted = try holder.ask("orchestrator", Self.scope, used)
        #expect(minted.status == 200 && minted["token_type"] == "DPoP", "\(minted)")
        let token = try #require(minted["access_token"])
        let shown = try holder.proof("GET", Self.url, token: token)
        #expect(try holder.verify(token, shown) == 200)

        switch ending {
        case .stopped: #expect(try broker.stop() == 0)
        case .killed: try broker.kill()
        }
        try broker.start()

        #expect(try holder.ask("orchestrator", Self.scope, used)["error"] == "invalid_dpop_proof")
        #expect(try holder.verify(token, shown) == 401)
        // Alive all the same, and the nonce of before still is one.
        #expect(try holder.verify(token, try holder.proof("GET", Self.url, token: token)) == 200)
        #expect(try holder.ask("orchestrator", Self.scope, try holder.proof(nonce: nonce)).status == 200)
    }
}
