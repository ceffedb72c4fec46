internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// People agree to exactly one request, once.
struct ApprovalTests {
    @Test func agreementLetsExactlyThatRequestThroughOnce() throws {
        let bench = try ApprovalBench()
        #expect(try bench.ask([("resource", "tickets"), ("scope", "tickets.read")]).status == 200)
        let first = try bench.ask()
        #expect(first.status == 400)
        #expect(first.error == "authorization_pending")
        #expect(first["expires_in"] == .integer(900))
        #expect(first["interval"] == .integer(5))
        let id = try #require(first.string("auth_req_id"))
        #expect(id.utf8.count >= 22)
        bench.world.clock.advance(30)
        let voted = try bench.vote(id, as: "owner:finance-lead")
        #expect(voted.status == 200 && voted.string("state") == "approved")
        let granted = try bench.ask()
        #expect(granted.status == 200)
        #expect(try bench.world.isActive(granted.accessToken))
        #expect(try bench.show(id).string("state") == "used")
        // The next one is a new question.
        let next = try bench.ask()
        #expect(next.error == "authorization_pending")
        #expect(next.string("auth_req_id") != id)
        // What happened is there, with who and how long.
        let names = ["raised", "voted", "approved", "used"].map { "approval.\($0)" }
        for name in names { #expect(try bench.entries(name).last?["approval"]?.stringValue == id, "\(name)") }
        let vote = try #require(try bench.entries("approval.voted").last)
        #expect(vote["actor"] == .string("owner:finance-lead"))
        #expect(vote["reason"] == .string("checked") && vote["decision"] == .string("approve"))
        #expect(vote["seconds"] == .integer(30))
        let use = try #require(try bench.entries("approval.used").last)
        #expect(use["actor"] == .string("agent:root"))
        #expect(use["token"] == (try bench.entries("token.issued").first { $0["approval"] == .string(id) })?["token"])
    }

    @Test func anythingElseIsAnotherQuestion() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        let others: [Form] = [
            ApprovalBench.risky + [("task", "t-1")], ApprovalBench.risky + [("context", #"{"env":"prod"}"#)],
            ApprovalBench.risky + [("lifetime", "60")], ApprovalBench.risky + [("delegates", "agent:child")],
            [("resource", "tickets"), ("scope", "tickets.read tickets.write")],
            ApprovalBench.risky + [("authorization_details", #"[{"type":"mayfly_limits","max_calls":3}]"#)],
        ]
        for form in others { #expect(try bench.raise(form) != id, "\(form)") }
        #expect(try bench.raise(as: "agent:other") != id)
        bench.governance.set { $0.bundle = "sha256:second" }
        #expect(try bench.raise() != id)
        #expect(try bench.show(id).string("state") == "superseded")
        bench.governance.set { $0.bundle = "sha256:first" }
        #expect(try bench.ask().status == 200)
    }

    @Test func otherTermsAreAnotherQuestion() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        bench.governance.set { $0.terms = [ApprovalTerms(quorum: 2, groups: ["finance"])] }
        #expect(try bench.raise() != id)
        #expect(try bench.show(id).string("state") == "superseded")
        #expect(try bench.entries("approval.superseded").count == 1)
    }

    @Test func theSameQuestionIsAskedOnce() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        let again = try bench.ask()
        #expect(again.error == "slow_down")
        #expect(again.string("auth_req_id") == id)
        let answers = concurrently(8) { _ in (try? bench.ask().string("auth_req_id")) ?? "none" }
        #expect(Set(answers) == [id])
        #expect(try bench.world.admin("GET", "/api/v1/approvals")["approvals"]?.arrayValue?.count == 1)
        #expect(try bench.entries("approval.raised").count == 1)
    }

    @Test func pollingTooSoonMakesTheWaitLongerForGood() throws {
        let bench = try ApprovalBench()
        _ = try bench.raise()
        #expect(try bench.ask()["interval"] == .integer(10))
        bench.world.clock.advance(9)
        #expect(try bench.ask()["interval"] == .integer(15))
        bench.world.clock.advance(15)
        let patient = try bench.ask()
        #expect(patient.error == "authorization_pending" && patient["interval"] == .integer(15))
        for _ in 0..<80 { _ = try bench.ask() }
        #expect(try bench.ask()["interval"] == .integer(ApprovalLimits.longestInterval))
    }

    @Test func denialStandsUntilTheWindowEnds() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        #expect(try bench.deny(id, as: "owner:finance-lead").string("state") == "denied")
        for _ in 0..<2 {
            let answer = try bench.ask()
            #expect(answer.status == 400 && answer.error == "access_denied")
            #expect(answer["reason"] == .string("denied"))
        }
        #expect(try bench.vote(id, as: "owner:finance-deputy").status == 409)
        bench.world.clock.advance(961)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.raise() != id)
    }

    @Test func aDenialOutlivesTheShorterWindowThatTheClientAskedFor() throws {
        let bench = try ApprovalBench()
        let asked = try bench.authorize(ApprovalBench.risky + [("requested_expiry", "10")])
        let id = try #require(asked.string("auth_req_id"), "\(asked.text)")
        #expect(try bench.deny(id, as: "owner:finance-lead").string("state") == "denied")
        bench.world.clock.advance(10 + ApprovalLimits.memory + 1)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.ask()["reason"] == .string("denied"))
        #expect(try bench.authorize()["reason"] == .string("denied"))
    }

