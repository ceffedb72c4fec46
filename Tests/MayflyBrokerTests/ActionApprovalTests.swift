internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// People agree to exactly one action of a tool, once.
struct ActionApprovalTests {
    @Test func agreementLetsExactlyThatActionThroughOnce() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        #expect(try bench.ask(token, #"{"records":5}"#).isAllowed)
        let first = try bench.ask(token)
        #expect(first.isWithheld("pending"), "\(first.text)")
        let id = try #require(first.approvalID)
        let request = try #require(first.accessRequest)
        #expect(request["expires_in"] == .integer(900) && request["interval"] == .integer(5))
        #expect(request["expires_at"] == .string("2027-01-15T08:15:00.000Z"))
        #expect(request["status_endpoint"] == .string("\(World.issuer)/access/v1/access-requests/\(id)"))
        bench.world.clock.advance(30)
        try bench.agree(id)
        #expect(try bench.status(id)["task"]?.objectValue?["status"] == .string("approved"))
        let granted = try bench.ask(token)
        #expect(granted.isAllowed && granted.accessRequest == nil, "\(granted.text)")
        #expect(try bench.desk.show(id).string("state") == "used")
        // The next one is a new question.
        let next = try bench.ask(token)
        #expect(next.isWithheld("pending") && next.approvalID != id)
    }

    @Test func theLedgerNamesTheActionItsApprovalAndTheTokenThatUsedIt() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        #expect(try bench.ask(token).isAllowed)
        for name in ["raised", "voted", "approved", "used"] {
            let entry = try #require(try bench.desk.entries("approval.\(name)").last, "\(name)")
            #expect(entry["approval"] == .string(id) && entry["action"] == .string("close"), "\(name)")
            #expect(entry["agent"] == .string("agent:root") && entry["task"] == .string("case-1"), "\(name)")
        }
        // The agent asks, whatever tool puts the question.
        #expect(try bench.desk.entries("approval.raised").last?["actor"] == .string("agent:root"))
        let decided = try bench.desk.entries("action.decided")
        let (allowed, withheld) = (try #require(decided.first), try #require(decided.last))
        #expect(allowed["approval"] == .string(id) && allowed["outcome"] == .string("allowed"))
        #expect(allowed["decision"] == .string("require_approval") && allowed["rule"] == .string("tier.3"))
        #expect(withheld["approval"] == nil && withheld["outcome"] == .string("denied"))
        #expect(withheld["decision"] == .string("require_approval"))
        #expect(try bench.desk.entries("approval.used").last?["token"] == allowed["token"])
        // Nothing that the tool stated is in the ledger, beyond what policy knows by name.
        #expect(try bench.desk.entries("approval.raised").last?["sha256"] != nil)
    }

    @Test func peopleSeeTheActionTheThingAndAllThatTheToolStated() throws {
        let bench = try ActionBench()
        let context = #"{"records":200,"z":{"y":1,"x":[2]},"account":"A-17"}"#
        let id = try bench.raise(try bench.token(), context)
        for reader in ["owner:finance-lead", "owner:ann"] {
            let shown = try bench.desk.call("GET", "/api/v1/approvals/\(id)", as: reader)
            #expect(shown.status == 200 && shown.string("operation") == "action", "\(shown.text)")
            #expect(shown["id"] == .string(id) && shown["action"] == .string("close"))
            #expect(shown["thing"] == .object(["type": .string("thing"), "id": .string("1")]))
            #expect(shown["scopes"] == .array([.string("tickets.write")]))
            let stated = try #require(shown["context"]?.objectValue)
            #expect(stated.members.map(\.name) == ["account", "records", "z"])
            #expect(shown["authorization_details"] == nil && shown["life"] == nil && shown["message"] == nil)
        }
        #expect(try bench.desk.call("GET", "/api/v1/approvals/\(id)", as: "owner:security-lead").status == 404)
    }

    @Test func anythingElseIsAnotherQuestion() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let world = bench.world
        let others: [(String, @Sendable () throws -> Answer)] = [
            ("thing", { try bench.ask(token, id: "2") }),
            ("type", { try bench.ask(token, type: "other") }),
            ("action", { try bench.ask(token, action: "tickets.write") }),
            ("amount", { try bench.ask(token, #"{"records":201}"#) }),
            ("less", { try bench.ask(token, #"{"records":199}"#) }),
            ("one more member", { try bench.ask(token, #"{"records":200,"account":"B"}"#) }),
            ("form", { try bench.ask(token, #"{"records":200,"extra":null}"#) }),
            ("task", { try bench.ask(try bench.token(task: "case-2"), ActionBench.risky) }),
            ("agent", { try bench.ask(try bench.token("agent:other"), ActionBench.risky) }),
            (
                "delegate",
                { try bench.ask(try world.delegated(from: "agent:root", parent: token, to: "agent:child")) }
            ),
        ]
        for (name, ask) in others {
            let answer = try ask()
            #expect(answer.isWithheld("pending") && answer.approvalID != id, "\(name): \(answer.text)")
            // None of them is in the way of the next.
            #expect(try bench.desk.deny(try #require(answer.approvalID), as: "owner:finance-lead").status == 200)
        }
        #expect(try bench.desk.show(id).string("state") == "approved")
        #expect(try bench.ask(token).isAllowed)
    }

    @Test func whereAMemberStandsAndInWhatOrderIsNothing() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.raise(token, #"{"records":200,"account":"A","note":{"a":1,"b":2}}"#)
        let other =
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"close","properties":{"note":"#
            + #"{"b":2,"a":1}}},"resource":{"type":"thing","id":"1","properties":{"records":200}},"#
            + #""context":{"account":"A"}}"#
        #expect(try bench.send(other).approvalID == id)
        #expect(try bench.pending() == 1)
    }

    @Test func anotherTokenOfTheSameTaskStandsInItsPlace() throws {
        let bench = try ActionBench()
        let id = try bench.raise(try bench.token())
        bench.world.clock.advance(400)
        try bench.agree(id)
        let later = try bench.token()
        #expect(try bench.ask(later).isAllowed)
        #expect(try bench.desk.show(id).string("state") == "used")
    }

    @Test func whatManyReplicasAskIsOneQuestion() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let ids = concurrently(12) { _ in (try? bench.ask(token).approvalID) ?? "none" }
        #expect(Set(ids).count == 1 && !ids.contains("none"))
        #expect(try bench.pending() == 1)
        #expect(try bench.desk.entries("approval.raised").count == 1)
    }

    @Test func ofTwelveThatRaceExactlyOneIsAllowed() throws {
        for _ in 0..<3 {
            let bench = try ActionBench()
            let tokens = try (0..<4).map { _ in try bench.token() }
            let id = try bench.approved(tokens[0])
            let answers = concurrently(12) { try? bench.ask(tokens[$0 % 4]) }.compactMap { $0 }
            #expect(answers.count == 12)
            #expect(answers.filter(\.isAllowed).count == 1)
            for other in answers where !other.isAllowed {
                #expect(other.isWithheld("used") || other.isWithheld("pending"), "\(other.text)")
            }
            #expect(try bench.desk.entries("approval.used").count == 1)
            #expect(try bench.desk.entries("action.decided").filter { $0["approval"] == .string(id) }.count == 1)
        }
    }

    @Test func whoComesLaterInTheSameCommitIsToldAndAsksNobodyAnew() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let racing = try bench.world.behindAHeldCommit { try (0..<2).map { _ in try bench.begin(token) } }
        #expect(racing[0].wait().isAllowed)
        let late = racing[1].wait()
        #expect(late.isWithheld("used") && late.approvalID == id, "\(late.text)")
        #expect(try bench.pending() == 0)
    }

    @Test func denialExpiryAndAVoidedVoteEachHaveTheirOwnAnswer() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let denied = try bench.raise(token)
        #expect(try bench.desk.deny(denied, as: "owner:finance-lead").string("state") == "denied")
        for _ in 0..<2 {
            let answer = try bench.ask(token)
            #expect(answer.isWithheld("denied") && answer.approvalID == denied, "\(answer.text)")
            #expect(answer.accessRequest?["interval"] == nil)
        }
        // Whose vote was needed leaves: people are asked again.
        let voided = try bench.approved(token, id: "2")
        #expect(try bench.world.admin("POST", "/api/v1/owners/finance-lead/leave").status == 200)
        let reopened = try bench.ask(token, id: "2")
        #expect(reopened.isWithheld("pending") && reopened.approvalID == voided)
        #expect(try bench.desk.entries("approval.reopened").count == 1)
        try bench.agree(voided, as: "owner:finance-deputy")
        #expect(try bench.ask(token, id: "2").isAllowed)
        // Told once that it has expired, the tool may ask anew.
        bench.world.clock.advance(250)
        let late = try bench.raise(try bench.token(), id: "3")
        try bench.agree(late, as: "owner:finance-deputy")
        bench.world.clock.advance(900)
        let fresh = try bench.token()
        let expired = try bench.ask(fresh, id: "3")
        #expect(expired.isWithheld("expired") && expired.approvalID == late, "\(expired.text)")
        #expect(try bench.desk.entries("approval.expired").count == 1)
        let again = try bench.ask(fresh, id: "3")
        #expect(again.isWithheld("pending") && again.approvalID != late)
    }

    @Test func fourEyesAndTheQuorumHoldForTheWholeChain() throws {
        let bench = try ActionBench(ActionBench.bundle(quorum: 2))
        let root = try bench.token()
        let child = try bench.world.delegated(from: "agent:root", parent: root, to: "agent:child")
        let id = try bench.raise(child)
        // owner:ann answers for the root of the chain, and is in finance.
        #expect(try bench.desk.vote(id, as: "owner:ann").status == 403)
        #expect(try bench.desk.vote(id, as: "owner:security-lead").status == 403)
        #expect(try bench.desk.vote(id, as: "owner:finance-lead").string("state") == "pending")
        #expect(try bench.ask(child).isWithheld("pending"))
        #expect(try bench.desk.vote(id, as: "owner:finance-lead").status == 409)
        #expect(try bench.desk.vote(id, as: "owner:finance-deputy").string("state") == "approved")
        // Neither the agent above nor one beside it may use what was agreed for the child.
        #expect(try bench.ask(root).isWithheld("pending"))
        #expect(try bench.ask(child).isAllowed)
    }

    @Test func agreementSurvivesARestartAtEveryStep() throws {
        var bench = try ActionBench()
        func restart() throws { bench = try ActionBench(restarting: bench) }
        let token = try bench.token()
        let id = try bench.raise(token)
        let before = try bench.desk.show(id).json
        try restart()
        #expect(try bench.desk.show(id).json == before)
        #expect(try bench.ask(token).approvalID == id)
        try bench.agree(id)
        try restart()
        #expect(try bench.status(id)["task"]?.objectValue?["status"] == .string("approved"))
        #expect(try bench.ask(token).isAllowed)
        try restart()
        #expect(try bench.desk.show(id).string("state") == "used")
        let next = try bench.ask(token)
        #expect(next.isWithheld("pending") && next.approvalID != id)
        try restart()
        #expect(try bench.pending() == 1)
        #expect(try bench.desk.deny(try #require(next.approvalID), as: "owner:finance-deputy").status == 200)
        try restart()
        #expect(try bench.ask(token).isWithheld("denied"))
    }

    @Test func aChangedBundleAsksAnewAndOneThatDeniesWins() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let other = ActionBench.allow.replacing(#""rationale": "r""#, with: #""rationale": "s""#)
        try bench.apply(ActionBench.bundle(other))
        #expect(try bench.desk.show(id).string("state") == "superseded")
        #expect(try bench.status(id)["task"]?.objectValue?["status"] == .string("cancelled"))
        let asked = try bench.ask(token)
        #expect(asked.isWithheld("pending") && asked.approvalID != id)
        let closed = #", {"id": "closed", "on": ["action"], "decision": "deny", "rationale": "no"}"#
        try bench.agree(try #require(asked.approvalID))
        try bench.apply(ActionBench.bundle(other + closed))
        let refused = try bench.ask(token)
        #expect(refused.context["reason"] == .string("policy_denied") && refused.accessRequest == nil)
        // Under the first bundle again, the first agreement stands while its window lasts.
        #expect(try bench.world.admin("POST", "/api/v1/policies/1/activate", #"{"rationale":"r"}"#).status < 300)
        #expect(try bench.ask(token).isAllowed)
    }
}
