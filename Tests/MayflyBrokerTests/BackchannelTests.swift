internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// Asking first and polling afterwards, in the shape of CIBA.
struct BackchannelTests {
    @Test func anAgentAsksPollsAndGetsTheTokenOnce() throws {
        let bench = try ApprovalBench()
        let form = ApprovalBench.risky + [("task", "t-1"), ("binding_message", "refund for case 7")]
        let asked = try bench.authorize(form)
        #expect(asked.status == 200)
        #expect(Set(asked.json.names) == ["auth_req_id", "expires_in", "interval"])
        let id = try #require(asked.string("auth_req_id"))
        #expect(try bench.show(id).string("message") == "refund for case 7")
        // Asking again is no poll, and the token endpoint means the same question.
        #expect(try bench.authorize(form)["auth_req_id"] == .string(id))
        #expect(try bench.poll(id).error == "slow_down")
        bench.world.clock.advance(10)
        let pending = try bench.poll(id)
        #expect(pending.error == "authorization_pending" && pending["interval"] == .integer(10))
        #expect(try bench.vote(id, as: "owner:finance-lead").status == 200)
        let granted = try bench.poll(id)
        #expect(granted.status == 200 && granted.string("task") == "t-1")
        #expect(granted.string("scope") == "tickets.write")
        #expect(try bench.poll(id).error == "invalid_grant")
    }

