internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Who has the name and is not the program gets nothing, by whatever grant it asks.
struct CompositionTests {
    typealias Bench = CompositionBench

    // MARK: Forms and digests

    private static let hex = String(repeating: "ab", count: 32)

    @Test(arguments: [
        hex, "sha256:" + hex.uppercased(), "SHA256:" + hex, "sha256:" + hex.dropLast(), "sha256:" + hex + "a",
        "sha256:" + hex + "ab", "sha256:" + hex.dropLast() + "g", "sha512:" + hex, "sha256:", "", " sha256:" + hex,
        "sha256:" + hex + "\n", "sha256: " + hex.dropFirst(),
    ])
    func aDigestHasOneForm(_ text: String) throws {
        #expect(CompositionDigest(text) == nil)
        let world = try World.shared()
        let answer = try world.change("/api/v1/agents/agent:root") {
            $0["composition"] = .object(["model": .string(text)])
        }
        #expect(answer.status == 400)
        // Neither is it taken as a parameter, registered or not, and it is not repeated.
        let asked = try world.token("agent:leaf", [("composition", text)])
        #expect(text.isEmpty ? asked.status == 200 : asked.error == "invalid_request", "\(asked.text)")
        #expect(text.utf8.count < 8 || !asked.text.contains(text))
    }

    @Test(arguments: [
        "{}", #"{"weights": "sha256:\#(hex)"}"#, #"{"model": "sha256:\#(hex)", "weights": "sha256:\#(hex)"}"#,
        #"{"model": null}"#, #"{"model": ["sha256:\#(hex)"]}"#, #""sha256:\#(hex)""#, "[]",
    ])
    func aCompositionHasKnownPartsAndAtLeastOne(_ text: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        let answer = try World.shared().change("/api/v1/agents/agent:root") { $0["composition"] = value }
        #expect(answer.status == 400, "\(answer.text)")
    }

