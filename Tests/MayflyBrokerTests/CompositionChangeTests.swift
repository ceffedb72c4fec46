internal import Dispatch
internal import MayflyBroker
internal import MayflyModel
internal import Synchronization
internal import Testing

/// A changed program waits for the word of the agent's owner, and with it takes the former one's place.
struct CompositionChangeTests {
    typealias Bench = CompositionBench

    private static func minted(_ bench: CompositionBench, _ form: Form) throws -> Answer {
        try bench.world.token("agent:root", [("resource", "tickets"), ("scope", "tickets.read")] + form)
    }

    @Test func theOwnersYesPutsTheNewProgramInTheFormerOnesPlace() throws {
        let bench = try CompositionBench()
        let old = try Self.minted(bench, Bench.own)
        let ticket = try bench.world.ticket("agent:root", parent: old.accessToken, for: "agent:child", Bench.own)
        #expect(ticket.status == 200, "\(ticket.text)")
        let proposed = try bench.register(Bench.otherParts)
        #expect(proposed.status == 200)
        #expect(proposed["composition"] == .object(Bench.parts))
        #expect(proposed["pending_composition"]?.objectValue?["composition"] == .object(Bench.otherParts))

        // Nothing has changed yet.
        #expect(try bench.world.isActive(old.accessToken))
        #expect(try Self.minted(bench, Bench.own).status == 200)
        #expect(try Self.minted(bench, Bench.other).error == "access_denied")
        let shown = try bench.show(as: "owner:ann")
        #expect(shown.string("sha256") == Bench.whole)
        let pending = shown["pending"]?.objectValue
        #expect(pending?["sha256"]?.stringValue == Bench.promptAlone && pending?["by"]?.stringValue == "admin:ops")

        let approved = try bench.decide("approve", Bench.promptAlone)
        #expect(approved.status == 200, "\(approved.text)")
        #expect(approved.string("sha256") == Bench.promptAlone && approved["pending"] == nil)
        #expect(try !bench.world.isActive(old.accessToken))
        #expect(try bench.world.redeem("agent:child", ticket: ticket.accessToken).status == 400)
        #expect(try Self.minted(bench, Bench.own).error == "access_denied")
        #expect(try Self.minted(bench, Bench.other).status == 200)
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        // A word against it comes too late.
        #expect(try bench.decide("deny", Bench.promptAlone).status == 409)

        for (event, actor) in [("composition.proposed", "admin:ops"), ("composition.approved", "owner:ann")] {
            let entry = try #require(try bench.entries(event).first)
            #expect(entry["actor"]?.stringValue == actor && entry["owner"]?.stringValue == "owner:ann")
            #expect(entry["composition"]?.stringValue == Bench.promptAlone, "\(entry)")
            #expect(entry["action"]?.stringValue == "change" && entry["retention"]?.stringValue == "security")
        }
    }

    @Test func onlyTheAgentsOwnOwnerAgreesAndToNothingButWhatWaits() throws {
        let bench = try CompositionBench()
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        #expect(try bench.register(Bench.otherParts).status == 200)
        #expect(try bench.decide("approve", Bench.promptAlone, as: "owner:bob").status == 404)
        #expect(try bench.decide("deny", Bench.promptAlone, as: "owner:bob").status == 404)
        #expect(try bench.decide("approve", Bench.promptAlone, as: "admin:ops").status == 403)
        #expect(try bench.show(as: "owner:bob").status == 404)
        for other in [Bench.whole, "none", Bench.prompt] {
            #expect(try bench.decide("approve", other).status == 409)
        }
        let token = try bench.world.minted("owner:ann", [("scope", "mayfly.approve")])
        for body in [
            "{}", #"{"reason": "r"}"#, #"{"composition": "none"}"#, #"{"composition": "", "reason": "r"}"#,
            #"{"composition": "\#(Bench.promptAlone)", "reason": " "}"#,
            #"{"composition": "\#(Bench.promptAlone)", "reason": "r", "more": 1}"#,
            #"{"composition": "\#(Bench.promptAlone.uppercased())", "reason": "r"}"#,
        ] {
            let path = "/api/v1/agents/agent:root/composition/approve"
            #expect(try bench.world.beginAdmin("POST", path, body, token: token).wait().status == 400, "\(body)")
        }
        // An agent's own token opens nothing here.
        let agent = try Self.minted(bench, Bench.own).accessToken
        let path = "/api/v1/agents/agent:root/composition"
        #expect(try bench.world.beginAdmin("GET", path, token: agent).wait().status == 401)
        #expect(try bench.show().string("sha256") == Bench.whole)
        #expect(try Self.minted(bench, Bench.other).error == "access_denied")
    }

