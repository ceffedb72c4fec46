internal import CertificateHarness
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import MayflyServer
internal import Testing

/// Tokens that are bound to a client certificate (RFC 8705 §3), and every way that could shed the binding.
struct CertificateBindingTests {
    private static let flag = "tls_client_certificate_bound_access_tokens"
    private static let mine = Result { try CertificateBench.issue("/O=Example/CN=billing") }
    private static let others = Result { try CertificateBench.issue("/O=Example/CN=other") }

    private let bench: CertificateBench
    private var world: World { bench.world }

    init() throws {
        bench = try CertificateBench()
        let changed = try bench.register {
            $0["tls_client_auth_subject_dn"] = .string("CN=billing,O=Example")
            $0[Self.flag] = .bool(true)
        }
        try #require(changed.status == 200, "\(changed.text)")
    }

    private func mine() throws -> PresentedCertificate { try CertificateBench.shown(try Self.mine.get()) }
    private func others() throws -> PresentedCertificate { try CertificateBench.shown(try Self.others.get()) }

    private func bound(_ more: Form = []) throws -> String {
        let answer = try bench.ask("agent:root", CertificateBench.task + more, showing: try mine())
        try #require(answer.status == 200, "\(answer.text)")
        return answer.accessToken
    }

    private func confirmation(_ token: String) throws -> JSONValue? {
        try JWS.parse(Array(token.utf8)).claims()["cnf"]
    }

    private func isBound(_ token: String, to certificate: PresentedCertificate) throws -> Bool {
        try confirmation(token) == .object(["x5t#S256": .string(certificate.thumbprint)])
    }

    @Test func theTokenNamesTheCertificateAndIntrospectionDoesToo() throws {
        let answer = try bench.ask(showing: try mine())
        #expect(answer.string("token_type") == "Bearer")
        #expect(try isBound(answer.accessToken, to: try mine()))
        let seen = try bench.introspect(answer.accessToken)
        #expect(seen["active"] == .bool(true) && seen["token_type"] == .string("Bearer"))
        #expect(seen["cnf"] == .object(["x5t#S256": .string(try mine().thumbprint)]))
        // The same after a restart, when the token is read from its own bytes.
        let again = try CertificateBench(world: try World(restarting: world))
        #expect(try again.introspect(answer.accessToken)["cnf"] == seen["cnf"])
    }

    @Test func introspectionComparesWhatTheToolPassesOn() throws {
        let token = try bound()
        let (mine, others) = (try Self.mine.get(), try Self.others.get())
        for text in [mine.pem, Base64.encode(mine.der)] {
            #expect(try bench.introspect(token, [("client_certificate", text)])["active"] == .bool(true))
        }
        #expect(try bench.introspect(token, [("client_certificate", others.pem)])["active"] == .bool(false))
        #expect(try bench.introspect(token, [("client_certificate", "x")]).error == "invalid_request")
        // Beside a bearer token it is nothing.
        let bearer = try world.minted("agent:child")
        #expect(try bench.introspect(bearer, [("client_certificate", mine.pem)])["active"] == .bool(true))
    }

    @Test func aDecisionNeedsTheCertificate() throws {
        let token = try bound()
        func reason(_ certificate: String?) throws -> (Bool?, String?) {
            let answer = try bench.evaluate(token, passing: certificate)
            return (answer["decision"]?.boolValue, answer["context"]?.objectValue?["reason"]?.stringValue)
        }
        let good = try reason(try Self.mine.get().pem)
        #expect(good.0 == true, "\(good)")
        #expect(try reason(nil) == (false, "certificate_required"))
        #expect(try reason(try Self.others.get().pem) == (false, "certificate_mismatch"))
        #expect(try bench.evaluate(token, passing: "no certificate").status == 400)
    }

    @Test func forwardAuthNeedsTheCertificate() throws {
        let token = try bound()
        #expect(try bench.verify(token, showing: try mine()).status == 200)
        for shown in [nil, try others()] {
            let answer = try bench.verify(token, showing: shown)
            #expect(answer.status == 401)
            #expect(answer.header("WWW-Authenticate") == #"Bearer realm="mayfly", error="invalid_token""#)
        }
        // A token with a certificate is no token with a DPoP key.
        #expect(try bench.verify(token, scheme: "DPoP", showing: try mine()).status == 401)
        #expect(try bench.verify(try world.minted("agent:child"), showing: try others()).status == 200)
    }

    // MARK: What comes of a bound token

    private func ticket(_ token: String, showing certificate: PresentedCertificate?) throws -> Answer {
        try bench.ask("agent:root", World.ticketForm(token, "agent:child"), showing: certificate)
    }

    @Test func aTicketFromABoundTokenMakesNoBearerToken() throws {
        let token = try bound()
        let ticket = try ticket(token, showing: try mine()).accessToken
        #expect(try confirmation(ticket) == nil)
        // The delegate has a key for its assertions and no certificate: refused, and the ticket stays good.
        let bare = try bench.askByKey("agent:child", World.redeemForm(ticket), showing: nil)
        #expect(bare.status == 400 && bare.accessToken.isEmpty, "\(bare.text)")
        let redeemed = try bench.askByKey("agent:child", World.redeemForm(ticket), showing: try others())
        #expect(redeemed.status == 200, "\(redeemed.text)")
        #expect(try isBound(redeemed.accessToken, to: try others()))
        // And so on, down the chain.
        let further = try bench.askByKey(
            "agent:child", World.ticketForm(redeemed.accessToken, "agent:leaf"), showing: try others()
        ).accessToken
        #expect(try bench.askByKey("agent:leaf", World.redeemForm(further), showing: nil).accessToken.isEmpty)
    }

