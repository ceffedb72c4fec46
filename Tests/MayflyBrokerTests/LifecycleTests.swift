internal import MayflyModel
internal import Testing

@testable internal import MayflyBroker

/// Reviews that are due and end dates that come are said once, and act as configured.
struct LifecycleTests {
    private static let day: Int64 = 86_400
    private static let reviews = ["agent.review_due", "agent.review_overdue"]

    private func configure(_ world: World, _ edit: (inout LifecycleSettings) -> Void) {
        var settings = world.broker.settings
        edit(&settings.lifecycle)
        world.broker.live.replace(with: settings)
    }

    /// Takes a step, and waits until what it says is durable.
    private func walk(_ world: World, steps: Int = 1) {
        for _ in 0..<steps {
            world.broker.watchLifecycles()
            world.settle()
        }
    }

    /// The entries that the broker itself wrote about one agent, the oldest first.
    private func said(_ world: World, _ agent: String = "agent:root") throws -> [String] {
        let page = try world.admin("GET", "/api/v1/ledger?agent=\(agent)&limit=500")
        let entries = (page["entries"]?.arrayValue ?? []).compactMap { $0.objectValue?["entry"]?.objectValue }
        // The newest comes first.
        return entries.reversed().filter { $0["actor"]?.stringValue == "broker" }.compactMap { entry in
            let event = entry["event"]?.stringValue
            return event == "registry.changed" ? entry["action"]?.stringValue : event
        }
    }

    private func state(_ world: World, _ agent: String = "agent:root") throws -> String? {
        try world.admin("GET", "/api/v1/agents/\(agent)").string("state")
    }

    private func standing(_ world: World, _ agent: String = "agent:root") throws -> String? {
        try world.admin("GET", "/api/v1/agents/\(agent)")["lifecycle"]?.objectValue?["review"]?.stringValue
    }

    private func plan(_ world: World, _ members: JSONObject) throws {
        let answer = try world.change("/api/v1/agents/agent:root") { object in
            object["lifecycle"] = nil
            for member in members.members { object[member.name] = member.value }
        }
        try #require(answer.status == 200, "\(answer.text)")
    }

    private func time(_ world: World, days: Int64) -> JSONValue {
        .string(RFC3339.format(world.clock.now().advanced(bySeconds: days * Self.day)))
    }

    private func review(_ world: World, _ body: String = #"{"reason": "looked at it"}"#) throws -> Answer {
        try world.admin("POST", "/api/v1/agents/agent:root/reviews", body)
    }