    @Test func aNoAWithdrawalAndTheEndOfTheWindowDropTheProposal() throws {
        let bench = try CompositionBench()
        for word in ["owner:ann", "admin:ops"] {
            #expect(try bench.register(Bench.otherParts).status == 200)
            let denied = try bench.decide("deny", Bench.promptAlone, as: word)
            #expect(denied.status == 200 && denied["pending"] == nil, "\(denied.text)")
        }
        #expect(try bench.entries("composition.denied").count == 2)

        #expect(try bench.register(Bench.otherParts).status == 200)
        let withdrawn = try bench.register(Bench.parts)
        #expect(withdrawn["pending_composition"] == nil)
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        #expect(try bench.entries("composition.withdrawn").count == 1)

        #expect(try bench.register(Bench.otherParts).status == 200)
        bench.world.clock.advance(7 * 86_400)
        #expect(try bench.show()["pending"] == nil)
        #expect(try bench.world.admin("GET", "/api/v1/compositions")["compositions"] == .array([]))
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        #expect(try bench.entries("composition.lapsed").count == 1)
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        #expect(try bench.entries("composition.lapsed").count == 1)
        #expect(try Self.minted(bench, Bench.own).status == 200)
        #expect(try Self.minted(bench, Bench.other).error == "access_denied")
        #expect(try bench.entries("composition.approved").isEmpty)
    }

    /// The same document again is the same proposal; another takes its place, and a yes to the first is worth nothing.
    @Test func aProposalIsNamedByWhatItIs() throws {
        let bench = try CompositionBench()
        let first = try bench.register(Bench.otherParts)
        let again = try bench.register(Bench.otherParts)
        #expect(again["version"] == first["version"])
        #expect(try bench.entries("composition.proposed").count == 1)
        #expect(try bench.register(["model": .string(Bench.model)]).status == 200)
        #expect(try bench.entries("composition.proposed").count == 2)
        #expect(try bench.decide("approve", Bench.promptAlone).status == 409)
        let list = try bench.world.admin("GET", "/api/v1/compositions")["compositions"]?.arrayValue
        #expect(list?.count == 1)
        #expect(list?.first?.objectValue?["agent"] == .string("agent:root"))
    }

    @Test func aRemovalIsAChangeToo() throws {
        let bench = try CompositionBench()
        let old = try Self.minted(bench, Bench.own)
        #expect(try bench.register(nil).status == 200)
        #expect(try Self.minted(bench, []).error == "invalid_request")
        #expect(try bench.decide("approve", Bench.whole).status == 409)
        let approved = try bench.decide("approve", "none")
        #expect(approved.status == 200 && approved.string("sha256") == "none", "\(approved.text)")
        #expect(try !bench.world.isActive(old.accessToken))
        #expect(try Self.minted(bench, []).status == 200)
        #expect(try bench.entries("composition.approved").first?["action"]?.stringValue == "remove")
    }