    @Test func aBoundTokenIsDelegatedWithItsCertificateAlone() throws {
        let token = try bound()
        // A token that was seen by somebody else who is the agent as well, by another certificate of the same name.
        let twin = try CertificateBench.shown(try CertificateBench.issue("/O=Example/CN=billing"))
        #expect(try ticket(token, showing: twin).error == "invalid_request")
        let exchanged = try bench.askByKey("agent:child", ProofBench.exchangeForm(token), showing: nil)
        #expect(exchanged.accessToken.isEmpty)
        let shown = try bench.askByKey("agent:child", ProofBench.exchangeForm(token), showing: try others())
        #expect(shown.accessToken.isEmpty)
        // Whoever is on the holder's own connection gets it on, bound to that connection's certificate.
        let own = try bench.askByKey("agent:child", ProofBench.exchangeForm(token), showing: try mine())
        #expect(try own.status == 200 && isBound(own.accessToken, to: try mine()), "\(own.text)")
    }

    @Test func whoDemandsACertificateGivesNothingElse() throws {
        // An agent with a key, whose tokens must be bound to a certificate all the same.
        try #require(try bench.register("agent:child") { $0[Self.flag] = .bool(true) }.status == 200)
        let bare = try bench.askByKey("agent:child", showing: nil)
        #expect(bare.status == 400 && bare.error == "invalid_request", "\(bare.text)")
        let held = try bench.askByKey("agent:child", showing: try others())
        #expect(try isBound(held.accessToken, to: try others()))
        // A proof as well would make it two keys.
        let proofs = try ProofBench(world: world)
        let assertion: Form = [
            ("client_assertion_type", World.assertionType), ("client_assertion", try world.assertion("agent:child")),
        ]
        let both = try bench.post(
            "/oauth2/token", CertificateBench.task + assertion, showing: try others(),
            headers: [("DPoP", try proofs.proof())])
        #expect(both.error == "invalid_request" && both.accessToken.isEmpty, "\(both.text)")
        // And a resource that wants proofs cannot have them from it.
        try #require(
            try world.change("/api/v1/resources/tickets") { $0["dpop_bound_access_tokens"] = .bool(true) }.status == 200
        )
        #expect(try bench.ask(showing: try mine()).accessToken.isEmpty)
    }

    @Test func aCertificateOnTheWayBindsNothingUnasked() throws {
        let answer = try bench.askByKey("agent:child", showing: try mine())
        #expect(try answer.status == 200 && confirmation(answer.accessToken) == nil)
    }

    @Test func aProofBindsAlsoWhereACertificateSaysWhoItIs() throws {
        try #require(try bench.register { $0[Self.flag] = nil }.status == 200)
        let proofs = try ProofBench(world: world)
        // After the other bench, which has made the resource another secret.
        let bench = try CertificateBench(world: world)
        let answer = try bench.post(
            "/oauth2/token", CertificateBench.task + [("client_id", "agent:root")], showing: try mine(),
            headers: [("DPoP", try proofs.proof())])
        #expect(answer.string("token_type") == "DPoP", "\(answer.text)")
        // A certificate does not stand in for the proof.
        #expect(try bench.evaluate(answer.accessToken, passing: try Self.mine.get().pem)["decision"] == .bool(false))
        #expect(try bench.verify(answer.accessToken, showing: try mine()).status == 401)
        #expect(try ticket(answer.accessToken, showing: try mine()).error == "invalid_dpop_proof")
    }

    @Test func aHolderRevokesByItsCertificate() throws {
        let token = try bound()
        let form: Form = [("token", token), ("client_id", "agent:root")]
        #expect(try bench.post("/oauth2/revoke", form, showing: try others()).error == "invalid_client")
        #expect(try world.isActive(token))
        #expect(try bench.post("/oauth2/revoke", form, showing: try mine()).status == 200)
        #expect(try !world.isActive(token))
    }

    /// `cnf` has one key; a token with two, or with a way of binding that nobody knows, is no token.
    @Test func theClaimHoldsOneKeyAndNothingElse() throws {
        let token = try bound()
        let claims = try JWS.parse(Array(token.utf8)).claims()
        for other in [
            ["jkt": .string("a"), "x5t#S256": .string("b")], ["x5t#S256": .integer(1)], ["x5t": .string("a")], [:],
        ] as [JSONObject] {
            var changed = claims
            changed["cnf"] = .object(other)
            #expect((try? TokenClaims(changed)) == nil, "\(other)")
        }
        let read = try TokenClaims(claims)
        #expect(read.confirmation == .certificate(thumbprint: try mine().thumbprint))
        #expect(read.encoded() == JSONWriter.bytes(of: .object(claims)))
    }
}