    @Test func windowEndsBothTheVoteAndTheAgreement() throws {
        let bench = try ApprovalBench()
        let (late, unused) = (try bench.raise(), try bench.approved(ApprovalBench.risky + [("task", "t")]))
        bench.world.clock.advance(900)
        #expect(try bench.show(late).string("state") == "expired")
        #expect(try bench.show(unused).string("state") == "expired")
        #expect(try bench.vote(late, as: "owner:finance-lead").status == 409)
        #expect(try bench.entries("approval.expired").count == 1)
        let told = try bench.ask(ApprovalBench.risky + [("task", "t")])
        #expect(told.error == "expired_token")
        #expect(try bench.entries("approval.expired").first?["seconds"] == .integer(900))
        // Told once, the agent may ask again.
        #expect(try bench.raise(ApprovalBench.risky + [("task", "t")]) != unused)
        #expect(try bench.raise() != late)
    }

    @Test func theSmallestWindowCounts() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.terms = [ApprovalTerms(window: 600), ApprovalTerms(groups: ["audit"], window: 60)] }
        #expect(try bench.ask()["expires_in"] == .integer(60))
    }

    @Test func eightRedemptionsAtOnceMakeOneToken() throws {
        for _ in 0..<3 {
            let bench = try ApprovalBench()
            _ = try bench.approved()
            let answers = concurrently(8) { _ in try? bench.ask() }.compactMap { $0 }
            let tokens = answers.filter { $0.status == 200 }
            #expect(tokens.count == 1)
            // Whoever came later was told so, or asked anew.
            #expect(
                answers.filter { $0.status != 200 }.allSatisfy {
                    ["invalid_grant", "authorization_pending", "slow_down"].contains($0.error)
                })
            #expect(try bench.entries("approval.used").count == 1)
        }
    }

    @Test func agreementSurvivesARestartAndIsUsedUpAcrossOne() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        let pending = try bench.raise(ApprovalBench.risky + [("task", "t")])
        let before = try bench.show(id).json
        let second = try ApprovalBench(restarting: bench)
        #expect(try second.show(id).json == before)
        #expect(try second.ask().status == 200)
        let third = try ApprovalBench(restarting: second)
        #expect(try third.show(id).string("state") == "used")
        #expect(try third.ask().error == "authorization_pending")
        #expect(try third.vote(pending, as: "owner:finance-deputy").string("state") == "approved")
        #expect(try third.ask(ApprovalBench.risky + [("task", "t")]).status == 200)
    }

    @Test func agreementDoesNotOutliveTheStandingOfWhomItIsFor() throws {
        let ends: [@Sendable (World) throws -> Answer] = [
            { try $0.admin("POST", "/api/v1/agents/root/suspend") },
            { try $0.admin("POST", "/api/v1/agents/root/offboard") },
            { try $0.admin("POST", "/api/v1/owners/ann/leave") },
        ]
        for end in ends {
            let bench = try ApprovalBench()
            _ = try bench.approved()
            #expect(try end(bench.world).status == 200)
            #expect(try bench.ask().error == "invalid_client")
        }
        // Under another owner it is another request.
        let bench = try ApprovalBench()
        let id = try bench.approved()
        #expect(try bench.world.change("/api/v1/agents/root") { $0["owner"] = .string("owner:bob") }.status == 200)
        #expect(try bench.raise() != id)
    }

    @Test func aDenialThatIsCommittedFirstIsSeenByTheRedemptionBehindIt() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        let denier = try bench.token("owner:finance-lead")
        let form = [("grant_type", "client_credentials")] + ApprovalBench.risky
        // The token is signed while the approval still stands.
        let (denial, redemption) = try bench.world.behindAHeldCommit {
            (
                try bench.world.beginAdmin(
                    "POST", "/api/v1/approvals/\(id)/deny", #"{"reason":"stop"}"#, token: denier),
                try bench.world.begin("/oauth2/token", as: "agent:root", form)
            )
        }
        #expect(denial.wait().string("state") == "denied")
        #expect(redemption.wait().error == "invalid_grant")
        #expect(try bench.entries("token.refused").contains { $0["rule"] == .string("approval.spent") })
    }

    @Test func theBoundOfAnAgentHoldsAndConcernsNobodyElse() throws {
        let bench = try ApprovalBench()
        func form(_ number: Int) -> Form { ApprovalBench.risky + [("task", "t-\(number)")] }
        for number in 0..<ApprovalLimits.pendingPerAgent { _ = try bench.raise(form(number)) }
        let more = try bench.ask(form(99))
        #expect(more.error == "access_denied" && more["reason"] == .string("too_many_pending"))
        // Another agent is not concerned, and one decision makes room.
        let id = try bench.raise(as: "agent:other")
        #expect(try bench.deny(id, as: "owner:finance-lead").status == 200)
        bench.world.clock.advance(10)
        let first = try #require(try bench.ask(form(0)).string("auth_req_id"))
        #expect(try bench.deny(first, as: "owner:finance-lead").status == 200)
        _ = try bench.raise(form(99))
        // Those that nobody decides go by themselves.
        bench.world.clock.advance(961)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.world.admin("GET", "/api/v1/approvals")["approvals"] == .array([]))
        for number in 0..<ApprovalLimits.pendingPerAgent { _ = try bench.raise(form(number)) }
    }

    @Test func whatCouldNotBeReadAgainIsNotAsked() throws {
        let bench = try ApprovalBench()
        for terms in [
            ApprovalTerms(window: 9), ApprovalTerms(quorum: 0), ApprovalTerms(quorum: ApprovalTerms.maximumQuorum + 1),
            ApprovalTerms(groups: (0...ApprovalTerms.maximumGroups).map { "g\($0)" }),
        ] {
            bench.governance.set { $0.terms = [terms] }
            #expect(try bench.ask()["reason"] == .string("too_large"))
        }
        // The same resource by two names is one.
        bench.governance.set { $0.terms = [ApprovalTerms()] }
        let id = try bench.raise([
            ("resource", "tickets"), ("resource", "tickets"), ("resource", World.tickets), ("scope", "tickets.write"),
        ])
        let again = try ApprovalBench(restarting: bench)
        #expect(try again.vote(id, as: "owner:finance-lead").status == 200)
        #expect(try again.poll(id).status == 200)
    }

    @Test func whatIsTooLargeToReadIsNotAsked() throws {
        let bench = try ApprovalBench()
        let text = String(repeating: "x", count: ApprovalLimits.subjectBytes)
        let answer = try bench.ask(ApprovalBench.risky + [("context", #"{"note":"\#(text)"}"#)])
        #expect(answer.error == "access_denied" && answer["reason"] == .string("too_large"))
        bench.governance.set { rules in
            rules.terms = (0...Int64(ApprovalLimits.terms)).map { ApprovalTerms(window: 60 + $0) }
        }
        #expect(try bench.ask()["reason"] == .string("too_large"))
    }

    @Test func refusalsOfPolicyAreRefusals() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        bench.governance.set { $0.refusal = OAuthError(.accessDenied, "policy says no") }
        #expect(try bench.ask().error == "access_denied")
        bench.governance.set { $0.refusal = nil }
        #expect(try bench.show(id).string("state") == "approved")
    }

    @Test func aHandedOnRightIsApprovedForItsChain() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.isAsking = false }
        let parent = try bench.world.minted("agent:root", ApprovalBench.risky)
        bench.governance.set { $0.isAsking = true }
        func hand() throws -> Answer {
            try bench.world.ticket("agent:root", parent: parent, for: "agent:other", [("scope", "tickets.write")])
        }
        let id = try #require(try hand().string("auth_req_id"))
        // The delegate's owner and the holder's own are both involved.
        #expect(try bench.vote(id, as: "owner:ann").status == 403)
        #expect(try bench.vote(id, as: "owner:finance-lead").status == 200)
        // It names no parameters that could be repeated without the parent's token.
        #expect(try bench.poll(id).error == "invalid_grant")
        let ticket = try hand()
        #expect(ticket.status == 200)
        let redeemed = try bench.world.redeem("agent:other", ticket: ticket.accessToken)
        #expect(redeemed.error == "authorization_pending")
        let second = try #require(redeemed.string("auth_req_id"))
        #expect(try bench.vote(second, as: "owner:ann").status == 403)
        #expect(try bench.vote(second, as: "owner:finance-deputy").status == 200)
        // Nothing was used up by asking.
        #expect(try bench.world.redeem("agent:other", ticket: ticket.accessToken).status == 200)
        #expect(try bench.world.redeem("agent:other", ticket: ticket.accessToken).error == "invalid_request")
    }
}