    /// Literals are what sha256sum printed for the text that the page shows.
    @Test func theDigestIsWhatAnybodyCanCompute() throws {
        func digest(_ words: [Composition.Part: String]) throws -> CompositionDigest {
            let digests = words.mapValues { CompositionDigest(SHA256.digest(of: Array($0.utf8))) }
            return try #require(Composition(digests)).digest
        }
        let all = [Composition.Part.image: "image", .tools: "tools", .prompt: "prompt", .model: "model"]
        #expect(try digest(all).text == Bench.whole)
        #expect(try digest([.prompt: "prompt"]).text == Bench.promptAlone)
        #expect(
            try digest([.image: "image", .tools: "tools"]).text
                == "sha256:b26482f9fb17556a16ea3fe65b4f85d6ae3829bb4ed77938f4070081c04e921f")
        // The same words in another part are another program.
        #expect(try digest([.model: "prompt"]) != digest([.prompt: "prompt"]))
        #expect(Composition([:]) == nil)
        let prompt = try #require(CompositionDigest(Bench.prompt))
        let composition = try #require(Composition([.prompt: prompt]))
        #expect(composition.text == "mayfly composition v1\nprompt \(Bench.prompt)\n")
        #expect(CompositionDigest(Bench.prompt)?.text == Bench.prompt)
    }

    // MARK: Every grant

    struct Case: Sendable, CustomTestStringConvertible {
        let caller: CompositionBench.Caller
        let form: Form
        /// Nil for one that does.
        let error: String?
        let rule: String?
        let testDescription: String

        init(
            _ caller: CompositionBench.Caller, _ form: Form, _ error: String? = nil, _ rule: String? = nil,
            as name: String
        ) {
            (self.caller, self.form, self.error, self.rule) = (caller, form, error, rule)
            testDescription = name
        }
    }

    static let cases = [
        Case(.key, Bench.own, as: "the same"),
        Case(.key, [], "invalid_request", "composition.missing", as: "missing"),
        Case(.key, Bench.other, "access_denied", "composition.changed", as: "another"),
        Case(.key, [("composition", Bench.prompt)], "access_denied", "composition.changed", as: "a part"),
        Case(.attested(Bench.whole), [], as: "the claim only"),
        Case(.attested(Bench.whole), Bench.own, as: "both agree"),
        Case(.attested(Bench.whole), Bench.other, "access_denied", "composition.changed", as: "the parameter differs"),
        Case(.attested(Bench.promptAlone), Bench.own, "access_denied", "composition.changed", as: "the claim differs"),
        Case(.attested(Bench.promptAlone), Bench.other, "access_denied", "composition.changed", as: "both differ"),
        Case(.attested(Bench.promptAlone), [], "access_denied", "composition.changed", as: "the claim alone differs"),
        Case(.attested(nil), Bench.own, "access_denied", "composition.unattested", as: "the parameter alone"),
        Case(.attested(nil), [], "access_denied", "composition.unattested", as: "neither"),
        Case(
            .attested("nonsense"), Bench.own, "access_denied", "composition.unattested", as: "a claim of another form"),
    ]

    @Test(arguments: cases)
    func everyGrantTakesTheRegisteredProgramAlone(_ test: Case) throws {
        let bench = try CompositionBench()
        for way in CompositionBench.Way.allCases {
            let answer = try bench.ask(way, as: test.caller, test.form)
            if let error = test.error {
                #expect(answer.error == error && answer.status == 400, "\(way) \(answer.text)")
                #expect(answer["auth_req_id"] == nil && answer.accessToken.isEmpty)
                let last = try #require(try bench.entries("token.refused").first)
                #expect(last["rule"]?.stringValue == test.rule, "\(way) \(last)")
                #expect(last["agent"]?.stringValue == test.caller.agent)
                continue
            }
            switch way {
            case .backchannel: #expect(answer["auth_req_id"] != nil, "\(answer.text)")
            case .poll: #expect(answer.error == "slow_down", "\(answer.text)")
            case .task, .asGrant, .ticket, .redeem, .exchange:
                #expect(answer.status == 200, "\(way) \(answer.text)")
                let event =
                    way == .ticket ? "ticket.issued" : way == .redeem || way == .exchange ? "token.delegated" : nil
                let last = try #require(try bench.entries(event ?? "token.issued&agent=\(test.caller.agent)").first)
                #expect(last["composition"]?.stringValue == Bench.whole, "\(way) \(last)")
            }
        }
        // A refused request asks nobody: what waits is what the polls themselves asked.
        let waiting = try bench.world.admin("GET", "/api/v1/approvals")["approvals"]?.arrayValue?.count
        #expect(waiting == 1)
    }

    @Test func whoNeedNotSayMaySayAnythingWellFormed() throws {
        let bench = try CompositionBench()
        let answer = try bench.world.token("agent:leaf", Bench.other)
        #expect(answer.status == 200, "\(answer.text)")
        let entry = try #require(try bench.entries("token.issued&agent=agent:leaf").first)
        #expect(entry["composition"] == nil)
        // Nor is a person asked what they are made of.
        #expect(try bench.world.token("owner:ann", [("scope", "mayfly.approve")]).status == 200)
        #expect(try bench.world.token("agent:leaf", Bench.other + Bench.own).error == "invalid_request")
    }

    @Test func whatIsRefusedUsesItsAssertionUp() throws {
        let bench = try CompositionBench()
        let assertion = try bench.world.assertion("agent:root")
        let form: Form = [
            ("grant_type", "client_credentials"), ("client_assertion_type", World.assertionType),
            ("client_assertion", assertion), ("scope", "tickets.read"),
        ]
        #expect(try bench.world.post("/oauth2/token", as: nil, form).error == "invalid_request")
        #expect(try bench.world.post("/oauth2/token", as: nil, form + Bench.own).error == "invalid_client")
    }

    // MARK: Attestation

    @Test func demandingTheClaimEndsWhatCameWithoutIt() throws {
        let bench = try CompositionBench()
        func attest(_ claim: String?) throws -> Answer {
            try bench.world.change("/api/v1/providers/provider:ci") {
                $0["keys"] = nil
                $0["composition_claim"] = claim.map { .string($0) }
            }
        }
        let before = try bench.ask(.task, as: .attested(Bench.whole), [])
        let dropped = try attest(nil)
        #expect(dropped.status == 200, "\(dropped.text)")
        // Without the claim the parameter counts, and what was attested lives on.
        #expect(try bench.world.isActive(before.accessToken))
        #expect(try bench.ask(.task, as: .attested(nil), []).error == "invalid_request")
        let stated = try bench.ask(.task, as: .attested(nil), Bench.own)
        #expect(stated.status == 200, "\(stated.text)")
        #expect(try attest("/run/made_of").status == 200)
        #expect(try !bench.world.isActive(stated.accessToken))
        #expect(try bench.ask(.task, as: .attested(nil), Bench.own).error == "access_denied")
        #expect(try attest("").status == 400)
    }

    @Test func theFirstCompositionTakesEffectAtOnceAndEndsWhatIsOut() throws {
        let bench = try CompositionBench()
        let ask: Form = [("resource", "tickets"), ("scope", "tickets.read")]
        let token = try bench.world.minted("agent:child", ask)
        let answer = try bench.register(Bench.otherParts, of: "agent:child")
        #expect(answer.status == 200 && answer["pending_composition"] == nil, "\(answer.text)")
        #expect(try !bench.world.isActive(token))
        #expect(try bench.world.token("agent:child", ask).error == "invalid_request")
        let next = try bench.world.token("agent:child", ask + Bench.other)
        #expect(next.status == 200, "\(next.text)")
    }
}

extension CompositionTests {
    @Test func actingForAPersonTakesTheRegisteredProgram() throws {
        let bench = try PersonBench()
        let registered = try bench.world.change("/api/v1/agents/agent:root") {
            $0["composition"] = .object(Bench.parts)
        }
        #expect(registered.status == 200, "\(registered.text)")
        let ask: Form = [("resource", "tickets")]
        #expect(try bench.exchange(try bench.identity(), ask).error == "invalid_request")
        #expect(try bench.exchange(try bench.identity(), ask + Bench.other).error == "access_denied")
        let answer = try bench.exchange(try bench.identity(), ask + Bench.own)
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// A certificate states nothing, so a provider that must state it cannot be gone around by one.
    @Test func anSVIDDoesNotStandInForAClaim() throws {
        let composition = String(decoding: JSONWriter.bytes(of: .object(Bench.parts)), as: UTF8.self)
        let world = try SVIDTests.world(more: #", "composition": \#(composition)"#)
        let certificate = try SVIDTests.svid(try SVIDTests.production.get(), SVIDTests.worker)
        #expect(try SVIDTests.ask(world, certificate).error == "invalid_request")
        #expect(try SVIDTests.ask(world, certificate, as: "agent:worker", Bench.own).status == 200)
        let demanded = try world.change("/api/v1/providers/provider:prod") {
            $0["keys"] = nil
            $0["composition_claim"] = .string("made_of")
        }
        #expect(demanded.status == 200, "\(demanded.text)")
        #expect(try SVIDTests.ask(world, certificate, as: "agent:worker", Bench.own).error == "access_denied")
    }
}
