import CertificateHarness
import MayflyBroker
import MayflyCrypto
import MayflyModel
import MayflyServer
import Testing

/// Each way to prove who one is, at each grant, put to each misuse.
@Suite struct IdentityMatrixTests {
    /// How an agent proves itself; each has an agent of its own, and `Bench.other` has another for the same method.
    enum Method: String, CaseIterable, Sendable {
        case key, providerToken, jwtSVID, certificate, selfSigned, x509SVID

        var agent: String { "agent:by-\(rawValue.lowercased())" }
        var other: String { "agent:other-\(rawValue.lowercased())" }
        /// Whether what it proves itself with is used up; a connection proves itself anew by TLS.
        var isSingleUse: Bool { self == .key || self == .providerToken }
        var isOfConnection: Bool { self == .certificate || self == .selfSigned || self == .x509SVID }
    }

    enum Grant: String, CaseIterable, Sendable {
        case clientCredentials, ticket, exchange, approved, assertion
    }

    enum Misuse: String, CaseIterable, Sendable {
        case none, replayed, othersIdentity, othersName, missing, expired, foreign, twoMethods
    }

    /// One request's proof of identity.
    struct Proof {
        var form: Form = []
        var certificate: PresentedCertificate?
    }

    /// A world with two agents for each method, who may all take over what `agent:root` hands on.
    struct Bench {
        let trust: TrustBench
        let governance = TestGovernance()
        var world: World { trust.world }
        let selfSigned: [String: TestCertificate]

