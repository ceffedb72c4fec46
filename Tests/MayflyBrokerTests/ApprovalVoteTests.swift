internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// Who may say yes, who may say no, and whose word counts in the end.
struct ApprovalVoteTests {
    @Test func onlyThoseWhoAreAskedMayVoteAndEachOnce() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.terms = [ApprovalTerms(quorum: 2, groups: ["finance"])] }
        let id = try bench.raise()
        for (owner, words) in [("owner:security-lead", "groups"), ("owner:bob", "groups"), ("owner:ann", "four eyes")] {
            for word in ["approve", "deny"] {
                let answer = try bench.vote(id, as: owner, word)
                #expect(answer.status == 403, "\(owner) \(word)")
                #expect(answer.string("type") == "urn:mayfly:problem:not-yours-to-do")
                #expect(answer.string("detail")?.contains(words) == true, "\(owner)")
            }
        }
        #expect(try bench.vote(id, as: "owner:finance-lead").string("state") == "pending")
        #expect(try bench.vote(id, as: "owner:finance-lead").status == 409)
        #expect(try bench.ask().error == "slow_down")
        let last = try bench.vote(id, as: "owner:finance-deputy")
        #expect(last.string("state") == "approved")
        #expect(last["votes"]?.arrayValue?.count == 2)
        #expect(try bench.vote(id, as: "owner:finance-deputy").status == 409)
    }

    @Test func ownOwnersVoteCountsWhereFourEyesAreNotNeeded() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.terms = [ApprovalTerms(groups: [], needsFourEyes: false)] }
        let id = try bench.raise()
        #expect(try bench.vote(id, as: "owner:ann").string("state") == "approved")
        #expect(try bench.ask().status == 200)
    }

    @Test func everyOneOfTheTermsIsNeeded() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.terms = [ApprovalTerms(groups: ["finance"]), ApprovalTerms(groups: ["security"])] }
        let id = try bench.raise()
        #expect(try bench.vote(id, as: "owner:finance-lead").string("state") == "pending")
        // A second one of the same group changes nothing, and is told so.
        #expect(try bench.vote(id, as: "owner:finance-deputy").status == 409)
        #expect(try bench.vote(id, as: "owner:security-lead").string("state") == "approved")
    }

    @Test func eightVotesOfOnePersonAtOnceCountOnce() throws {
        let bench = try ApprovalBench()
        bench.governance.set { $0.terms = [ApprovalTerms(quorum: 2, groups: ["finance"])] }
        let id = try bench.raise()
        let statuses = concurrently(8) { _ in (try? bench.vote(id, as: "owner:finance-lead").status) ?? 0 }
        #expect(statuses.filter { $0 == 200 }.count == 1)
        #expect(statuses.filter { $0 == 409 }.count == 7)
        #expect(try bench.show(id).string("state") == "pending")
    }

    @Test func whoeverAgreedMayStillTakeItBackUntilItIsUsed() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        #expect(try bench.deny(id, as: "owner:finance-lead").string("state") == "denied")
        #expect(try bench.ask().error == "access_denied")
        let used = try bench.approved(ApprovalBench.risky + [("task", "t")])
        #expect(try bench.ask(ApprovalBench.risky + [("task", "t")]).status == 200)
        #expect(try bench.deny(used, as: "owner:finance-lead").status == 409)
    }

    @Test func administratorsReadAndDenyAndNeverApprove() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        let reason = #"{"reason":"incident"}"#
        #expect(try bench.world.admin("POST", "/api/v1/approvals/\(id)/approve", reason).status == 403)
        let reader = try bench.world.adminToken("mayfly.read")
        #expect(try bench.world.beginAdmin("GET", "/api/v1/approvals", token: reader).wait().status == 200)
        let path = "/api/v1/approvals/\(id)/deny"
        #expect(try bench.world.beginAdmin("POST", path, reason, token: reader).wait().status == 403)
        let denied = try bench.world.admin("POST", path, reason)
        #expect(denied.status == 200 && denied.string("state") == "denied")
        let event = try #require(try bench.entries("approval.denied").first)
        #expect(event["actor"] == .string("admin:ops") && event["reason"] == .string("incident"))
        #expect(try bench.ask().error == "access_denied")
    }

    @Test(arguments: ["", "{}", #"{"reason":""}"#, #"{"reason":"  "}"#, #"{"reason":1}"#, #"{"reason":"a","x":1}"#])
    func aReasonIsNeeded(_ body: String) throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        let answer = try bench.call("POST", "/api/v1/approvals/\(id)/approve", as: "owner:finance-lead", body)
        #expect(answer.status == 400)
        #expect(try bench.show(id).string("state") == "pending")
    }

    @Test func votesOfThoseWhoHaveLeftOrLostTheirGroupOrKeyDoNotCount() throws {
        typealias End = @Sendable (ApprovalBench) throws -> Answer
        let ends: [(String, End)] = [
            ("leave", { try $0.world.admin("POST", "/api/v1/owners/finance-lead/leave") }),
            ("group", { try $0.world.change("/api/v1/owners/finance-lead") { $0["groups"] = .array([]) } }),
            ("revoke", { try $0.world.revoke(#"{"owner":"owner:finance-lead"}"#) }),
            ("kill", { try $0.world.revoke(#"{"everything":true}"#) }),
            (
                "key",
                {
                    let key = try $0.world.key("owner:finance-lead").publicKey.thumbprint
                    return try $0.world.admin("DELETE", "/api/v1/owners/finance-lead/keys/\(key)")
                }
            ),
        ]
        for (name, end) in ends {
            let bench = try ApprovalBench()
            let id = try bench.approved()
            #expect(try end(bench).status < 300, "\(name)")
            #expect(try bench.show(id).string("state") == "pending", "\(name)")
            let answer = try bench.ask()
            #expect(answer.error == "authorization_pending", "\(name): \(answer.text)")
            #expect(answer.string("auth_req_id") == id)
            #expect(try bench.show(id).string("state") == "pending")
            #expect(try bench.entries("approval.reopened").count == 1)
            // Somebody else's word makes up for it.
            #expect(try bench.vote(id, as: "owner:finance-deputy").string("state") == "approved", "\(name)")
            #expect(try bench.ask().status == 200, "\(name)")
        }
    }

    @Test func othersNeedNotWaitForTheAgentToMakeUpForALostVote() throws {
        let bench = try ApprovalBench()
        let id = try bench.approved()
        #expect(try bench.world.admin("POST", "/api/v1/owners/finance-lead/leave").status == 200)
        let voted = try bench.vote(id, as: "owner:finance-deputy")
        #expect(voted.string("state") == "approved")
        #expect(voted["votes"]?.arrayValue?.count == 1)
        #expect(try bench.entries("approval.reopened").count == 1)
        #expect(try bench.ask().status == 200)
    }

    @Test func aVoteBehindAKillDoesNotCountThoughItsTokenWasAliveBefore() throws {
        for kill in [#"{"everything":true}"#, #"{"owner":"owner:finance-lead"}"#] {
            let bench = try ApprovalBench()
            let id = try bench.raise()
            let (voter, admin) = (try bench.token("owner:finance-lead"), try bench.world.adminToken())
            // The kill waits for the disk; the vote is looked at while its token still is alive, and decided behind it.
            bench.world.store.hold()
            let killed = try bench.world.beginAdmin("POST", "/api/v1/revocations", kill, token: admin)
            bench.world.store.awaitHeld()
            let vote = try bench.world.beginAdmin(
                "POST", "/api/v1/approvals/\(id)/approve", #"{"reason":"r"}"#, token: voter)
            bench.world.store.release()
            #expect(killed.wait().status < 300)
            #expect(vote.wait().status == 403)
            #expect(try bench.show(id).string("state") == "pending")
        }
    }

    @Test func ownersSeeWhatConcernsThem() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        let sees = [
            ("owner:finance-lead", true), ("owner:ann", true), ("owner:bob", false), ("owner:security-lead", false),
        ]
        for (owner, isShown) in sees {
            let list = try bench.call("GET", "/api/v1/approvals?state=pending", as: owner)["approvals"]?.arrayValue
            #expect(list?.count == (isShown ? 1 : 0), "\(owner)")
            let one = try bench.call("GET", "/api/v1/approvals/\(id)", as: owner)
            #expect(one.status == (isShown ? 200 : 404), "\(owner)")
        }
        let shown = try bench.show(id)
        #expect(shown.string("agent") == "agent:root" && shown.string("owner") == "owner:ann")
        #expect(shown["scopes"] == .array([.string("tickets.write")]))
        #expect(shown.string("resource") == "tickets")
    }

    @Test func listingsArePagedByAgeAndFiltered() throws {
        let bench = try ApprovalBench()
        var ids: [String] = []
        for number in 0..<5 {
            ids.append(try bench.raise(ApprovalBench.risky + [("task", "t-\(number)")]))
            bench.world.clock.advance(1)
        }
        #expect(try bench.deny(ids[1], as: "owner:finance-lead").status == 200)
        var seen: [String] = []
        var cursor = ""
        repeat {
            let page = try bench.world.admin("GET", "/api/v1/approvals?state=pending&limit=2\(cursor)")
            seen += page["approvals"]?.arrayValue?.compactMap { $0.objectValue?["id"]?.stringValue } ?? []
            cursor = page.string("next_cursor").map { "&cursor=\(Wire.escape($0))" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == [ids[0], ids[2], ids[3], ids[4]])
        #expect(try bench.world.admin("GET", "/api/v1/approvals?state=denied")["approvals"]?.arrayValue?.count == 1)
        #expect(try bench.world.admin("GET", "/api/v1/approvals?state=maybe").status == 400)
    }

    @Test func nobodyElseGetsIn() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        let agent = try bench.world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")])
        for path in ["/api/v1/approvals", "/api/v1/approvals/\(id)"] {
            #expect(try bench.world.beginAdmin("GET", path, token: agent).wait().status == 401)
            #expect(try bench.world.handler.send("GET", path).status == 401)
        }
        let asker = try bench.world.adminToken("mayfly.introspect")
        #expect(try bench.world.beginAdmin("GET", "/api/v1/approvals", token: asker).wait().status == 403)
        #expect(try bench.vote("unknown", as: "owner:finance-lead").status == 404)
        #expect(try bench.vote("a%20b", as: "owner:finance-lead").status == 404)
    }

    @Test func aPolicyThatIsGoneIsNotVotedFor() throws {
        let bench = try ApprovalBench()
        let id = try bench.raise()
        bench.governance.set { $0.bundle = "sha256:second" }
        #expect(try bench.vote(id, as: "owner:finance-lead").status == 409)
        #expect(try bench.entries("approval.superseded").count == 1)
        bench.governance.set { $0.bundle = "sha256:first" }
        #expect(try bench.show(id).string("state") == "superseded")
        #expect(try bench.raise() != id)
    }
}
