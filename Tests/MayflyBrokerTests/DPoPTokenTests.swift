internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Tokens that are bound to a key (RFC 9449 §4, §5, §8), and what is refused on the way to them.
struct DPoPTokenTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func anAgentGetsATokenBoundToItsKey(_ algorithm: SignatureAlgorithm) throws {
        let bench = try Self.shared.get()
        // An RSA key in a JWK is for both of its algorithms, so one is enough.
        guard algorithm != .ps256 else { return }
        let key = try PrivateKey.generate(algorithm)
        let answer = try bench.ask("agent:root", proofs: [bench.proof(by: key)])
        #expect(answer.status == 200 && answer.string("token_type") == "DPoP", "\(answer.text)")
        #expect(answer.header("DPoP-Nonce") != nil)
        #expect(try ProofBench.thumbprint(in: answer.accessToken) == key.publicKey.thumbprint)
        let seen = try bench.introspect(answer.accessToken)
        #expect(seen["active"] == .bool(true) && seen["token_type"] == .string("DPoP"))
        #expect(seen["cnf"] == .object(["jkt": .string(key.publicKey.thumbprint)]))
    }

    @Test func aTokenWithoutAProofIsABearerToken() throws {
        let bench = try Self.shared.get()
        let answer = try bench.ask("agent:root", proofs: [])
        #expect(answer.status == 200 && answer.string("token_type") == "Bearer")
        #expect(answer.header("DPoP-Nonce") == nil)
        #expect(try ProofBench.claims(of: answer.accessToken)["cnf"] == nil)
        #expect(try bench.introspect(answer.accessToken)["token_type"] == .string("Bearer"))
    }

    /// RFC 9449 §8: nothing is used up by being told the nonce.
    @Test func aProofWithoutANonceIsAskedForOne() throws {
        let bench = try Self.shared.get()
        let world = bench.world
        let assertion: Form = [
            ("client_assertion_type", World.assertionType), ("client_assertion", try world.assertion("agent:root")),
        ]
        let bare = try bench.proof { _, claims in claims["nonce"] = nil }
        func send(_ proof: String) throws -> Answer {
            try world.post("/oauth2/token", as: nil, ProofBench.task + assertion, headers: [("DPoP", proof)])
        }
        let asked = try send(bare)
        #expect(asked.status == 400 && asked.error == "use_dpop_nonce")
        let nonce = try #require(asked.header("DPoP-Nonce"))
        #expect(asked.headers.count { $0.name == "DPoP-Nonce" } == 1)
        #expect(try send(try bench.proof { _, claims in claims["nonce"] = .string(nonce) }).status == 200)
    }

    // MARK: RFC 9449 §4.3, one by one

    private static let faults: [(name: String, code: String, edit: ProofBench.Edit)] = [
        ("typ missing", "invalid_dpop_proof", { header, _ in header["typ"] = nil }),
        ("typ JWT", "invalid_dpop_proof", { header, _ in header["typ"] = .string("JWT") }),
        ("typ of an assertion", "invalid_dpop_proof", { h, _ in h["typ"] = .string("client-authentication+jwt") }),
        ("alg none", "invalid_dpop_proof", { header, _ in header["alg"] = .string("none") }),
        ("alg HS256", "invalid_dpop_proof", { header, _ in header["alg"] = .string("HS256") }),
        ("alg of another kind of key", "invalid_dpop_proof", { header, _ in header["alg"] = .string("EdDSA") }),
        ("alg missing", "invalid_dpop_proof", { header, _ in header["alg"] = nil }),
        ("crit", "invalid_dpop_proof", { header, _ in header["crit"] = .array([.string("jwk")]) }),
        ("no jwk", "invalid_dpop_proof", { header, _ in header["jwk"] = nil }),
        ("jwk as text", "invalid_dpop_proof", { header, _ in header["jwk"] = .string("{}") }),
        ("private jwk", "invalid_dpop_proof", { header, _ in header.edit("jwk") { $0["d"] = .string("AAAA") } }),
        (
            "symmetric jwk", "invalid_dpop_proof",
            { header, _ in header["jwk"] = .object(["kty": .string("oct"), "k": .string("AAAA")]) }
        ),
        (
            "jwk for encryption", "invalid_dpop_proof",
            { header, _ in header.edit("jwk") { $0["use"] = .string("enc") } }
        ),
        ("jwk of another algorithm", "invalid_dpop_proof", { h, _ in h.edit("jwk") { $0["alg"] = .string("RS256") } }),
        (
            "another's jwk", "invalid_dpop_proof",
            { header, _ in header["jwk"] = .object(try PrivateKey.generate(.es256).publicKey.jwk) }
        ),
        (
            "a point off the curve", "invalid_dpop_proof",
            { header, _ in header.edit("jwk") { $0["x"] = .string(Base64URL.encode([UInt8](repeating: 7, count: 32))) }
            }
        ),
        ("no jti", "invalid_dpop_proof", { _, claims in claims["jti"] = nil }),
        ("empty jti", "invalid_dpop_proof", { _, claims in claims["jti"] = .string("") }),
        ("jti as number", "invalid_dpop_proof", { _, claims in claims["jti"] = .integer(7) }),
        ("long jti", "invalid_dpop_proof", { _, c in c["jti"] = .string(String(repeating: "j", count: 257)) }),
        ("no htm", "invalid_dpop_proof", { _, claims in claims["htm"] = nil }),
        ("htm GET", "invalid_dpop_proof", { _, claims in claims["htm"] = .string("GET") }),
        ("htm in lower case", "invalid_dpop_proof", { _, claims in claims["htm"] = .string("post") }),
        ("no htu", "invalid_dpop_proof", { _, claims in claims["htu"] = nil }),
        ("htu with query", "invalid_dpop_proof", { _, c in c["htu"] = .string(ProofBench.tokenURL + "?a=1") }),
        ("htu with empty query", "invalid_dpop_proof", { _, c in c["htu"] = .string(ProofBench.tokenURL + "?") }),
        ("htu with fragment", "invalid_dpop_proof", { _, c in c["htu"] = .string(ProofBench.tokenURL + "#a") }),
        ("htu in another case", "invalid_dpop_proof", { _, c in c["htu"] = .string(World.issuer + "/OAuth2/token") }),
        (
            "htu at another host", "invalid_dpop_proof",
            { _, c in c["htu"] = .string("https://other.example/oauth2/token") }
        ),
        (
            "htu at a longer host", "invalid_dpop_proof",
            { _, c in c["htu"] = .string(World.issuer + ".evil/oauth2/token") }
        ),
        (
            "htu with user", "invalid_dpop_proof",
            { _, c in c["htu"] = .string("https://a@broker.example/oauth2/token") }
        ),
        (
            "htu at another port", "invalid_dpop_proof",
            { _, c in c["htu"] = .string(World.issuer + ":8443/oauth2/token") }
        ),
        ("htu over http", "invalid_dpop_proof", { _, c in c["htu"] = .string("http://broker.example/oauth2/token") }),
        (
            "htu of another endpoint", "invalid_dpop_proof",
            { _, c in c["htu"] = .string(World.issuer + "/oauth2/revoke") }
        ),
        ("htu of the issuer", "invalid_dpop_proof", { _, claims in claims["htu"] = .string(World.issuer) }),
        ("htu with slash", "invalid_dpop_proof", { _, c in c["htu"] = .string(ProofBench.tokenURL + "/") }),
        ("htu as path", "invalid_dpop_proof", { _, claims in claims["htu"] = .string("/oauth2/token") }),
        ("no iat", "invalid_dpop_proof", { _, claims in claims["iat"] = nil }),
        ("iat as text", "invalid_dpop_proof", { _, claims in claims["iat"] = .string("1800000000") }),
        ("old iat", "invalid_dpop_proof", { _, claims in claims.shift("iat", by: -91) }),
        ("future iat", "invalid_dpop_proof", { _, claims in claims.shift("iat", by: 31) }),
        ("iat past all time", "invalid_dpop_proof", { _, claims in claims["iat"] = .integer(Int64.max) }),
        ("ath of nothing that is shown", "invalid_dpop_proof", { _, claims in claims["ath"] = .integer(1) }),
        ("wrong nonce", "use_dpop_nonce", { _, claims in claims["nonce"] = .string("AAAA") }),
        ("changed nonce", "use_dpop_nonce", { _, c in c.edit(text: "nonce") { String($0.dropLast(2)) + "AA" } }),
        ("padded nonce", "use_dpop_nonce", { _, claims in claims.edit(text: "nonce") { $0 + "=" } }),
        ("empty nonce", "use_dpop_nonce", { _, claims in claims["nonce"] = .string("") }),
        ("nonce as number", "invalid_dpop_proof", { _, claims in claims["nonce"] = .integer(1) }),
    ]

    @Test(arguments: 0..<faults.count)
    func eachCheckOfTheStandardRefuses(_ index: Int) throws {
        let bench = try Self.shared.get()
        let fault = Self.faults[index]
        let answer = try bench.ask("agent:root", proofs: [bench.proof(edit: fault.edit)])
        #expect(answer.status == 400 && answer.error == fault.code, "\(fault.name): \(answer.text)")
        #expect(answer.header("DPoP-Nonce") != nil, "\(fault.name)")
    }

    @Test func whatTheStandardLeavesAloneIsTaken() throws {
        let bench = try Self.shared.get()
        let edits: [ProofBench.Edit] = [
            { header, _ in header["typ"] = .string("application/DPoP+JWT") },
            { header, _ in header["kid"] = .string("whatever") },
            { header, _ in header["jku"] = .string("https://evil.example/jwks.json") },
            { header, _ in header.edit("jwk") { $0["kid"] = .string("mine") } },
            { _, claims in claims["htu"] = .string("HTTPS://BROKER.example:443/oauth2/token") },
            { _, claims in claims["htu"] = .string("https://broker.example/x/../oauth2/%74oken") },
            { _, claims in claims["exp"] = .integer(1) },
            { _, claims in claims.shift("iat", by: -90) },
            { _, claims in claims.shift("iat", by: 30) },
            { _, claims in claims["iat"] = .number("1800000000.25") },
        ]
        for edit in edits {
            let answer = try bench.ask("agent:root", proofs: [bench.proof(edit: edit)])
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func theProofIsOneHeaderWithOneWholeProof() throws {
        let bench = try Self.shared.get()
        let (one, other) = (try bench.proof(), try bench.proof())
        for proofs in [[one, other], [one, one], [one + ", " + other], [""], ["x"], [one + "."], ["." + one]] {
            let answer = try bench.ask("agent:root", proofs: proofs)
            #expect(answer.status == 400 && answer.error == "invalid_dpop_proof", "\(proofs.count)")
        }
        let parts = one.split(separator: ".").map(String.init)
        let flipped = String(parts[2].dropFirst()) + (parts[2].hasPrefix("A") ? "B" : "A")
        #expect(try bench.ask("agent:root", proofs: [parts[0] + "." + parts[1] + "." + flipped]).status == 400)
        #expect(try bench.ask("agent:root", proofs: [one]).status == 200)
    }

    /// `Host` is what the sender says; the proof is for the issuer's own URL.
    @Test func theHostHeaderSaysNothing() throws {
        let bench = try Self.shared.get()
        let elsewhere = try bench.proof("POST", "https://evil.example/oauth2/token")
        let headers = [(name: "DPoP", value: elsewhere), (name: "Host", value: "evil.example")]
        let forwarded = headers + [(name: "X-Forwarded-Host", value: "evil.example")]
        for headers in [headers, forwarded] {
            let answer = try bench.world.post("/oauth2/token", as: "agent:root", ProofBench.task, headers: headers)
            #expect(answer.error == "invalid_dpop_proof")
        }
    }

    // MARK: Once

    @Test func aProofIsGoodOnce() throws {
        let bench = try ProofBench()
        let proof = try bench.proof()
        #expect(try bench.ask("agent:root", proofs: [proof]).status == 200)
        let again = try bench.ask("agent:root", proofs: [proof])
        #expect(again.error == "invalid_dpop_proof" && again.header("DPoP-Nonce") != nil)
        #expect(try bench.ask("agent:other", proofs: [proof]).error == "invalid_dpop_proof")
        let restarted = try ProofBench(restarting: bench)
        #expect(try restarted.ask("agent:root", proofs: [proof]).error == "invalid_dpop_proof")
        // Until it is too old; a clock that goes back makes nothing good again.
        restarted.world.clock.advance(89)
        #expect(try restarted.ask("agent:root", proofs: [proof]).error == "invalid_dpop_proof")
        restarted.world.clock.step(-3)
        #expect(try restarted.ask("agent:root", proofs: [proof]).error == "invalid_dpop_proof")
        // The same name from another key is another proof.
        let name = JSONValue.string("shared")
        for key in [bench.key, try PrivateKey.generate(.es256)] {
            let named = try restarted.proof(by: key) { _, claims in claims["jti"] = name }
            #expect(try restarted.ask("agent:root", proofs: [named]).status == 200)
        }
    }

    @Test func ofEightThatSendOneProofAtOnceOneGetsAToken() throws {
        let bench = try ProofBench()
        for _ in 0..<5 {
            let proof = try bench.proof()
            let answers = concurrently(8) { _ in try? bench.ask("agent:root", proofs: [proof]) }.compactMap { $0 }
            #expect(answers.count { $0.status == 200 } == 1)
            #expect(answers.count { $0.error == "invalid_dpop_proof" } == 7)
        }
    }

    @Test func aRefusedRequestUsesItsProofUp() throws {
        let bench = try ProofBench()
        let proof = try bench.proof()
        #expect(try bench.ask("agent:root", ProofBench.task + [("scope", "nonsense")], proofs: [proof]).status == 400)
        #expect(try bench.ask("agent:root", proofs: [proof]).error == "invalid_dpop_proof")
    }

    /// Expired marks may be forgotten only when the proof is refused for its age.
    @Test func forgottenMarksLetNothingInAgain() throws {
        let bench = try ProofBench()
        // As far ahead as a proof may be.
        let proof = try bench.proof { _, claims in claims.shift("iat", by: 30) }
        #expect(try bench.ask("agent:root", proofs: [proof]).status == 200)
        for _ in 0..<40 {
            bench.world.clock.advance(10)
            while try bench.world.broker.removeExpired() {}
            #expect(try bench.ask("agent:root", proofs: [proof]).status == 400)
        }
    }

    // MARK: Nonces

    @Test func aNonceHoldsFiveMinutesAndAcrossARestart() throws {
        let bench = try ProofBench()
        let nonce = JSONValue.string(try #require(bench.world.broker.proofs.nonces.fresh()))
        let restarted = try ProofBench(restarting: bench)
        func ask() throws -> Answer {
            try restarted.ask("agent:root", proofs: [restarted.proof { _, claims in claims["nonce"] = nonce }])
        }
        #expect(try ask().status == 200)
        restarted.world.clock.advance(299)
        #expect(try ask().status == 200)
        restarted.world.clock.advance(1)
        #expect(try ask().error == "use_dpop_nonce")
    }

    @Test func noncesAreOfTheSigningKeysAlone() throws {
        let bench = try ProofBench()
        let own = try #require(bench.world.broker.proofs.nonces.fresh())
        func ask(_ nonce: String) throws -> Answer {
            try bench.ask("agent:root", proofs: [bench.proof { _, claims in claims["nonce"] = .string(nonce) }])
        }
        #expect(try ask(own).status == 200)
        #expect(try bench.world.admin("POST", "/api/v1/keys/rotate").status == 200)
        #expect(try ask(own).error == "use_dpop_nonce")
        #expect(try ask(try #require(bench.world.broker.proofs.nonces.fresh())).status == 200)
    }

    @Test func aNonceFromTheTimeBeforeTheClockWasSetBackIsNotTaken() throws {
        let bench = try ProofBench()
        bench.world.clock.advance(1000)
        let ahead = JSONValue.string(try #require(bench.world.broker.proofs.nonces.fresh()))
        bench.world.clock.step(-1000)
        let world = try World(restarting: bench.world, acceptClock: true)
        let later = try ProofBench(world: world)
        let answer = try later.ask("agent:root", proofs: [later.proof { _, claims in claims["nonce"] = ahead }])
        #expect(answer.error == "use_dpop_nonce")
    }

    private static let shared = Result { try ProofBench() }
}

extension JSONObject {
    /// Changes the object under a name.
    mutating func edit(_ name: String, _ body: (inout JSONObject) -> Void) {
        var inner = self[name]?.objectValue ?? [:]
        body(&inner)
        self[name] = .object(inner)
    }

    mutating func edit(text name: String, _ body: (String) -> String) {
        self[name] = .string(body(self[name]?.stringValue ?? ""))
    }

    mutating func shift(_ name: String, by seconds: Int64) {
        self[name] = .integer((self[name]?.integerValue ?? 0) + seconds)
    }
}