        init() throws {
            // People are asked about one grant alone.
            governance.set { ($0.isAsking, $0.risky) = (false, "tickets.read") }
            trust = try TrustBench(governance: governance)
            _ = try CertificateBench(world: trust.world)
            var made: [String: TestCertificate] = [:]
            var agents: [String] = []
            for method in Method.allCases {
                for name in [method.agent, method.other] {
                    let certificate = try TestAuthority(.named("/O=Self/CN=\(name.dropFirst(6))")).certificate
                    made[name] = certificate
                    agents.append(Self.registration(name, method, certificate))
                }
            }
            selfSigned = made
            let bundle = SVIDTests.bundle(try SVIDTests.production.get())
            try trust.apply(
                #"""
                {"providers": [{"id": "provider:x509", "trust_domain": "x509.example", "jwks": \#(bundle)}],
                 "owners": [{"id": "owner:ann", "name": "n", "email": "a@example.org", "groups": ["finance"]}],
                 "agents": [\#(agents.joined(separator: ","))]}
                """#)
            try world.enrolOwners("owner:ann")
            for name in [Method.key.agent, Method.key.other] {
                try #require(try world.enrol(name).status == 201)
            }
            let widened = try world.change("/api/v1/agents/agent:root") { object in
                object["delegates"] = .array([.string("role:reader")])
            }
            try #require(widened.status == 200, "\(widened.text)")
        }

        private static func registration(_ name: String, _ method: Method, _ certificate: TestCertificate) -> String {
            let short = String(name.dropFirst(6))
            let identity =
                switch method {
                case .key: ""
                case .providerToken: #", "trust": [{"provider":"provider:ci","subject":"\#(short)"}]"#
                case .jwtSVID: #", "trust": [{"provider":"provider:prod","subject":"spiffe://prod.example/\#(short)"}]"#
                case .x509SVID:
                    #", "trust": [{"provider":"provider:x509","subject":"spiffe://x509.example/\#(short)"}]"#
                case .certificate: #", "tls_client_auth_san_dns": "\#(short).example""#
                case .selfSigned:
                    #", "tls_client_certificates": ["\#(X509Certificate.thumbprint(of: SHA256.digest(of: certificate.der)))"]"#
                }
            return #"""
                {"id": "\#(name)", "purpose": "p", "owner": "owner:bob", "roles": ["role:reader"],
                 "resources": ["tickets"]\#(identity)}
                """#
        }

        /// What `name` proves itself with; `isExpired` and `isForeign` spoil it.
        func proof(
            of name: String, by method: Method, isExpired: Bool = false, isForeign: Bool = false
        ) throws -> Proof {
            let short = String(name.dropFirst(6))
            let past = world.clock.now().seconds - 120
            let stranger = isForeign ? try PrivateKey.generate(.es256) : nil
            func spoil(_ claims: inout JSONObject) {
                if isExpired { (claims["exp"], claims["iat"]) = (.integer(past), .integer(past - 60)) }
            }
            func assertion(_ compact: String, _ type: String = World.assertionType) -> Proof {
                Proof(form: [("client_assertion_type", type), ("client_assertion", compact)])
            }
            func issued(_ authority: Result<TestAuthority, any Error>, _ names: String) throws -> Proof {
                var request = TestAuthority.Request.named("/O=x/CN=\(short)", names)
                if isExpired { (request.from, request.until) = ("20200101000000Z", "20210101000000Z") }
                let signer = try isForeign ? CertificateBench.other.get() : authority.get()
                return Proof(
                    form: [("client_id", name)], certificate: try CertificateBench.shown(try signer.issue(request)))
            }
            switch method {
            case .key:
                var claims = world.claims(name)
                spoil(&claims)
                return assertion(try world.assertion(name, claims: claims, key: stranger))
            case .providerToken:
                return assertion(
                    try trust.token(key: stranger) { claims in
                        claims["sub"] = .string(short)
                        spoil(&claims)
                    })
            case .jwtSVID:
                return assertion(
                    try trust.svid(key: stranger) { claims in
                        claims["sub"] = .string("spiffe://prod.example/\(short)")
                        spoil(&claims)
                    }, TrustBench.spiffeType)
            case .certificate: return try issued(CertificateBench.root, "DNS:\(short).example")
            case .x509SVID: return try issued(SVIDTests.production, "URI:spiffe://x509.example/\(short)")
            case .selfSigned:
                var request = TestAuthority.Request.named("/O=Self/CN=\(short)")
                if isExpired { (request.from, request.until) = ("20200101000000Z", "20210101000000Z") }
                let certificate =
                    isExpired || isForeign ? try TestAuthority(request).certificate : try #require(selfSigned[name])
                return Proof(form: [("client_id", name)], certificate: try CertificateBench.shown(certificate))
            }
        }

        /// A request for one grant by `name`, without its proof; nil where the method has no such grant.
        func form(_ grant: Grant, for name: String, by method: Method) throws -> Form? {
            governance.set { $0.isAsking = grant == .approved }
            switch grant {
            case .exchange: return ProofBench.exchangeForm(try world.minted("agent:root"))
            case .approved:
                // The same question about the same task would be the same request, approved already.
                let task = "task-\(UInt64.random(in: 0...UInt64.max))"
                let form: Form = [("resource", "tickets"), ("scope", "tickets.read"), ("task", task)]
                let raised = try send(form, try proof(of: name, by: method), to: ApprovalBench.backchannel)
                let id = try #require(raised.string("auth_req_id"), "\(raised.text)")
                let voter = try world.minted("owner:ann", [("scope", "mayfly.approve")])
                let voted = try world.beginAdmin(
                    "POST", "/api/v1/approvals/\(id)/approve", #"{"reason":"checked"}"#, token: voter
                ).wait()
                try #require(voted.string("state") == "approved", "\(voted.text)")
                return [("grant_type", ApprovalBench.cibaGrant), ("auth_req_id", id)]
            case .clientCredentials: return [("grant_type", "client_credentials"), ("resource", "tickets")]
            case .ticket:
                let parent = try world.minted("agent:root")
                let ticket = try world.ticket("agent:root", parent: parent, for: name)
                try #require(ticket.status == 200, "\(ticket.text)")
                return World.redeemForm(ticket.accessToken)
            case .assertion:
                guard method == .providerToken || method == .jwtSVID else { return nil }
                return [("grant_type", TrustBench.grant), ("resource", "tickets")]
            }
        }

        func send(_ grant: Grant, _ form: Form, _ proof: Proof) throws -> Answer {
            var fields = form
            for (name, value) in proof.form {
                // The grant has the assertion under a name of its own, and nothing that says its type.
                guard grant == .assertion else {
                    fields.append((name, value))
                    continue
                }
                if name == "client_assertion" { fields.append(("assertion", value)) }
            }
            return try send(fields, Proof(certificate: proof.certificate), to: "/oauth2/token")
        }

        private func send(_ form: Form, _ proof: Proof, to path: String) throws -> Answer {
            try world.handler.send(
                "POST", path, headers: [Wire.formType], body: Wire.encode(form + proof.form),
                showing: proof.certificate)
        }
    }

    @Test(arguments: Method.allCases) func eachMethodAtEachGrantStandsEachMisuse(_ method: Method) throws {
        let bench = try Bench()
        var tried = 0
        for grant in Grant.allCases {
            for misuse in Misuse.allCases {
                guard let form = try bench.form(grant, for: method.agent, by: method) else { continue }
                let label: Comment = "\(method.rawValue) \(grant.rawValue) \(misuse.rawValue)"
                var proof = try bench.proof(
                    of: misuse == .othersIdentity ? method.other : method.agent, by: method,
                    isExpired: misuse == .expired, isForeign: misuse == .foreign)
                switch misuse {
                case .none, .expired, .foreign: break
                case .replayed:
                    guard method.isSingleUse else { continue }
                    let first = try bench.send(grant, form, proof)
                    #expect(first.status == 200, label)
                case .othersIdentity:
                    // Good for another agent: it may not redeem what is for this one, nor name this one.
                    if grant != .ticket, grant != .approved {
                        proof.form += method.isOfConnection ? [] : [("client_id", method.agent)]
                    }
                    if method.isOfConnection { proof.form = [("client_id", method.agent)] }
                    if grant == .assertion { continue }
                case .othersName:
                    guard grant != .assertion else { continue }
                    proof.form.removeAll { $0.0 == "client_id" }
                    proof.form.append(("client_id", method.other))
                case .missing:
                    proof = Proof(form: method.isOfConnection ? [("client_id", method.agent)] : [])
                case .twoMethods:
                    guard grant != .assertion else { continue }
                    proof.form.append(("client_secret", "x"))
                }
                let again =
                    misuse == .replayed && (grant == .ticket || grant == .approved)
                    ? try bench.form(grant, for: method.agent, by: method) : form
                let answer = try bench.send(grant, try #require(again), proof)
                tried += 1
                if misuse == .none {
                    #expect(answer.status == 200, label)
                    #expect(try bench.world.introspect(answer.accessToken).string("client_id") == method.agent, label)
                } else {
                    #expect((400...401).contains(answer.status), label)
                    #expect(answer.accessToken.isEmpty, label)
                    let code = answer.error ?? ""
                    #expect(["invalid_client", "invalid_grant", "invalid_request"].contains(code), label)
                }
            }
        }
        #expect(tried >= 24)
    }
}
