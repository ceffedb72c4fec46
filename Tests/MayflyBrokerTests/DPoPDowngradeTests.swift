internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// No way through the grants sheds a key: what is made from a bound token, or must be bound, is never a bearer token.
struct DPoPDowngradeTests {
    private let bench: ProofBench
    private var world: World { bench.world }

    init() throws { bench = try ProofBench() }

    private func demand(_ path: String, _ isDemanded: Bool = true) throws {
        let answer = try world.change(path) { $0["dpop_bound_access_tokens"] = .bool(isDemanded) }
        try #require(answer.status == 200, "\(answer.text)")
    }

    /// A ticket for `delegate` from a bound token; its holder proves its key.
    private func ticket(
        from token: String, for delegate: String = "agent:child", as holder: String = "agent:root",
        by key: PrivateKey? = nil
    ) throws -> Answer {
        try bench.ask(holder, World.ticketForm(token, delegate), proofs: [bench.proof(by: key)])
    }

    // MARK: Who demands it

    @Test(arguments: ["/api/v1/agents/agent:root", "/api/v1/resources/tickets"])
    func whoDemandsAKeyGivesNoBearerToken(_ path: String) throws {
        let earlier = try world.minted("agent:root")
        try demand(path)
        #expect(try world.admin("GET", path)["dpop_bound_access_tokens"] == .bool(true))
        // What is out is what is no longer given.
        #expect(try !world.isActive(earlier))
        let bare = try world.token("agent:root", [("resource", "tickets")])
        #expect(bare.status == 400 && bare.error == "invalid_dpop_proof")
        #expect(bare.header("DPoP-Nonce") != nil)
        let bound = try bench.bound()
        #expect(try world.isActive(bound))
        // It holds across a restart, and ends by being taken back, which takes nothing away from anybody.
        let restarted = try ProofBench(restarting: bench)
        #expect(try restarted.world.token("agent:root", [("resource", "tickets")]).error == "invalid_dpop_proof")
        let back = try restarted.world.change(path) { $0["dpop_bound_access_tokens"] = nil }
        #expect(back.status == 200)
        #expect(try restarted.world.isActive(bound))
        #expect(try restarted.world.token("agent:root", [("resource", "tickets")]).string("token_type") == "Bearer")
    }