    @Test func whatElseAWriteChangesTakesEffectAtOnce() throws {
        let bench = try CompositionBench()
        let changed = try bench.world.change("/api/v1/agents/agent:root") {
            $0["composition"] = .object(Bench.otherParts)
            $0["purpose"] = .string("another")
            $0["risk"] = .string("low")
        }
        #expect(changed.string("purpose") == "another" && changed.string("risk") == "low")
        #expect(changed["composition"] == .object(Bench.parts))
        #expect(try Self.minted(bench, Bench.own).status == 200)
    }

    @Test func whatWaitsIsTheHeirsToDecideAndDiesWithTheAgent() throws {
        let bench = try CompositionBench()
        let heir = try bench.world.change("/api/v1/owners/owner:ann") { $0["delegate"] = .string("owner:bob") }
        #expect(heir.status == 200, "\(heir.text)")
        #expect(try bench.register(Bench.otherParts).status == 200)
        // Nobody decides for an owner who is there.
        #expect(try bench.decide("approve", Bench.promptAlone, as: "owner:bob").status == 404)
        let token = try bench.world.minted("owner:ann", [("scope", "mayfly.approve")])
        #expect(try bench.world.admin("POST", "/api/v1/owners/owner:ann/leave").status == 200)
        let late = try bench.begin("approve", Bench.promptAlone, with: token).wait()
        #expect(late.status != 200, "\(late.text)")
        #expect(try bench.decide("approve", Bench.promptAlone, as: "owner:bob").status == 200)
        #expect(try bench.register(Bench.parts).status == 200)
        #expect(try bench.world.admin("POST", "/api/v1/agents/agent:root/offboard").status == 200)
        #expect(try bench.show()["pending"] == nil)
        #expect(try bench.decide("approve", Bench.whole, as: "owner:bob").status == 409)
    }

    @Test func aRestartForgetsNothing() throws {
        let bench = try CompositionBench()
        let old = try Self.minted(bench, Bench.own).accessToken
        #expect(try bench.register(Bench.otherParts).status == 200)
        let second = try CompositionBench(restarting: bench)
        #expect(try second.show()["pending"]?.objectValue?["sha256"]?.stringValue == Bench.promptAlone)
        #expect(try second.world.isActive(old))
        #expect(try Self.minted(second, Bench.own).status == 200)
        #expect(try Self.minted(second, Bench.other).error == "access_denied")
        #expect(try second.decide("approve", Bench.promptAlone).status == 200)
        let third = try CompositionBench(restarting: second)
        #expect(try !third.world.isActive(old))
        #expect(try Self.minted(third, Bench.own).error == "access_denied")
        #expect(try Self.minted(third, Bench.other).status == 200)
        #expect(try third.show()["pending"] == nil)
    }

    /// People agreed to what the former program asked for.
    @Test func anAgreementToATokenIsNotTheNextPrograms() throws {
        let bench = try CompositionBench()
        try bench.world.enrolOwners("owner:ann")
        let groups = try bench.world.change("/api/v1/owners/owner:bob") { $0["groups"] = .array([.string("finance")]) }
        #expect(groups.status == 200)
        let asked = try bench.world.token("agent:root", ApprovalBench.risky + Bench.own)
        let id = try #require(asked.string("auth_req_id"), "\(asked.text)")
        let person = try bench.world.minted("owner:bob", [("scope", "mayfly.approve")])
        let path = "/api/v1/approvals/\(id)/approve"
        #expect(try bench.world.beginAdmin("POST", path, #"{"reason":"r"}"#, token: person).wait().status == 200)
        #expect(try bench.register(Bench.otherParts).status == 200)
        #expect(try bench.decide("approve", Bench.promptAlone).status == 200)
        let poll: Form = [("grant_type", ApprovalBench.cibaGrant), ("auth_req_id", id)]
        #expect(try bench.world.post("/oauth2/token", as: "agent:root", poll + Bench.own).error == "access_denied")
        let next = try bench.world.post("/oauth2/token", as: "agent:root", poll + Bench.other)
        #expect(next.error == "access_denied" && next.string("reason") == "superseded", "\(next.text)")
    }

    // MARK: At the same time