    @Test func aReviewIsDueOnceAndOverdueOnceAndThenSuspends() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.reviewEvery = 90 * Self.day
            $0.overdue = .suspend
        }
        #expect(try standing(world) == "ahead")
        world.clock.advance(90 * Self.day - 1)
        walk(world, steps: 3)
        #expect(try said(world).isEmpty)
        world.clock.advance(1)
        walk(world, steps: 3)
        #expect(try said(world) == ["agent.review_due"])
        #expect(try standing(world) == "due")
        #expect(try world.token("agent:root", [("resource", "tickets")]).status == 200)
        world.clock.advance(14 * Self.day)
        let token = try world.minted("agent:root")
        walk(world, steps: 3)
        #expect(try said(world) == Self.reviews + ["suspend"])
        #expect(try standing(world) == "overdue")
        #expect(try !world.isActive(token))
        #expect(try world.token("agent:root", [("resource", "tickets")]).status != 200)
        let entry = try world.admin("GET", "/api/v1/ledger?event=agent.review_overdue&agent=agent:root")
        let object = entry["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(object?["reason"]?.stringValue == "never reviewed")
        #expect(object?["owner"]?.stringValue == "owner:ann")
        #expect(object?["retention"]?.stringValue == "security")
    }

    @Test func warningsAloneTakeNothingAway() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) { $0.reviewEvery = 90 * Self.day }
        world.clock.advance(90 * Self.day)
        walk(world)
        world.clock.advance(1000 * Self.day)
        walk(world, steps: 3)
        #expect(try said(world) == Self.reviews)
        #expect(try state(world) == "active")
    }

    @Test func whoSetsAnIntervalWarnsEverybodyBeforeAnybodyIsSuspended() throws {
        let world = try World(enrol: ["agent:root"])
        world.clock.advance(1000 * Self.day)
        configure(world) {
            $0.reviewEvery = 90 * Self.day
            $0.overdue = .suspend
        }
        walk(world, steps: 2)
        #expect(try said(world) == ["agent.review_due"])
        world.clock.advance(14 * Self.day - 1)
        walk(world)
        #expect(try state(world) == "active")
        world.clock.advance(1)
        walk(world)
        #expect(try state(world) == "suspended")
    }

    @Test func aReviewPutsTheNextOneAheadAndTheAgentIsResumedForGood() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.reviewEvery = 90 * Self.day
            $0.overdue = .suspend
            $0.overdueAfter = 0
        }
        world.clock.advance(90 * Self.day)
        walk(world)
        #expect(try said(world) == Self.reviews + ["suspend"])
        #expect(try review(world).status == 200)
        #expect(try state(world) == "suspended")
        #expect(try standing(world) == "ahead")
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/resume").status == 200)
        walk(world, steps: 3)
        #expect(try state(world) == "active")
        #expect(try said(world).count == 3)
        world.clock.advance(90 * Self.day)
        walk(world)
        #expect(try said(world) == Self.reviews + ["suspend"] + Self.reviews + ["suspend"])
    }

    @Test func anAdministratorWhoResumesWithoutAReviewHasDecidedAboutThisDate() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.overdue = .suspend
            $0.overdueAfter = 0
        }
        try plan(world, ["next_review": time(world, days: 1)])
        world.clock.advance(Self.day)
        walk(world)
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/resume").status == 200)
        walk(world, steps: 3)
        #expect(try state(world) == "active")
        try plan(world, ["next_review": time(world, days: 1)])
        world.clock.advance(Self.day)
        walk(world)
        #expect(try state(world) == "suspended")
    }

    @Test func anAgentThatWasSuspendedOtherwiseIsSuspendedForItsReviewOnceItIsResumed() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.overdue = .suspend
            $0.overdueAfter = 0
        }
        try plan(world, ["next_review": time(world, days: 1)])
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/suspend").status == 200)
        world.clock.advance(Self.day)
        walk(world, steps: 2)
        #expect(try said(world) == Self.reviews)
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/resume").status == 200)
        walk(world)
        #expect(try said(world) == Self.reviews + ["suspend"])
    }

    @Test func aNoticeLeavesTheETagAndTokensThatAreOut() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 0), "end_date": time(world, days: 3)])
        let token = try world.minted("agent:root")
        let before = try world.admin("GET", "/api/v1/agents/agent:root").header("ETag")
        let version = world.broker.state.version
        walk(world)
        #expect(try said(world) == ["agent.review_due", "agent.ending"])
        #expect(try world.admin("GET", "/api/v1/agents/agent:root").header("ETag") == before)
        #expect(world.broker.state.version == version)
        #expect(try world.isActive(token))
    }

    @Test(arguments: LifecycleSettings.Ended.allCases)
    func anEndDateIsAnnouncedAndActsAsConfigured(_ ended: LifecycleSettings.Ended) throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) { $0.ended = ended }
        try plan(world, ["end_date": time(world, days: 10)])
        walk(world)
        #expect(try said(world).isEmpty)
        world.clock.advance(3 * Self.day)
        walk(world, steps: 2)
        #expect(try said(world) == ["agent.ending"])
        world.clock.advance(7 * Self.day)
        walk(world, steps: 3)
        let expected: (said: [String], state: String) =
            switch ended {
            case .off: ([], "active")
            case .warn: (["agent.ended"], "active")
            case .suspend: (["agent.ended", "suspend"], "suspended")
            case .offboard: (["agent.ended", "offboard"], "offboarded")
            }
        #expect(try said(world) == ["agent.ending"] + expected.said)
        #expect(try state(world) == expected.state)
        #expect(try world.token("agent:root", [("resource", "tickets")]).status != 200)
    }

    @Test func aLaterEndDateStartsAgain() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) { $0.ended = .suspend }
        try plan(world, ["end_date": time(world, days: 1)])
        walk(world)
        world.clock.advance(Self.day)
        walk(world)
        try plan(world, ["end_date": time(world, days: 30)])
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/resume").status == 200)
        walk(world, steps: 2)
        #expect(try state(world) == "active")
        world.clock.advance(30 * Self.day)
        walk(world)
        let once = ["agent.ended", "suspend"]
        #expect(try said(world) == ["agent.ending"] + once + once)
    }

    @Test func whatWasSaidIsNotSaidAgainAfterARestart() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 0), "end_date": time(world, days: 3)])
        walk(world)
        let again = try World(restarting: world)
        walk(again, steps: 3)
        #expect(try said(again) == ["agent.review_due", "agent.ending"])
        world.clock.advance(14 * Self.day)
        walk(again)
        let third = try World(restarting: again)
        walk(third, steps: 3)
        #expect(try said(third) == ["agent.review_due", "agent.ending", "agent.review_overdue", "agent.ended"])
    }

    @Test func nothingIsSaidTwiceOrDoneWhileTheClockIsBehind() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.overdue = .suspend
            $0.overdueAfter = 60
        }
        try plan(world, ["next_review": time(world, days: 1)])
        world.clock.advance(Self.day)
        walk(world)
        let due = ["agent.review_due"]
        #expect(try said(world) == due)
        world.clock.step(-3600)
        world.clock.advance(120)
        walk(world, steps: 3)
        #expect(world.broker.state.read { $0.agents.all }.allSatisfy { $0.state != .suspended })
        let accepted = try World(restarting: world, acceptClock: true)
        configure(accepted) {
            $0.overdue = .suspend
            $0.overdueAfter = 60
        }
        walk(accepted, steps: 3)
        #expect(try said(accepted) == due)
        accepted.clock.advance(3600)
        walk(accepted, steps: 3)
        #expect(try said(accepted) == due + ["agent.review_overdue", "suspend"])
    }

    @Test func aNoticeOfAClockThatWasYearsAheadIsSaidAgainWhenItsDateReallyComes() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 10)])
        world.clock.step(1000 * Self.day)
        walk(world)
        #expect(try said(world) == ["agent.review_due"])
        world.clock.step(-1000 * Self.day)
        let accepted = try World(restarting: world, acceptClock: true)
        walk(accepted)
        #expect(try said(accepted) == ["agent.review_due"])
        #expect(try standing(accepted) == "ahead")
        accepted.clock.advance(10 * Self.day)
        walk(accepted, steps: 2)
        #expect(try said(accepted) == ["agent.review_due", "agent.review_due"])
    }

    @Test func aReviewUnderAClockThatWasYearsAheadPutsTheNextOneOffNoLongerThanAnother() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) { $0.reviewEvery = 10 * Self.day }
        world.clock.step(1000 * Self.day)
        #expect(try review(world).status == 200)
        world.clock.step(-1000 * Self.day)
        let accepted = try World(restarting: world, acceptClock: true)
        accepted.settle()
        configure(accepted) { $0.reviewEvery = 10 * Self.day }
        #expect(try standing(accepted) == "ahead")
        accepted.clock.advance(10 * Self.day)
        #expect(try standing(accepted) == "due")
    }

    @Test func aReviewThatComesBeforeTheCommandIsSeenByIt() throws {
        let world = try World(enrol: ["agent:root"])
        configure(world) {
            $0.overdue = .suspend
            $0.overdueAfter = 0
        }
        try plan(world, ["next_review": time(world, days: 0)])
        let id = try #require(AgentID("agent:root"))
        let command = LifecycleCommand(agents: [id, id], settings: world.broker.settings.lifecycle)
        #expect(try review(world).status == 200)
        world.broker.writer.submit(command) { _ in }
        world.settle()
        #expect(try said(world).isEmpty)
        try plan(world, ["next_review": time(world, days: 1)])
        world.clock.advance(Self.day)
        world.broker.writer.submit(command) { _ in }
        world.broker.writer.submit(command) { _ in }
        world.settle()
        #expect(try said(world) == Self.reviews + ["suspend"])
    }

    @Test func whatCouldNotBeWrittenIsSaidByTheNextWalk() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 0)])
        world.store.fail(.full)
        walk(world)
        world.store.fail(nil)
        walk(world, steps: 2)
        #expect(try said(world) == ["agent.review_due"])
    }

    @Test func aReviewIsInTheLedgerWithWhoAndWhyAndChangesTheETag() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 3)])
        let before = try world.admin("GET", "/api/v1/agents/agent:root").header("ETag")
        let next = RFC3339.format(world.clock.now().advanced(bySeconds: 200 * Self.day))
        let answer = try review(world, #"{"reason": "all of it is used", "next_review": "\#(next)"}"#)
        #expect(answer.status == 200)
        #expect(answer.header("ETag") != before)
        #expect(answer["lifecycle"]?.objectValue?["review_due"]?.stringValue == next)
        let page = try world.admin("GET", "/api/v1/ledger?event=agent.reviewed")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["actor"]?.stringValue == "admin:ops")
        #expect(entry?["reason"]?.stringValue == "all of it is used")
        #expect(entry?["agent"]?.stringValue == "agent:root")
        // Without a date of its own the next one goes by the interval, of which there is none here.
        #expect(try review(world).status == 200)
        #expect(try standing(world) == nil)
    }

    @Test(arguments: [
        ("{}", 400), (#"{"reason": "  "}"#, 400), (#"{"reason": "r", "next_review": "yesterday"}"#, 400),
        (#"{"reason": "r", "next_review": "2020-01-01"}"#, 400), (#"{"reason": "r", "by": "me"}"#, 400),
        ("", 400), ("[", 400),
    ])
    func aReviewThatSaysTooLittleOrTooMuchIsRefused(_ body: String, _ status: Int) throws {
        let world = try World.shared()
        #expect(try review(world, body).status == status)
    }

    @Test func anOwnerReviewsTheAgentsThatTheyAnswerForAndNoOthers() throws {
        let world = try World(enrol: ["agent:root"])
        try world.enrolOwners("owner:ann", "owner:bob")
        func token(_ owner: String) throws -> String {
            try world.minted(owner, [("scope", "mayfly.approve")])
        }
        func review(_ agent: String, _ token: String) throws -> Int {
            try world.beginAdmin(
                "POST", "/api/v1/agents/\(agent)/reviews", #"{"reason": "r"}"#, token: token
            ).wait().status
        }
        let (ann, bob) = (try token("owner:ann"), try token("owner:bob"))
        #expect(try review("agent:root", ann) == 200)
        #expect(try review("agent:root", bob) == 404)
        #expect(try review("agent:leaf", bob) == 200)
        #expect(try review("agent:nobody", bob) == 404)
        #expect(try review("agent:root", try world.adminToken("mayfly.read")) == 403)
        #expect(try world.revoke(#"{"owner": "owner:ann"}"#).status == 200)
        #expect(try review("agent:root", ann) == 401)
    }

    @Test func anOwnerPutsNoReviewOff() throws {
        let world = try World(enrol: ["agent:root"])
        try world.enrolOwners("owner:ann")
        func review(_ body: String) throws -> Answer {
            let token = try world.minted("owner:ann", [("scope", "mayfly.approve")])
            return try world.beginAdmin("POST", "/api/v1/agents/agent:root/reviews", body, token: token).wait()
        }
        #expect(try review(#"{"reason": "r", "next_review": "2999-01-01"}"#).status == 403)
        // A date that an administrator has planned stays while it is ahead, and is answered once it has come.
        try plan(world, ["next_review": time(world, days: 3)])
        #expect(try review(#"{"reason": "r"}"#).status == 200)
        #expect(try standing(world) == "ahead")
        world.clock.advance(3 * Self.day)
        #expect(try standing(world) == "due")
        #expect(try review(#"{"reason": "r"}"#).status == 200)
        #expect(try standing(world) == nil)
    }

    @Test func anOffboardedAgentIsNeitherReviewedNorSpokenOf() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 0), "end_date": time(world, days: 1)])
        #expect(try world.admin("POST", "/api/v1/agents/agent:root/offboard").status == 200)
        world.clock.advance(30 * Self.day)
        walk(world, steps: 2)
        #expect(try said(world).isEmpty)
        #expect(try review(world).status == 409)
        #expect(try standing(world) == nil)
    }

    @Test func agentsAreListedByHowTheirReviewStands() throws {
        let world = try World(enrol: ["agent:root"])
        try plan(world, ["next_review": time(world, days: 0)])
        func ids(_ review: String) throws -> [String]? {
            try world.admin("GET", "/api/v1/agents?review=\(review)")["agents"]?.arrayValue?
                .compactMap { $0.objectValue?["id"]?.stringValue }
        }
        #expect(try ids("due") == ["agent:root"])
        #expect(try ids("overdue") == [])
        configure(world) { $0.reviewEvery = Self.day }
        #expect(try ids("ahead") == ["agent:child", "agent:leaf", "agent:other"])
        #expect(try world.admin("GET", "/api/v1/agents?review=late").status == 400)
    }

    @Test func tenThousandAgentsAreSeenInBoundedSteps() throws {
        let world = try World(enrol: [])
        for part in 0..<10 {
            let agents = (0..<1000).map {
                #"{"id": "agent:bulk-\#(part)-\#($0)", "purpose": "p", "owner": "owner:bob"}"#
            }
            let body = #"{"agents": [\#(agents.joined(separator: ","))]}"#
            try #require(try world.admin("POST", "/api/v1/apply", body).status == 200)
        }
        let size = try world.store.head().ledgerSize
        // Nothing is due: a walk writes nothing, and comes around.
        walk(world, steps: 12)
        #expect(try world.store.head().ledgerSize == size)
        configure(world) { $0.reviewEvery = Self.day }
        world.clock.advance(Self.day)
        let most = UInt64(LifecycleWatch.looks * LifecycleWatch.agentsPerCommand)
        var steps = 0
        var before = size
        var after = size
        repeat {
            before = after
            walk(world)
            after = try world.store.head().ledgerSize
            #expect(after - before <= most)
            steps += 1
        } while after - size < 10_004 && steps < 100
        #expect(after - size == 10_004)
        #expect(steps >= 10_004 / Int(most))
        walk(world, steps: 12)
        #expect(try world.store.head().ledgerSize == after)
    }
}