    @Test func anotherResourceIsNotConcerned() throws {
        try demand("/api/v1/resources/tickets")
        #expect(try world.token("agent:root", [("resource", "mail")]).status == 200)
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "invalid_dpop_proof")
    }

    @Test func ticketsAndExchangesAreHeldToTheSame() throws {
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        try demand("/api/v1/agents/agent:child")
        #expect(try world.redeem("agent:child", ticket: ticket).error == "invalid_dpop_proof")
        #expect(
            try world.post("/oauth2/token", as: "agent:child", ProofBench.exchangeForm(root)).error
                == "invalid_dpop_proof")
        // A refusal leaves the ticket as it was.
        let key = try PrivateKey.generate(.es256)
        let redeemed = try bench.ask("agent:child", World.redeemForm(ticket), proofs: [bench.proof(by: key)])
        #expect(redeemed.status == 200 && redeemed.string("token_type") == "DPoP", "\(redeemed.text)")
        #expect(try ProofBench.thumbprint(in: redeemed.accessToken) == key.publicKey.thumbprint)
    }

    // MARK: Bound parents

    @Test func aTicketFromABoundTokenNeedsItsKeyAndGivesABoundToken() throws {
        let root = try bench.bound()
        let (own, thief) = (try PrivateKey.generate(.es256), try PrivateKey.generate(.es256))
        #expect(try world.ticket("agent:root", parent: root, for: "agent:child").error == "invalid_dpop_proof")
        #expect(try ticket(from: root, by: thief).error == "invalid_dpop_proof")
        let made = try ticket(from: root)
        #expect(made.status == 200 && made.string("token_type") == "N_A", "\(made.text)")
        // Nothing says on the outside that it is bound, because its redeemer's key is another one.
        #expect(try ProofBench.thumbprint(in: made.accessToken) == nil)
        #expect(try world.redeem("agent:child", ticket: made.accessToken).error == "invalid_dpop_proof")
        let redeemed = try bench.ask("agent:child", World.redeemForm(made.accessToken), proofs: [bench.proof(by: own)])
        #expect(redeemed.status == 200, "\(redeemed.text)")
        // To the requester's key, never to the parent's.
        #expect(try ProofBench.thumbprint(in: redeemed.accessToken) == own.publicKey.thumbprint)
        // And so on, down the chain.
        let below = redeemed.accessToken
        #expect(try ticket(from: below, for: "agent:leaf", as: "agent:child").error == "invalid_dpop_proof")
        let next = try ticket(from: below, for: "agent:leaf", as: "agent:child", by: own)
        #expect(next.status == 200, "\(next.text)")
        #expect(try world.redeem("agent:leaf", ticket: next.accessToken).error == "invalid_dpop_proof")
        let leaf = try bench.ask("agent:leaf", World.redeemForm(next.accessToken), proofs: [bench.proof(by: thief)])
        #expect(leaf.string("token_type") == "DPoP")
    }

    /// Whoever has only seen a bound token does not hold it, though it names them as one who may act.
    @Test func aBoundTokenIsExchangedWithItsOwnKeyAlone() throws {
        let root = try bench.bound()
        let form = ProofBench.exchangeForm(root)
        #expect(try world.post("/oauth2/token", as: "agent:child", form).error == "invalid_dpop_proof")
        let thief = try PrivateKey.generate(.es256)
        #expect(try bench.ask("agent:child", form, proofs: [bench.proof(by: thief)]).error == "invalid_dpop_proof")
        let shared = try bench.ask("agent:child", form, proofs: [bench.proof()])
        #expect(shared.status == 200 && shared.string("token_type") == "DPoP", "\(shared.text)")
        #expect(try ProofBench.thumbprint(in: shared.accessToken) == bench.key.publicKey.thumbprint)
    }

    @Test func aProofThatNamesATokenNamesTheOneThatIsShown() throws {
        let (root, other) = (try bench.bound(), try bench.bound())
        func exchange(_ named: String) throws -> Answer {
            let proof = try bench.proof { _, claims in
                claims["ath"] = .string(Base64URL.encode(SHA256.digest(of: Array(named.utf8)).bytes))
            }
            return try bench.ask("agent:child", ProofBench.exchangeForm(root), proofs: [proof])
        }
        #expect(try exchange(other).error == "invalid_dpop_proof")
        #expect(try exchange(root).status == 200)
    }

    @Test func aBoundActorTokenNeedsItsKey() throws {
        let subject = try world.minted("agent:root")
        let own = try PrivateKey.generate(.es256)
        let actor = try bench.bound("agent:child", by: own)
        let form =
            ProofBench.exchangeForm(subject)
            + [("actor_token", actor), ("actor_token_type", World.accessTokenType)]
        #expect(try world.post("/oauth2/token", as: "agent:child", form).error == "invalid_dpop_proof")
        #expect(try bench.ask("agent:child", form, proofs: [bench.proof()]).error == "invalid_dpop_proof")
        #expect(try bench.ask("agent:child", form, proofs: [bench.proof(by: own)]).status == 200)
    }

    @Test func aBearerParentMayHaveABoundChild() throws {
        let root = try world.minted("agent:root")
        let child = try bench.ask("agent:child", ProofBench.exchangeForm(root), proofs: [bench.proof()])
        #expect(child.string("token_type") == "DPoP", "\(child.text)")
    }

    /// A pending request keeps its form, and neither the key nor the way around it.
    @Test func aPollBindsToTheKeyOfThePollAndIsHeldToTheDemand() throws {
        let people = try ApprovalBench()
        let desk = try ProofBench(world: people.world)
        let demanded = try people.world.change("/api/v1/agents/agent:root") {
            $0["dpop_bound_access_tokens"] = .bool(true)
        }
        #expect(demanded.status == 200)
        // People are not asked about what would be refused all the same.
        #expect(try people.ask().error == "invalid_dpop_proof")
        let risky: Form = [("grant_type", "client_credentials")] + ApprovalBench.risky
        let asked = try desk.ask("agent:root", risky, proofs: [desk.proof()])
        #expect(asked.error == "authorization_pending" && asked.header("DPoP-Nonce") != nil, "\(asked.text)")
        let id = try #require(asked.string("auth_req_id"))
        #expect(try people.vote(id, as: "owner:finance-lead").status == 200)
        #expect(try people.poll(id).error == "invalid_dpop_proof")
        let poll: Form = [("grant_type", ApprovalBench.cibaGrant), ("auth_req_id", id)]
        let proof = try desk.proof()
        let granted = try desk.ask("agent:root", poll, proofs: [proof])
        #expect(granted.status == 200 && granted.string("token_type") == "DPoP", "\(granted.text)")
        #expect(try desk.ask("agent:root", risky, proofs: [proof]).error == "invalid_dpop_proof")
    }

    @Test func aPendingAnswerUsesItsProofUp() throws {
        let people = try ApprovalBench()
        let desk = try ProofBench(world: people.world)
        let proof = try desk.proof()
        let risky: Form = [("grant_type", "client_credentials")] + ApprovalBench.risky
        #expect(try desk.ask("agent:root", risky, proofs: [proof]).error == "authorization_pending")
        #expect(try desk.ask("agent:root", risky, proofs: [proof]).error == "invalid_dpop_proof")
        #expect(try desk.ask("agent:root", proofs: [proof]).error == "invalid_dpop_proof")
    }

    /// Their tokens are for the broker's own endpoints, which take bearer tokens alone.
    @Test func theBrokersOwnTokensAreNotBound() throws {
        let form: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.admin")]
        let answer = try bench.ask("admin:ops", form, proofs: [bench.proof()])
        #expect(answer.error == "invalid_request")
        #expect(try world.token("admin:ops", [("scope", "mayfly.admin")]).status == 200)
    }

    @Test(arguments: [
        JSONValue.string("true"), .integer(1), .array([]),
    ])
    func theDemandIsTrueOrFalse(_ value: JSONValue) throws {
        for path in ["/api/v1/agents/agent:root", "/api/v1/resources/tickets"] {
            #expect(try world.change(path) { $0["dpop_bound_access_tokens"] = value }.status == 400)
        }
    }
}