    /// Requests of both programs that are decided on one state go into one commit with the yes: those of the former
    /// are dead or refused, and those of the new one came too early.
    @Test func noTokenOfEitherProgramComesOutOfTheCommitOfTheYes() throws {
        let bench = try CompositionBench()
        #expect(try bench.register(Bench.otherParts).status == 200)
        let form: Form = [("grant_type", "client_credentials"), ("scope", "tickets.read")]
        let ballot = try bench.world.minted("owner:ann", [("scope", "mayfly.approve")])
        let (old, new, vote) = try bench.world.behindAHeldCommit {
            let before = try bench.world.begin("/oauth2/token", as: "agent:root", form + Bench.own)
            let vote = try bench.begin("approve", Bench.promptAlone, with: ballot)
            let after = try bench.world.begin("/oauth2/token", as: "agent:root", form + Bench.own)
            let early = try bench.world.begin("/oauth2/token", as: "agent:root", form + Bench.other)
            return ([before, after], early, vote)
        }
        #expect(vote.wait().status == 200)
        #expect(new.wait().error == "access_denied")
        for pending in old {
            let answer = pending.wait()
            let isDead = try answer.status != 200 || !bench.world.isActive(answer.accessToken)
            #expect(isDead, "\(answer.text)")
        }
    }

    /// What eight senders saw, four of each program.
    private struct Seen: Sendable {
        var tokens: [(token: String, isNew: Bool)] = []
        var faults: [String] = []

        mutating func note(_ answer: Answer, isNew: Bool, wasApproved: Bool, wasAsked: Bool) {
            guard answer.status == 200 else {
                let isExpected = answer.error == "access_denied" || answer.error == "invalid_grant"
                if !isExpected || (isNew && wasApproved) { faults.append(answer.text) }
                return
            }
            tokens.append((answer.accessToken, isNew))
            if isNew, !wasAsked { faults.append("the new one, before the yes") }
            if !isNew, wasApproved { faults.append("the former one, after the yes") }
        }
    }

    @Test func eightSendersAtOnceNeverMixTheProgramsUp() throws {
        let bench = try CompositionBench()
        #expect(try bench.register(Bench.otherParts).status == 200)
        let world = bench.world
        let seen = Mutex(Seen())
        let isAsked = Atomic(false)
        let isApproved = Atomic(false)
        let answered = DispatchSemaphore(value: 0)
        let senders = DispatchGroup()
        for index in 0..<8 {
            DispatchQueue(label: "sender \(index)").async(group: senders) {
                let isNew = index.isMultiple(of: 2)
                let form: Form = [("scope", "tickets.read")] + (isNew ? Bench.other : Bench.own)
                for _ in 0..<40 {
                    let wasApproved = isApproved.load(ordering: .acquiring)
                    let answer = try? world.token("agent:root", form)
                    let wasAsked = isAsked.load(ordering: .acquiring)
                    seen.withLock { seen in
                        guard let answer else { return seen.faults.append("no answer") }
                        seen.note(answer, isNew: isNew, wasApproved: wasApproved, wasAsked: wasAsked)
                    }
                    answered.signal()
                }
            }
        }
        let ballot = try world.minted("owner:ann", [("scope", "mayfly.approve")])
        for _ in 0..<80 { answered.wait() }
        isAsked.store(true, ordering: .releasing)
        let approved = try bench.begin("approve", Bench.promptAlone, with: ballot).wait()
        isApproved.store(true, ordering: .releasing)
        senders.wait()
        #expect(approved.status == 200, "\(approved.text)")
        let result = seen.withLock { $0 }
        #expect(result.faults.isEmpty, "\(result.faults.prefix(3))")
        #expect(result.tokens.contains { $0.isNew } && result.tokens.contains { !$0.isNew })
        for (token, isNew) in result.tokens {
            let isActive = try world.isActive(token)
            #expect(isActive == isNew)
        }
    }
}
