@testable import MayflyBroker
import MayflyCrypto
import MayflyModel
import Testing

/// What a bound token is worth at a tool that passes the proof on, and what without (RFC 9449 §4.3, §7).
struct DPoPVerificationTests {
    private static let shared = Result { try ProofBench() }

    private func reason(_ answer: Answer) -> String? { answer["context"]?.objectValue?["reason"]?.stringValue }
    private func about(_ answer: Answer) -> String? { answer["context"]?.objectValue?["about"]?.stringValue }

    // MARK: AuthZEN

    @Test func aDecisionTakesTheProofAndRefusesTheTokenAlone() throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        let alone = try bench.evaluate(token, nil)
        #expect(alone.status == 200 && alone["decision"] == .bool(false) && reason(alone) == "proof_required")
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        #expect(try bench.evaluate(token, proof)["decision"] == .bool(true))
        let again = try bench.evaluate(token, proof)
        #expect(again["decision"] == .bool(false) && reason(again) == "proof_invalid" && about(again) == "replayed")
        // The ledger says so, without the proof.
        let entries = try bench.world.admin("GET", "/api/v1/ledger?limit=10&event=action.decided").text
        #expect(entries.contains("proof_required") && entries.contains("proof_invalid") && !entries.contains(proof))
    }

    private static let faults: [(about: String, edit: ProofBench.Edit)] = [
        ("typ", { header, _ in header["typ"] = .string("at+jwt") }),
        ("form", { header, _ in header["alg"] = .string("none") }),
        ("form", { header, _ in header["alg"] = .string("HS256") }),
        ("jwk", { header, _ in header["jwk"] = nil }),
        ("jwk", { header, _ in header.edit("jwk") { $0["d"] = .string("AAAA") } }),
        ("jkt", { header, _ in header["jwk"] = .object(try PrivateKey.generate(.es256).publicKey.jwk) }),
        ("signature", { header, _ in header["alg"] = .string("EdDSA") }),
        ("htm", { _, claims in claims["htm"] = .string("POST") }),
        ("htm", { _, claims in claims["htm"] = .string("get") }),
        ("htu", { _, claims in claims["htu"] = .string("https://evil.example/tickets/7") }),
        ("htu", { _, claims in claims["htu"] = .string(World.tickets + "/tickets/8") }),
        ("htu", { _, claims in claims["htu"] = .string(World.tickets + "/Tickets/7") }),
        ("htu", { _, claims in claims["htu"] = .string(ProofBench.ticketsURL + "?x") }),
        ("htu", { _, claims in claims["htu"] = .string(ProofBench.ticketsURL + "#x") }),
        ("iat", { _, claims in claims.shift("iat", by: -91) }),
        ("iat", { _, claims in claims.shift("iat", by: 31) }),
        ("iat", { _, claims in claims["iat"] = nil }),
        ("jti", { _, claims in claims["jti"] = nil }),
        ("ath", { _, claims in claims["ath"] = nil }),
        ("ath", { _, claims in claims["ath"] = .string(Base64URL.encode([UInt8](repeating: 0, count: 32))) }),
    ]

    @Test(arguments: 0..<faults.count)
    func eachSurfaceRefusesABadProof(_ index: Int) throws {
        let bench = try Self.shared.get()
        let fault = Self.faults[index]
        let token = try bench.bound()
        func bad() throws -> String { try bench.proof("GET", ProofBench.ticketsURL, token: token, edit: fault.edit) }
        let decided = try bench.evaluate(token, try bad())
        #expect(decided["decision"] == .bool(false) && reason(decided) == "proof_invalid")
        #expect(about(decided) == fault.about)
        #expect(try bench.introspect(token, ProofBench.members(bad())).text == #"{"active":false}"#)
        let passed = try bench.verify("DPoP " + token, [bad()])
        #expect(passed.status == 401)
        #expect(
            passed.header("WWW-Authenticate")
                == #"DPoP realm="mayfly", error="invalid_dpop_proof", algs="ES256 RS256 PS256 EdDSA""#)
    }

    @Test func anotherKeysProofIsNoneThoughItNamesTheToken() throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        let thief = try PrivateKey.generate(.es256)
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token, by: thief)
        #expect(about(try bench.evaluate(token, proof)) == "jkt")
        #expect(try bench.verify("DPoP " + token, [proof]).status == 401)
    }

    /// Whoever has a token and not its key says nothing of the agent, however often it tries.
    @Test func whatAThiefIsRefusedDoesNotCountAsTheAgents() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let thief = try PrivateKey.generate(.es256)
        let root = try #require(AgentID("agent:root"))
        let before = bench.world.broker.behaviour.look(at: root)?.seen
        for _ in 0..<3 {
            let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token, by: thief)
            #expect(reason(try bench.evaluate(token, proof)) == "proof_invalid")
            #expect(reason(try bench.evaluate(token, nil)) == "proof_required")
        }
        bench.world.settle()
        #expect(bench.world.broker.behaviour.look(at: root)?.seen == before)
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        #expect(try bench.evaluate(token, proof)["decision"] == .bool(true))
        bench.world.settle()
        #expect(bench.world.broker.behaviour.look(at: root)?.seen == before.map { $0 + 1 })
    }

    /// A proof beside a bearer token proves something else, so nothing rests on it.
    @Test func aBearerTokenDoesNotBecomeBoundByAProof() throws {
        let bench = try Self.shared.get()
        let token = try bench.world.minted("agent:root")
        func proof() throws -> String { try bench.proof("GET", ProofBench.ticketsURL, token: token) }
        #expect(about(try bench.evaluate(token, try proof())) == "jkt")
        #expect(try bench.introspect(token, ProofBench.members(proof()))["active"] == .bool(false))
        #expect(try bench.verify("DPoP " + token, [proof()]).status == 401)
        #expect(try bench.evaluate(token, nil)["decision"] == .bool(true))
        // A header that nobody asked for is nobody's business under the Bearer scheme.
        #expect(try bench.verify("Bearer " + token, [proof()]).status == 200)
    }

    @Test(arguments: [
        #"{"proof": "x", "method": "GET"}"#, #"{"proof": "x", "uri": "https://a"}"#, #"{"method": "GET", "uri": "u"}"#,
        #"{"proof": 1, "method": "GET", "uri": "u"}"#, #""x""#, "[]", "true",
    ])
    func aProofIsPassedOnWholeOrNotAtAll(_ dpop: String) throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        let properties = try JSONParser.parse(Array(#"{"dpop": \#(dpop)}"#.utf8))
        let subject: JSONObject = [
            "type": .string("access_token"), "id": .string(token), "properties": properties,
        ]
        #expect(try bench.evaluations("evaluation", ["subject": .object(subject)]).status == 400)
    }

    @Test func severalQuestionsAboutOneRequestShareItsProof() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        let two = JSONValue.array([.object([:]), .object(["action": .object(["name": .string("close")])])])
        for semantic in ["execute_all", "deny_on_first_deny"] {
            let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
            let answer = try bench.evaluations(
                "evaluations",
                [
                    "subject": bench.subject(token, proof), "evaluations": two,
                    "options": .object(["evaluations_semantic": .string(semantic)]),
                ])
            #expect(decisions(answer) == [true, true], "\(answer.text)")
        }
        // One that is used up is used up for all, and a question without it stays without.
        #expect(try bench.evaluate(token, proof)["decision"] == .bool(true))
        let replayed = try bench.evaluations(
            "evaluations", ["subject": bench.subject(token, proof), "evaluations": two])
        #expect(decisions(replayed) == [false, false])
        let mixed = try bench.evaluations(
            "evaluations",
            [
                "evaluations": .array([
                    .object(["subject": bench.subject(token, nil)]),
                    .object([
                        "subject": bench.subject(
                            token, try bench.proof("GET", ProofBench.ticketsURL, token: token))
                    ]),
                ])
            ])
        #expect(decisions(mixed) == [false, true], "\(mixed.text)")
    }

    private func decisions(_ answer: Answer) -> [Bool] {
        answer["evaluations"]?.arrayValue?.compactMap { $0.objectValue?["decision"]?.boolValue } ?? []
    }

    // MARK: Once

    @Test func ofEightThatPassOneProofOnOneIsAllowed() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        for surface in 0..<3 {
            let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
            let allowed = concurrently(8) { _ -> Bool in
                switch surface {
                case 0: (try? bench.evaluate(token, proof)["decision"]) == .bool(true)
                case 1: (try? bench.verify("DPoP " + token, [proof]).status) == 200
                default: (try? bench.introspect(token, ProofBench.members(proof))["active"]) == .bool(true)
                }
            }
            #expect(allowed.count { $0 } == 1, "surface \(surface)")
        }
    }

    /// One memory for all surfaces of a resource, and over restarts.
    @Test func aProofIsUsedUpForEverySurfaceAndAcrossARestart() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        func proof() throws -> String { try bench.proof("GET", ProofBench.ticketsURL, token: token) }
        let (decided, passed, seen) = (try proof(), try proof(), try proof())
        #expect(try bench.evaluate(token, decided)["decision"] == .bool(true))
        #expect(try bench.verify("DPoP " + token, [passed]).status == 200)
        #expect(try bench.introspect(token, ProofBench.members(seen))["active"] == .bool(true))
        let restarted = try ProofBench(restarting: bench)
        for bench in [bench, restarted] where bench === restarted {
            for used in [decided, passed, seen] {
                #expect(about(try bench.evaluate(token, used)) == "replayed")
                #expect(try bench.verify("DPoP " + token, [used]).status == 401)
                #expect(try bench.introspect(token, ProofBench.members(used))["active"] == .bool(false))
            }
        }
    }

    @Test func aRefusedDecisionUsesTheProofUpToo() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let proof = try bench.proof("DELETE", World.tickets + "/tickets/7", token: token)
        #expect(try bench.verify("DPoP " + token, [proof], "DELETE").status == 403)
        #expect(try bench.verify("DPoP " + token, [proof], "DELETE").status == 401)
    }

    /// Nobody is kept away from its own proof by one who has seen neither token nor key.
    @Test func aProofWithoutItsTokenIsNotUsedUp() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        #expect(try bench.evaluate("nonsense", proof)["decision"] == .bool(false))
        #expect(try bench.evaluate(try bench.world.minted("agent:root"), proof)["decision"] == .bool(false))
        #expect(try bench.introspect("nonsense", ProofBench.members(proof))["active"] == .bool(false))
        #expect(try bench.evaluate(token, proof)["decision"] == .bool(true))
    }

    @Test func clockStepsMakeNoProofGoodAgain() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        #expect(try bench.evaluate(token, proof)["decision"] == .bool(true))
        for step: Int64 in [-3, -60, -3600, 30, 3600] {
            bench.world.clock.step(step)
            #expect(try bench.evaluate(token, proof)["decision"] == .bool(false), "\(step)")
        }
    }

    // MARK: Introspection

    @Test func introspectionAloneLeavesTheKeyToTheTool() throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        let seen = try bench.introspect(token)
        #expect(seen["active"] == .bool(true) && seen["token_type"] == .string("DPoP") && seen["cnf"] != nil)
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        let proven = try bench.introspect(token, ProofBench.members(proof))
        #expect(proven.text == seen.text)
        for missing in ["dpop", "dpop_method", "dpop_uri"] {
            let partial = ProofBench.members(proof).filter { $0.0 != missing }
            #expect(try bench.introspect(token, partial).error == "invalid_request", "\(missing)")
        }
        #expect(try bench.introspect(token, ProofBench.members(proof) + [("dpop", proof)]).error == "invalid_request")
    }

    @Test func whoAsksWithAnAssertionOrABearerTokenMayPassAProofOn() throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        func form() throws -> Form {
            [("token", token)] + ProofBench.members(try bench.proof("GET", ProofBench.ticketsURL, token: token))
        }
        let used = try form()
        #expect(try bench.world.post("/oauth2/introspect", as: "admin:ops", used)["active"] == .bool(true))
        #expect(try bench.world.post("/oauth2/introspect", as: "admin:ops", used)["active"] == .bool(false))
        let bearer = try bench.world.minted("admin:ops", [("scope", "mayfly.introspect")])
        let headers = [(name: "Authorization", value: "Bearer " + bearer)]
        #expect(
            try bench.world.post("/oauth2/introspect", as: nil, form(), headers: headers)["active"] == .bool(true))
        #expect(try bench.world.post("/oauth2/introspect", as: nil, used, headers: headers)["active"] == .bool(false))
    }

    // MARK: Forward-auth

    @Test func aProxyPassesTheProofOnWithItsScheme() throws {
        let bench = try Self.shared.get()
        let token = try bench.bound()
        func proof(_ url: String = ProofBench.ticketsURL) throws -> String {
            try bench.proof("GET", url, token: token)
        }
        let passed = try bench.verify("DPoP " + token, [proof()], "GET", "/tickets/7?a=b")
        #expect(passed.status == 200 && passed.header("X-Mayfly-Agent") == "agent:root")
        #expect(try bench.verify("dpop " + token, [proof()]).status == 200)
        // The same path in another spelling.
        #expect(try bench.verify("DPoP " + token, [proof("HTTPS://Tickets.example:443/%74ickets/7")]).status == 200)
        // RFC 9449 §7.2: as a bearer token it is refused, with or without a proof.
        for proofs in [[], [try proof()]] {
            let downgraded = try bench.verify("Bearer " + token, proofs)
            #expect(downgraded.status == 401)
            #expect(
                downgraded.header("WWW-Authenticate")?.hasPrefix(#"DPoP realm="mayfly", error="invalid_token""#) == true
            )
        }
        for proofs in [[], [try proof(), try proof()], ["x"], [""]] {
            let answer = try bench.verify("DPoP " + token, proofs)
            #expect(answer.status == 401, "\(proofs.count)")
            #expect(answer.header("WWW-Authenticate")?.contains(#"error="invalid_dpop_proof""#) == true)
        }
        let dead = try bench.verify("DPoP x", [proof()])
        #expect(dead.status == 401 && dead.header("WWW-Authenticate")?.contains(#"error="invalid_token""#) == true)
        let narrow = try bench.bound("agent:root", ProofBench.task + [("scope", "tickets.write")])
        let other = try bench.proof("GET", ProofBench.ticketsURL, token: narrow)
        let refused = try bench.verify("DPoP " + narrow, [other])
        #expect(refused.status == 403)
        #expect(
            refused.header("WWW-Authenticate")?
                .contains(#"error="insufficient_scope", scope="tickets.read", algs="#) == true)
    }

    /// The proxy names a path; where it is, says the registration.
    @Test func aToolIsReachedWhereItsRegistrationSays() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        func passes(_ url: String) throws -> Bool {
            try bench.verify("DPoP " + token, [bench.proof("GET", url, token: token)]).status == 200
        }
        let inner = "http://127.0.0.1:8081/tickets/7"
        #expect(try passes(ProofBench.ticketsURL))
        #expect(try !passes(inner))
        let origins = JSONValue.array([.string("HTTP://127.0.0.1:8081"), .string("https://api.example/")])
        let changed = try bench.world.change("/api/v1/resources/tickets") { $0["origins"] = origins }
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed["origins"] == .array([.string("http://127.0.0.1:8081"), .string("https://api.example")]))
        #expect(try passes(inner) && passes("https://api.example/tickets/7"))
        #expect(try !passes(ProofBench.ticketsURL))
        for wrong in ["https://a/b", "https://a?x", "ftp://a", "a", "https://", "https://u@a"] {
            let refused = try bench.world.change("/api/v1/resources/tickets") {
                $0["origins"] = .array([.string(wrong)])
            }
            #expect(refused.status == 400, "\(wrong)")
        }
    }

    @Test func whereAKeyIsDemandedTheChallengeSaysSo() throws {
        let bench = try ProofBench()
        func challenge() throws -> String? {
            try bench.world.handler.send(
                "GET", "/verify", headers: [("X-Mayfly-Resource", Wire.basic("tickets", bench.secret))]
            ).header("WWW-Authenticate")
        }
        #expect(try challenge() == #"Bearer realm="mayfly""#)
        let changed = try bench.world.change("/api/v1/resources/tickets") {
            $0["dpop_bound_access_tokens"] = .bool(true)
        }
        #expect(changed.status == 200)
        #expect(try challenge() == #"DPoP realm="mayfly", algs="ES256 RS256 PS256 EdDSA""#)
    }

    @Test func noProofOrTokenReachesTheLedger() throws {
        let bench = try ProofBench()
        let token = try bench.bound()
        let proof = try bench.proof("GET", ProofBench.ticketsURL, token: token)
        _ = try bench.evaluate(token, proof)
        _ = try bench.evaluate(token, proof)
        let text = try bench.world.admin("GET", "/api/v1/ledger?limit=500").text
        for secret in [token, proof] + proof.split(separator: ".").map(String.init) {
            #expect(!text.contains(secret))
        }
    }
}