    @Test func theIDIsNobodyElses() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        #expect(try bench.poll(id, as: "agent:other").error == "invalid_grant")
        #expect(try bench.poll(id, as: "admin:ops").error == "invalid_grant")
        for wrong in ["nonsense", String(id.dropLast()), id + "A", "a b", String(repeating: "a", count: 65)] {
            #expect(try bench.poll(wrong).error == "invalid_grant")
        }
        let missing = try bench.world.post("/oauth2/token", as: "agent:root", [("grant_type", ApprovalBench.cibaGrant)])
        #expect(missing.error == "invalid_request")
        #expect(try bench.poll(id).status == 200)
    }

    @Test func whatThePollSaysBesideTheIDIsNothing() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        let wider: Form = [
            ("grant_type", ApprovalBench.cibaGrant), ("auth_req_id", id), ("resource", "mail"), ("scope", "mail.send"),
        ]
        let answer = try bench.world.post("/oauth2/token", as: "agent:root", wider)
        #expect(answer.status == 200 && answer.string("scope") == "tickets.write")
    }

    @Test func eightPollsAtOnceGetOneToken() throws {
        for _ in 0..<3 {
            let bench = try ApprovalBench()
            let id = try bench.approved()
            let answers = concurrently(8) { _ in try? bench.poll(id) }.compactMap { $0 }
            #expect(answers.filter { $0.status == 200 }.count == 1)
            #expect(answers.filter { $0.error == "invalid_grant" }.count == 7)
        }
    }

    @Test func everyEndHasItsWord() throws {
        let bench = try ApprovalBench()
        func request(_ task: String) throws -> String { try bench.raise(ApprovalBench.risky + [("task", task)]) }
        let (denied, changed, rewritten, late) = (
            try request("a"), try request("b"), try request("c"), try request("d")
        )
        #expect(try bench.vote(rewritten, as: "owner:finance-lead").status == 200)
        #expect(try bench.deny(denied, as: "owner:finance-lead").status == 200)
        let no = try bench.poll(denied)
        #expect(no.error == "access_denied" && no["reason"] == .string("denied"))
        // The request is worked out anew at each poll; under another policy it is another one.
        bench.governance.set { $0.bundle = "sha256:second" }
        let gone = try bench.poll(changed)
        #expect(gone.error == "access_denied" && gone["reason"] == .string("superseded"))
        bench.governance.set { $0.bundle = "sha256:first" }
        #expect(try bench.poll(changed)["reason"] == .string("superseded"))
        #expect(try bench.world.change("/api/v1/agents/root") { $0["owner"] = .string("owner:bob") }.status == 200)
        #expect(try bench.poll(rewritten)["reason"] == .string("superseded"))
        #expect(try bench.world.change("/api/v1/agents/root") { $0["owner"] = .string("owner:ann") }.status == 200)
        bench.world.clock.advance(900)
        for _ in 0..<2 { #expect(try bench.poll(late).error == "expired_token") }
        #expect(try bench.entries("approval.expired").count == 1)
        bench.world.clock.advance(61)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.poll(late).error == "invalid_grant")
    }

    @Test func anApprovalIsUsedUpThoughPolicyWouldAskNobodyNow() throws {
        let bench = try ApprovalBench()
        let (id, open) = (try bench.approved(), try bench.raise(ApprovalBench.risky + [("task", "t")]))
        bench.governance.set { $0.isAsking = false }
        #expect(try bench.poll(id).status == 200)
        #expect(try bench.poll(id).error == "invalid_grant")
        #expect(try bench.poll(open).error == "slow_down")
    }

    @Test func aShorterWindowMayBeAskedFor() throws {
        let bench = try ApprovalBench()
        #expect(try bench.authorize(ApprovalBench.risky + [("requested_expiry", "901")]).error == "invalid_request")
        #expect(try bench.authorize(ApprovalBench.risky + [("requested_expiry", "9")]).error == "invalid_request")
        #expect(try bench.authorize(ApprovalBench.risky + [("requested_expiry", "x")]).error == "invalid_request")
        #expect(try bench.authorize(ApprovalBench.risky + [("requested_expiry", "60")])["expires_in"] == .integer(60))
    }

    @Test func hintsNameTheOwnerOrAGroupThatIsAsked() throws {
        let bench = try ApprovalBench()
        for hint in ["owner:ann", "finance"] {
            #expect(try bench.authorize(ApprovalBench.risky + [("login_hint", hint)]).status == 200, "\(hint)")
        }
        for hint in ["owner:bob", "security", "agent:root", "FINANCE"] {
            let answer = try bench.authorize(ApprovalBench.risky + [("login_hint", hint)])
            #expect(answer.error == "unknown_user_id", "\(hint)")
        }
        #expect(try bench.authorize(ApprovalBench.risky + [("login_hint_token", "x")]).error == "invalid_request")
    }

    @Test func theMessageIsBoundedAndPlain() throws {
        let bench = try ApprovalBench()
        let longest = String(repeating: "m", count: ApprovalLimits.messageBytes)
        for wrong in [longest + "m", "a\nb", "\u{1B}[2J", "\u{85}"] {
            let answer = try bench.authorize(ApprovalBench.risky + [("binding_message", wrong)])
            #expect(answer.error == "invalid_binding_message")
        }
        #expect(try bench.authorize(ApprovalBench.risky + [("binding_message", longest)]).status == 200)
    }

    @Test func nobodyIsAskedWithoutNeed() throws {
        let bench = try ApprovalBench()
        let free = try bench.authorize([("resource", "tickets"), ("scope", "tickets.read")])
        #expect(free.error == "invalid_request")
        #expect(try bench.authorize([("resource", "tickets"), ("scope", "tickets.admin")]).error == "invalid_scope")
        #expect(try bench.authorize(as: "admin:ops").error == "unauthorized_client")
        #expect(try bench.world.post(ApprovalBench.backchannel, as: nil, ApprovalBench.risky).error == "invalid_client")
        #expect(try World.shared().post(ApprovalBench.backchannel, as: "agent:root", ApprovalBench.risky).status == 400)
        #expect(try bench.world.admin("GET", "/api/v1/approvals")["approvals"] == .array([]))
    }

    @Test func anAssertionIsGoodOnceHereToo() throws {
        let bench = try ApprovalBench()
        let assertion = try bench.world.assertion("agent:root")
        let form =
            ApprovalBench.risky + [
                ("client_assertion_type", World.assertionType), ("client_assertion", assertion),
            ]
        #expect(try bench.world.post(ApprovalBench.backchannel, as: nil, form).status == 200)
        #expect(try bench.world.post(ApprovalBench.backchannel, as: nil, form).error == "invalid_client")
        let token = form + [("grant_type", "client_credentials")]
        #expect(try bench.world.post("/oauth2/token", as: nil, token).error == "invalid_client")
    }

    @Test func theMetadataSaysSo() throws {
        let metadata = try World.shared().handler.send("GET", "/.well-known/oauth-authorization-server")
        let endpoint = JSONValue.string(World.issuer + ApprovalBench.backchannel)
        #expect(metadata["backchannel_authentication_endpoint"] == endpoint)
        #expect(metadata["backchannel_token_delivery_modes_supported"] == .array([.string("poll")]))
        #expect(metadata["grant_types_supported"]?.arrayValue?.contains(.string(ApprovalBench.cibaGrant)) == true)
    }
}
