internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// What tools, and whoever holds a token, may try with approvals of actions.
struct ActionApprovalAbuseTests {
    /// What ends tokens ends what they had asked for, whether people agreed before it or after.
    @Test(arguments: [
        #"{"agent":"agent:root","reason":"r"}"#, #"{"owner":"owner:ann","reason":"r"}"#,
        #"{"resource":"tickets","reason":"r"}"#, #"{"everything":true,"reason":"r"}"#,
    ])
    func aRevocationBetweenApprovalAndUseEndsTheAgreement(_ what: String) throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let agreed = try bench.approved(token)
        let waiting = try bench.raise(token, id: "2")
        #expect(try bench.world.revoke(what).status < 300)
        #expect(try bench.ask(token).context["reason"] == .string("token_inactive"))
        // The agent itself may go on, and its new token finds none of it.
        let next = try bench.token()
        for (id, thing) in [(agreed, "1"), (waiting, "2")] {
            #expect(try bench.desk.show(id).string("state") == "superseded", "\(thing)")
            #expect(try bench.desk.vote(id, as: "owner:finance-deputy").status == 409, "\(thing)")
            let answer = try bench.ask(next, id: thing)
            #expect(answer.isWithheld("pending") && answer.approvalID != id, "\(thing): \(answer.text)")
        }
        #expect(try bench.desk.entries("approval.used").isEmpty)
    }

    @Test(arguments: ["token", "task", "trace"])
    func theTokenThatAskedIsRevokedAndTheQuestionGoesWithIt(_ target: String) throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let spared = try bench.approved(try bench.token("agent:other", task: "case-9"), id: "3")
        let agreed = try bench.approved(token)
        let waiting = try bench.raise(token, id: "2")
        let claims = try bench.world.introspect(token)
        let value: JSONValue? =
            switch target {
            case "token": claims["jti"]
            case "trace": claims["txn"]
            default: claims["mayfly"]?.objectValue?["task"]
            }
        let name = try #require(value?.stringValue)
        #expect(try bench.world.revoke(#"{"\#(target)":"\#(name)","reason":"r"}"#).status < 300)
        for id in [agreed, waiting] { #expect(try bench.desk.show(id).string("state") == "superseded") }
        #expect(try bench.desk.show(spared).string("state") == "approved")
        #expect(try bench.desk.entries("approval.superseded").count == 2)
        #expect(try bench.desk.entries("approval.superseded").allSatisfy { $0["actor"] == .string("admin:ops") })
        // The revocation itself is forgotten long before a window of a day would end; what it ended stays ended.
        let again = try ActionBench(restarting: bench)
        #expect(try again.desk.show(agreed).string("state") == "superseded")
        guard target != "task" else { return }
        let answer = try again.ask(try again.token())
        #expect(answer.isWithheld("pending") && answer.approvalID != agreed, "\(answer.text)")
    }

    @Test func aRevokedAncestorOrTicketTakesTheQuestionOfItsDescendantAlong() throws {
        let bench = try ActionBench()
        let root = try bench.token()
        let ticket = try bench.world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        let child = try bench.world.redeem("agent:child", ticket: ticket).accessToken
        let id = try bench.approved(child)
        let jti = try #require(try bench.world.introspect(root).string("jti"))
        #expect(try bench.world.revoke(#"{"token":"\#(jti)","reason":"r"}"#).status < 300)
        #expect(try bench.desk.show(id).string("state") == "superseded")
        // Its holder ends a ticket at the protocol's own endpoint.
        let second = try bench.token()
        let other = try bench.world.ticket("agent:root", parent: second, for: "agent:child").accessToken
        let below = try bench.world.redeem("agent:child", ticket: other).accessToken
        let next = try bench.approved(below)
        #expect(try bench.world.post("/oauth2/revoke", as: "agent:root", [("token", other)]).status == 200)
        #expect(try bench.ask(below).context["reason"] == .string("token_inactive"))
        #expect(try bench.desk.show(next).string("state") == "superseded")
    }

    @Test func aRevocationThatIsCommittedFirstIsSeenByTheQuestionBehindIt() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let admin = try bench.world.adminToken()
        let (kill, asked) = try bench.world.behindAHeldCommit {
            (
                try bench.world.beginAdmin(
                    "POST", "/api/v1/revocations", #"{"agent":"agent:root","reason":"r"}"#, token: admin),
                try bench.begin(token)
            )
        }
        #expect(kill.wait().status < 300)
        #expect(asked.wait().context["reason"] == .string("token_inactive"))
        #expect(try bench.desk.show(id).string("state") == "superseded")
        #expect(try bench.desk.entries("approval.used").isEmpty)
    }

    @Test func anAgentThatIsChangedOnTheWayIsAskedAboutAgain() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let admin = try bench.world.adminToken()
        let read = try bench.world.admin("GET", "/api/v1/agents/root")
        var agent = read.json
        for name in ["state", "keys", "created", "last_used", "epoch", "version"] { agent[name] = nil }
        agent["purpose"] = .string("another one")
        let (change, asked) = try bench.world.behindAHeldCommit {
            (
                try bench.world.beginAdmin(
                    "PUT", "/api/v1/agents/root", String(decoding: JSONWriter.bytes(of: .object(agent)), as: UTF8.self),
                    headers: [(name: "If-Match", value: read.header("ETag") ?? "")], token: admin),
                try bench.begin(token)
            )
        }
        #expect(change.wait().status == 200)
        // Policy had looked at another agent than the one that stands there now.
        #expect(asked.wait().context["reason"] == .string("policy_changed"))
        #expect(try bench.desk.show(id).string("state") == "approved")
        #expect(try bench.ask(token).isAllowed)
    }

    @Test func aDenialThatIsCommittedFirstIsSeenByTheQuestionBehindIt() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let id = try bench.approved(token)
        let denier = try bench.desk.token("owner:finance-lead")
        let (denial, asked) = try bench.world.behindAHeldCommit {
            (
                try bench.world.beginAdmin(
                    "POST", "/api/v1/approvals/\(id)/deny", #"{"reason":"stop"}"#, token: denier),
                try bench.begin(token)
            )
        }
        #expect(denial.wait().string("state") == "denied")
        #expect(asked.wait().isWithheld("denied"))
    }

    @Test func aSuspendedAgentComesBackWithoutWhatItHadAsked() throws {
        let bench = try ActionBench()
        let id = try bench.approved(try bench.token())
        #expect(try bench.world.admin("POST", "/api/v1/agents/root/suspend").status == 200)
        #expect(try bench.world.admin("POST", "/api/v1/agents/root/resume").status == 200)
        let answer = try bench.ask(try bench.token())
        #expect(answer.isWithheld("pending") && answer.approvalID != id, "\(answer.text)")
    }

    @Test func anotherOwnerIsAnotherQuestion() throws {
        let bench = try ActionBench()
        let id = try bench.approved(try bench.token())
        let changed = try bench.world.change("/api/v1/agents/root") { $0["owner"] = .string("owner:bob") }
        #expect(changed.status == 200)
        let answer = try bench.ask(try bench.token())
        #expect(answer.isWithheld("pending") && answer.approvalID != id, "\(answer.text)")
    }

    @Test func aToolThatAsksManyThingsFillsNeitherTheDeskNorTheAgentsOwnPlaces() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        var told: [String?] = []
        for number in 0..<200 { told.append(try bench.ask(token, id: "n\(number)").standing) }
        #expect(told.prefix(ApprovalLimits.actionsPerAgent).allSatisfy { $0 == "pending" })
        #expect(told.dropFirst(ApprovalLimits.actionsPerAgent).allSatisfy { $0 == "failed" })
        let full = try bench.ask(token, id: "one more")
        #expect(full.isWithheld("failed") && full.accessRequest?["reason"] == .string("too_many_pending"))
        #expect(full.approvalID == nil && full.accessRequest?["status_endpoint"] == nil)
        #expect(try bench.pending() == ApprovalLimits.actionsPerAgent)
        #expect(try bench.desk.entries("approval.raised").count == ApprovalLimits.actionsPerAgent)
        // Those that wait are still answered, the agent can ask for a token, and another agent is not concerned.
        #expect(try bench.ask(token, id: "n0").isWithheld("pending"))
        let form: Form = [("resource", "tickets"), ("context", #"{"records":200}"#)]
        #expect(try bench.desk.ask(form).error == "authorization_pending")
        let other = try bench.raise(try bench.token("agent:other"))
        // One decision makes room, and so does time.
        #expect(try bench.desk.deny(other, as: "owner:finance-lead").status == 200)
        let first = try #require(try bench.ask(token, id: "n0").approvalID)
        #expect(try bench.desk.deny(first, as: "owner:finance-lead").status == 200)
        #expect(try bench.ask(token, id: "one more").isWithheld("pending"))
        bench.world.clock.advance(900 + ApprovalLimits.memory + 1)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.world.admin("GET", "/api/v1/approvals")["approvals"] == .array([]))
        #expect(try bench.ask(try bench.token(), id: "n7").isWithheld("pending"))
    }

    @Test func anAgentThatEndsItsTokensOverAndOverGetsNoMoreRoomByThat() throws {
        let bench = try ActionBench()
        for round in 0..<4 {
            let token = try bench.token()
            for number in 0..<4 { _ = try bench.ask(token, id: "r\(round)n\(number)") }
            #expect(try bench.world.post("/oauth2/revoke", as: "agent:root", [("token", token)]).status == 200)
        }
        let kept = try bench.world.admin("GET", "/api/v1/approvals?limit=200")["approvals"]?.arrayValue ?? []
        #expect(kept.count == ApprovalLimits.actionsPerAgent)
        // What was ended is forgotten in a minute, not at the end of its window.
        bench.world.clock.advance(ApprovalLimits.memory)
        while try bench.world.broker.removeExpired() {}
        #expect(try bench.world.admin("GET", "/api/v1/approvals")["approvals"] == .array([]))
        #expect(try bench.ask(try bench.token()).isWithheld("pending"))
    }

    @Test func whatPeopleCannotReadIsNotPutToThem() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let text = String(repeating: "x", count: ApprovalLimits.subjectBytes)
        let large = try bench.ask(token, #"{"records":200,"note":"\#(text)"}"#)
        #expect(large.isWithheld("failed") && large.accessRequest?["reason"] == .string("too_large"), "\(large.text)")
        for id in [#"1\n2"#, #"a\u0000"#, #"\u009b2K"#, String(repeating: "i", count: ApprovalLimits.nameBytes + 1)] {
            let answer = try bench.ask(token, id: id)
            #expect(answer.isWithheld("failed"), "\(answer.text)")
            #expect(answer.accessRequest?["reason"] == .string("unreadable"), "\(answer.text)")
        }
        #expect(try bench.pending() == 0)
        // What is put to people can be read again by a broker that starts.
        let deep = String(repeating: "[", count: 14) + String(repeating: "]", count: 14)
        for context in [#"{"records":200,"x":\#(deep)}"#, #"{"records":200,"":"","é":"\u202e\n"}"#] {
            #expect(try bench.ask(token, context, id: "").isWithheld("pending"))
        }
        let again = try ActionBench(restarting: bench)
        #expect(try again.pending() == 2)
    }

    @Test func nobodyIsAskedAboutWhatWouldBeRefusedAllTheSame() throws {
        let bench = try ActionBench()
        let read = try bench.world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")])
        #expect(try bench.ask(read).context["reason"] == .string("scope_missing"))
        #expect(try bench.ask(try bench.token(), #"{"records":1000}"#).context["reason"] == .string("policy_denied"))
        let limits = #"[{"type":"mayfly_limits","max_records":250}]"#
        let bounded = try bench.world.minted(
            "agent:root", [("resource", "tickets"), ("task", "b"), ("authorization_details", limits)])
        let waiting = try bench.approved(bounded)
        // Too little is left for the second, and asking for it spent nothing.
        let answer = try bench.ask(bounded)
        #expect(answer.isAllowed && answer.remaining("records") == .integer(50), "\(answer.text)")
        #expect(try bench.desk.show(waiting).string("state") == "used")
        #expect(try bench.ask(bounded).context["reason"] == .string("budget_exhausted"))
        #expect(try bench.pending() == 0)
    }

    @Test func anAgreementThatABudgetCannotPayForIsNotUsedUp() throws {
        let bench = try ActionBench()
        let limits = #"[{"type":"mayfly_limits","max_records":350}]"#
        let token = try bench.world.minted(
            "agent:root", [("resource", "tickets"), ("task", "b"), ("authorization_details", limits)])
        let (first, second) = (try bench.approved(token), try bench.approved(token, id: "2"))
        let paid = try bench.ask(token)
        #expect(paid.isAllowed)
        #expect(try bench.ask(token, id: "2").context["reason"] == .string("budget_exhausted"))
        #expect(try bench.desk.show(second).string("state") == "approved")
        #expect(try bench.desk.show(first).string("state") == "used")
        let body = #"{"reservation":"\#(try #require(paid.reservation))","used":{"records":10}}"#
        #expect(try bench.send(body, to: "settle").status == 200)
        #expect(try bench.ask(token, id: "2").isAllowed)
    }

    @Test func aLookAsksNobodyAndAnAdministratorUsesNothingUp() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        let look = #"{"access_request":false}"#
        let nothing = try bench.ask(token, options: look)
        #expect(nothing.isWithheld(nil) && nothing.accessRequest == nil, "\(nothing.text)")
        let admin = (
            name: "Authorization",
            value: "Bearer \(try bench.world.minted("admin:ops", [("scope", "mayfly.introspect")]))"
        )
        func asAdmin() throws -> Answer {
            try bench.world.handler.send(
                "POST", "/access/v1/evaluation", headers: [Wire.jsonType, admin], body: ActionBench.question(token))
        }
        #expect(try asAdmin().isWithheld(nil))
        #expect(try bench.desk.entries("approval.raised").isEmpty)
        let id = try bench.raise(token)
        #expect(try bench.ask(token, options: look).isWithheld("pending"))
        #expect(try asAdmin().isWithheld("pending"))
        try bench.agree(id)
        for _ in 0..<2 { #expect(try asAdmin().isWithheld("approved")) }
        #expect(try bench.desk.show(id).string("state") == "approved")
        // What people agreed to is there for the tool, whether it would have asked or not.
        #expect(try bench.ask(token, options: look).isAllowed)
        #expect(try bench.ask(token, options: look).isWithheld(nil))
        #expect(try asAdmin().isWithheld(nil))
        #expect(try bench.pending() == 0)
        for bad in [#"{"access_request":1}"#, #"{"access_request":null}"#, "[]"] {
            #expect(try bench.ask(token, options: bad).status == 400, "\(bad)")
        }
    }

    @Test func aProxyAsksNobody() throws {
        let rules =
            ActionBench.allow
            + #", {"id": "w", "on": ["action"], "match": {"scopes": ["tickets.read"]}, "#
            + #""decision": "require_approval", "rationale": "r", "approval": {"groups": ["finance"]}}"#
        let bench = try ActionBench(ActionBench.bundle(rules))
        let token = try bench.token()
        let answer = try bench.world.handler.send(
            "GET", "/verify",
            headers: [
                (name: "X-Mayfly-Resource", value: bench.basic.value),
                (name: "Authorization", value: "Bearer \(token)"),
                (name: "X-Original-Method", value: "GET"), (name: "X-Original-URI", value: "/tickets/7"),
            ])
        #expect(answer.status == 403)
        #expect(try bench.pending() == 0)
        #expect(try bench.desk.entries("action.decided").first?["decision"] == .string("require_approval"))
    }

    @Test func anActionThatTakesADetailAndNoScopeIsAskedAboutToo() throws {
        // No scope, so no rule about scopes: the tier alone wants people.
        let bench = try ActionBench()
        let token = try bench.token()
        let context =
            #"{"records":200,"queues":"a","amount":{"amount":"99","currency":"EUR"},"read_only":false}"#
        let asked = try bench.ask(token, context, action: "pay", type: "refund")
        let id = try #require(asked.approvalID, "\(asked.text)")
        #expect(asked.isWithheld("pending"))
        #expect(try bench.desk.show(id)["scopes"] == .array([]))
        try bench.agree(id)
        let again = try ActionBench(restarting: bench)
        #expect(try again.ask(token, context, action: "pay", type: "refund").isAllowed)
    }

    @Test func eachQuestionOfABatchIsAskedAndUsedByItself() throws {
        let bench = try ActionBench()
        let token = try bench.token()
        func batch(_ ids: [String], _ options: String = "{}") throws -> [JSONObject] {
            let items = ids.map { #"{"resource":{"type":"thing","id":"\#($0)"}}"# }.joined(separator: ",")
            let body =
                #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"close"},"context":"#
                + #"{"records":200},"evaluations":[\#(items)],"options":\#(options)}"#
            return try bench.send(body, to: "evaluations")["evaluations"]?.arrayValue?.compactMap(\.objectValue) ?? []
        }
        func standing(_ item: JSONObject) -> String? {
            guard item["decision"] != .bool(true) else { return "allowed" }
            let request = item["context"]?.objectValue?["access_request"]?.objectValue
            return request?["status"]?.stringValue
        }
        #expect(try batch(["1"], #"{"access_request":false}"#).map(standing) == [nil])
        #expect(try batch(["1", "2", "1"]).map(standing) == ["pending", "pending", "pending"])
        #expect(try bench.pending() == 2)
        try bench.agree(try #require(try bench.ask(token, id: "1").approvalID))
        let twice = try batch(["1", "2", "1"]).map(standing)
        #expect(twice.prefix(2) == ["allowed", "pending"])
        // The same once more: as one that raced for it, or as one that came after.
        #expect(twice.last == "used" || twice.last == "pending")
        try bench.agree(try #require(try bench.ask(token, id: "2").approvalID))
        // What is not reached is not used up.
        let stop = #"{"evaluations_semantic":"deny_on_first_deny"}"#
        #expect(try batch(["3", "2"], stop).map(standing) == ["pending"])
        #expect(try batch(["2", "3"], stop).map(standing) == ["allowed", "pending"])
    }

    @Test func whereAQuestionStandsIsForItsOwnResourceAlone() throws {
        let bench = try ActionBench()
        let world = bench.world
        let id = try bench.raise(try bench.token())
        let task = try bench.status(id)
        #expect(task.status == 200 && task["task"]?.objectValue?["id"] == .string(id), "\(task.text)")
        #expect(task["task"]?.objectValue?["status"] == .string("pending"))
        let token = try bench.desk.raise([("resource", "tickets"), ("context", #"{"records":200}"#)])
        let mail = (name: "Authorization", value: Wire.basic("mail", try world.secret(of: "mail")))
        let unknown = try bench.status("nosuchthing")
        #expect(unknown.status == 404)
        // Another's, one about a token, and one that never was look the same.
        for other in [try bench.status(id, mail), try bench.status(token), try bench.status("a.b")] {
            #expect(other.status == 404 && other.text == unknown.text, "\(other.text)")
        }
        let admin = (
            name: "Authorization", value: "Bearer \(try world.minted("admin:ops", [("scope", "mayfly.introspect")]))"
        )
        #expect(try bench.status(id, admin).status == 200)
        let agent = (name: "Authorization", value: "Bearer \(try bench.token())")
        #expect(try bench.status(id, agent).status == 401)
        #expect(try bench.status(id, (name: "Accept", value: "*/*")).status == 401)
        // Neither a look nor the agent's own poll makes anything of it.
        try bench.agree(id)
        for _ in 0..<3 { #expect(try bench.status(id)["task"]?.objectValue?["status"] == .string("approved")) }
        #expect(try bench.desk.poll(id).error == "invalid_grant")
        #expect(try bench.desk.show(id).string("state") == "approved")
    }

    @Test func agreementToATokenStillStandsForItsActionsAndTheRestIsAsked() throws {
        let bench = try ActionBench()
        let form: Form = [
            ("resource", "tickets"), ("task", "case-1"), ("context", #"{"records":200,"account":"A-17"}"#),
        ]
        let request = try bench.desk.approved(form)
        let token = try bench.desk.ask(form).accessToken
        for _ in 0..<2 { #expect(try bench.ask(token, #"{"records":200,"account":"A-17"}"#).isAllowed) }
        #expect(try bench.desk.entries("action.decided").first?["approval"] == .string(request))
        // A tool that leaves out what people saw is not believed, and not stuck: people see what it does state.
        let id = try bench.approved(token, #"{"records":200}"#)
        #expect(try bench.ask(token, #"{"records":200}"#).isAllowed)
        #expect(try bench.desk.entries("action.decided").first?["approval"] == .string(id))
        #expect(try bench.ask(token, #"{"records":200}"#).isWithheld("pending"))
    }
}
