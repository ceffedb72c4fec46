internal import CertificateHarness
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import MayflyServer
internal import Testing

/// Agents that are known by a client certificate (RFC 8705 §2).
struct CertificateClientTests {
    /// A registration, the certificates that prove it, and those that look like them.
    struct Form5: Sendable {
        let member: String
        let value: String
        let good: [(subject: String, names: String?)]
        let bad: [(subject: String, names: String?)]
    }

    private static let forms = [
        Form5(
            member: "tls_client_auth_subject_dn", value: "CN=billing,O=Example",
            good: [("/O=Example/CN=billing", nil), ("/O=EXAMPLE/CN=Billing", "DNS:other.example")],
            bad: [
                ("/O=Example/CN=billing2", nil), ("/CN=billing/O=Example", nil), ("/CN=billing", nil),
                ("/O=Example/OU=x/CN=billing", nil), ("/O=Example/CN=other", "DNS:billing"),
            ]),
        Form5(
            member: "tls_client_auth_san_dns", value: "billing.example",
            good: [("/CN=x", "DNS:billing.example"), ("/CN=x", "DNS:a.example,DNS:BILLING.example")],
            bad: [
                ("/CN=billing.example", nil), ("/CN=x", "DNS:*.example"), ("/CN=x", "DNS:billing.example.evil.test"),
                ("/CN=x", "DNS:a.billing.example"), ("/CN=x", "URI:billing.example"),
                // billing.example NUL .evil
                (
                    "/CN=x",
                    "DER:30:17:82:15:62:69:6C:6C:69:6E:67:2E:65:78:61:6D:70:6C:65:00:2E:65:76:69:6C"
                ),
                ("/CN=x", "DNS:billing.example,DER:00"),
            ]),
        Form5(
            member: "tls_client_auth_san_uri", value: "spiffe://example.org/billing",
            good: [
                ("/CN=x", "URI:spiffe://example.org/billing"), ("/CN=x", "URI:urn:a,URI:spiffe://example.org/billing"),
            ],
            bad: [
                ("/CN=x", "URI:spiffe://example.org/billing/"), ("/CN=x", "URI:spiffe://Example.org/billing"),
                ("/CN=x", "DNS:spiffe"), ("/CN=x", "URI:spiffe://example.org/billin"),
            ]),
        Form5(
            member: "tls_client_auth_san_ip", value: "192.0.2.7",
            good: [("/CN=x", "IP:192.0.2.7"), ("/CN=x", "IP:192.0.2.8,IP:192.0.2.7")],
            bad: [
                ("/CN=x", "IP:192.0.2.70"), ("/CN=x", "IP:::ffff:192.0.2.7"), ("/CN=x", "DNS:192.0.2.7"),
                ("/CN=192.0.2.7", nil),
            ]),
        Form5(
            member: "tls_client_auth_san_ip", value: "2001:DB8:0::7",
            good: [("/CN=x", "IP:2001:db8::7")], bad: [("/CN=x", "IP:2001:db8::8")]),
        Form5(
            member: "tls_client_auth_san_email", value: "billing@Example.org",
            good: [("/CN=x", "email:billing@example.ORG")],
            bad: [
                ("/CN=x", "email:Billing@example.org"), ("/CN=x", "email:billing@example.org.evil"),
                ("/CN=x", "email:x@billing@example.org"), ("/CN=x/emailAddress=billing@example.org", nil),
            ]),
    ]

    @Test(arguments: 0..<forms.count)
    func eachFormTakesItsOwnNameAndNoOther(_ index: Int) throws {
        let bench = try CertificateBench()
        let form = Self.forms[index]
        let changed = try bench.register { $0[form.member] = .string(form.value) }
        try #require(changed.status == 200, "\(changed.text)")
        #expect(changed[form.member] == .string(form.value))
        for (subject, names) in form.good {
            let shown = try CertificateBench.shown(try CertificateBench.issue(subject, names))
            let answer = try bench.ask(showing: shown)
            #expect(
                answer.status == 200 && answer.string("token_type") == "Bearer",
                "\(subject) \(names ?? ""): \(answer.text)")
            // Known already, and to this agent only.
            #expect(try bench.ask(showing: shown).status == 200)
            #expect(try bench.ask("agent:child", showing: shown).error == "invalid_client")
        }
        for (subject, names) in form.bad {
            // What openssl itself does not write cannot be shown.
            guard let made = try? CertificateBench.issue(subject, names) else { continue }
            let answer = try bench.ask(showing: try CertificateBench.shown(made))
            #expect(answer.status == 401 && answer.error == "invalid_client", "\(subject) \(names ?? "")")
        }
    }

    private static let member = "tls_client_auth_subject_dn"

    private func registered() throws -> (CertificateBench, TestCertificate) {
        let bench = try CertificateBench()
        try #require(try bench.register { $0[Self.member] = .string("CN=billing,O=Example") }.status == 200)
        return (bench, try CertificateBench.issue("/O=Example/CN=billing"))
    }

    /// Every refusal says the same, whatever was wrong.
    @Test func misuseOfACertificateIsRefusedInTheSameWords() throws {
        let (bench, good) = try registered()
        let other = try CertificateBench.other.get()
        let root = try CertificateBench.root.get()
        func request(_ edit: (inout TestAuthority.Request) -> Void) -> TestAuthority.Request {
            var request = TestAuthority.Request.named("/O=Example/CN=billing")
            edit(&request)
            return request
        }
        let intermediate = try root.intermediate()
        let misuse: [(String, PresentedCertificate?)] = [
            ("none", nil),
            ("another agent's", try CertificateBench.shown(try CertificateBench.issue("/O=Example/CN=other"))),
            ("another authority's", try CertificateBench.shown(try other.issue(request { _ in }))),
            (
                "another authority's with its root",
                try CertificateBench.shown(try other.issue(request { _ in }), [other.certificate])
            ),
            ("self-signed", try CertificateBench.shown(try root.selfSigned(request { _ in }))),
            ("expired", try CertificateBench.shown(try root.issue(request { $0.until = "20250101000000Z" }))),
            ("not yet valid", try CertificateBench.shown(try root.issue(request { $0.from = "20390101000000Z" }))),
            ("a server's", try CertificateBench.shown(try root.issue(request { $0.extendedKeyUsage = "serverAuth" }))),
            ("an authority's", try CertificateBench.shown(root.certificate)),
            ("without the intermediate", try CertificateBench.shown(try intermediate.issue(request { _ in }))),
            ("no certificate at all", PresentedCertificate([[1, 2, 3]])),
            ("a good one cut short", PresentedCertificate([Array(good.der.dropLast())])),
            ("a good one as the second", PresentedCertificate([[0x30, 0], good.der])),
        ]
        let words = try bench.ask(showing: try CertificateBench.shown(try CertificateBench.issue("/CN=x"))).text
        for (name, shown) in misuse {
            let answer = try bench.ask(showing: shown)
            #expect(answer.status == 401 && answer.error == "invalid_client", "\(name): \(answer.text)")
            if shown != nil { #expect(answer.text == words, "\(name)") }
        }
        #expect(try bench.ask("agent:nobody", showing: try CertificateBench.shown(good)).text == words)
        #expect(try bench.ask(showing: try CertificateBench.shown(good)).status == 200)
        let below = try intermediate.issue(request { _ in })
        #expect(try bench.ask(showing: try CertificateBench.shown(below, [intermediate.certificate])).status == 200)
    }

    @Test func oneMethodForEachClientAndForEachRequest() throws {
        let (bench, good) = try registered()
        let shown = try CertificateBench.shown(good)
        // The key that it had before proves nothing any more.
        #expect(try bench.askByKey("agent:root", showing: shown).error == "invalid_client")
        #expect(try bench.askByKey("agent:root", showing: nil).error == "invalid_client")
        // An agent with a key is not known by a certificate.
        #expect(try bench.ask("agent:child", showing: shown).error == "invalid_client")
        #expect(try bench.askByKey("agent:child", showing: shown).status == 200)
        let basic = try bench.post(
            "/oauth2/token", CertificateBench.task + [("client_id", "agent:root")], showing: shown,
            headers: [("Authorization", Wire.basic("tickets", bench.secret))])
        #expect(basic.error == "invalid_client")
        let nameless = try bench.post("/oauth2/token", CertificateBench.task, showing: shown)
        #expect(nameless.error == "invalid_client")
        let twice = try bench.post(
            "/oauth2/token", CertificateBench.task + [("client_id", "agent:root"), ("client_id", "agent:child")],
            showing: shown)
        #expect(twice.error == "invalid_request")
    }

    @Test func timePassesForACertificateThatIsKnown() throws {
        let (bench, _) = try registered()
        var request = TestAuthority.Request.named("/O=Example/CN=billing")
        // The clock of the tests stands at 2027-01-15.
        request.until = "20270116000000Z"
        let shown = try CertificateBench.shown(try CertificateBench.root.get().issue(request))
        #expect(try bench.ask(showing: shown).status == 200)
        bench.world.clock.advance(86_400)
        #expect(try bench.ask(showing: shown).error == "invalid_client")
    }

    @Test func anAuthorityThatIsTakenAwayIsNotBelievedFromThenOn() throws {
        let (bench, good) = try registered()
        let shown = try CertificateBench.shown(good)
        #expect(try bench.ask(showing: shown).status == 200)
        try bench.believe(try CertificateBench.other.get())
        #expect(try bench.ask(showing: shown).error == "invalid_client")
        try bench.believe(nil)
        #expect(try bench.ask(showing: shown).error == "invalid_client")
    }

    @Test func aSelfSignedCertificateIsKnownByItself() throws {
        let bench = try CertificateBench()
        let root = try CertificateBench.root.get()
        let (first, second) = (try root.selfSigned(.named("/CN=a")), try root.selfSigned(.named("/CN=a")))
        let thumbprint = try X509Certificate(der: second.der).thumbprint
        let changed = try bench.register {
            $0["tls_client_certificates"] = .array([.string(first.pem), .string(thumbprint)])
        }
        try #require(changed.status == 200, "\(changed.text)")
        // What is kept is the digest.
        let kept = try X509Certificate(der: first.der).thumbprint
        #expect(changed["tls_client_certificates"] == .array([.string(kept), .string(thumbprint)]))
        for certificate in [first, second] {
            #expect(try bench.ask(showing: try CertificateBench.shown(certificate)).status == 200)
        }
        // A third of the same name, one of an authority, and one whose days are over.
        for certificate in [try root.selfSigned(.named("/CN=a")), try root.issue(.named("/CN=a"))] {
            #expect(try bench.ask(showing: try CertificateBench.shown(certificate)).error == "invalid_client")
        }
        var old = TestAuthority.Request.named("/CN=a")
        old.until = "20260101000000Z"
        let expired = try root.selfSigned(old)
        try #require(
            try bench.register { $0["tls_client_certificates"] = .array([.string(expired.pem)]) }.status == 200)
        #expect(try bench.ask(showing: try CertificateBench.shown(expired)).error == "invalid_client")
    }

    // MARK: The record

    @Test func anAgentWithACertificateNeedsNoKey() throws {
        let world = try World(enrol: [])
        let bench = try CertificateBench(world: world)
        #expect(try world.admin("GET", "/api/v1/agents/agent:root").string("state") == "pending")
        let changed = try bench.register { $0["tls_client_auth_san_dns"] = .string("a.example") }
        #expect(changed.string("state") == "active")
        let shown = try CertificateBench.shown(try CertificateBench.issue("/CN=x", "DNS:a.example"))
        #expect(try bench.ask(showing: shown).status == 200)
        for step in ["suspend", "resume"] {
            #expect(try world.admin("POST", "/api/v1/agents/agent:root/\(step)", #"{"reason":"t"}"#).status == 200)
            #expect(try bench.ask(showing: shown).status == (step == "resume" ? 200 : 401))
        }
        #expect(try bench.register { $0["tls_client_auth_san_dns"] = nil }.string("state") == "pending")
        #expect(try bench.ask(showing: shown).error == "invalid_client")
        // It is stored like everything else.
        try #require(try bench.register { $0["tls_client_auth_san_dns"] = .string("a.example") }.status == 200)
        let again = try CertificateBench(world: try World(restarting: world))
        #expect(try again.ask(showing: shown).status == 200)
    }

    @Test func changingTheCertificateEndsWhatIsOut() throws {
        let (bench, good) = try registered()
        func fresh() throws -> String { try bench.ask(showing: try CertificateBench.shown(good)).accessToken }
        var token = try fresh()
        #expect(try bench.world.isActive(token))
        // Nothing that concerns who it is.
        try #require(try bench.register { $0["name"] = .string("Other") }.status == 200)
        #expect(try bench.world.isActive(token))
        try #require(
            try bench.register { $0["tls_client_certificate_bound_access_tokens"] = .bool(true) }.status == 200)
        #expect(try !bench.world.isActive(token))
        token = try fresh()
        try #require(try bench.register { $0["tls_client_certificate_bound_access_tokens"] = nil }.status == 200)
        #expect(try bench.world.isActive(token))
        try #require(try bench.register { $0[Self.member] = .string("CN=billing2,O=Example") }.status == 200)
        #expect(try !bench.world.isActive(token))
    }

    @Test func addingACertificateEndsNothingAndTakingOneDoes() throws {
        let bench = try CertificateBench()
        let root = try CertificateBench.root.get()
        let (first, second) = (try root.selfSigned(.named("/CN=a")), try root.selfSigned(.named("/CN=a")))
        func register(_ list: [TestCertificate]) throws {
            let answer = try bench.register {
                $0["tls_client_certificates"] = .array(list.map { .string(Base64.encode($0.der)) })
            }
            try #require(answer.status == 200, "\(answer.text)")
        }
        try register([first])
        let token = try bench.ask(showing: try CertificateBench.shown(first)).accessToken
        try register([first, second])
        #expect(try bench.world.isActive(token))
        try register([second])
        #expect(try !bench.world.isActive(token))
    }

    @Test(arguments: [
        ("tls_client_auth_subject_dn", JSONValue.string("billing")), ("tls_client_auth_subject_dn", .string("")),
        ("tls_client_auth_san_dns", .string("*.example")), ("tls_client_auth_san_dns", .string("a..example")),
        ("tls_client_auth_san_dns", .string("-a.example")), ("tls_client_auth_san_uri", .string("billing")),
        ("tls_client_auth_san_uri", .string("urn:")), ("tls_client_auth_san_uri", .string("urn:a b")),
        ("tls_client_auth_san_ip", .string("192.0.2.7/32")), ("tls_client_auth_san_ip", .string("192.0.2.07")),
        ("tls_client_auth_san_ip", .string("a.example")), ("tls_client_auth_san_email", .string("billing")),
        ("tls_client_auth_san_email", .string("a@b@c.example")), ("tls_client_auth_san_email", .string("@c.example")),
        ("tls_client_certificates", .array([])), ("tls_client_certificates", .array([.string("AAAA")])),
        ("tls_client_certificates", .array([.integer(1)])), ("tls_client_certificates", .string("x")),
        ("tls_client_auth_san_dns", .integer(1)),
    ])
    func aRegistrationOutOfShapeIsRefused(_ member: String, _ value: JSONValue) throws {
        let bench = try CertificateBench(world: try World.shared())
        let answer = try bench.register("agent:leaf") { $0[member] = value }
        #expect(answer.status == 422 || answer.status == 400, "\(answer.status) \(answer.text)")
        #expect(answer.text.contains(member))
    }

    @Test func twoWaysToBeKnownAreOneTooMany() throws {
        let bench = try CertificateBench(world: try World.shared())
        let two = try bench.register("agent:leaf") {
            $0["tls_client_auth_san_dns"] = .string("a.example")
            $0["tls_client_auth_san_uri"] = .string("urn:a")
        }
        #expect(two.status >= 400 && two.text.contains("one of the tls_client_auth_ members"), "\(two.text)")
        let both = try bench.register("agent:leaf") {
            $0["dpop_bound_access_tokens"] = .bool(true)
            $0["tls_client_certificate_bound_access_tokens"] = .bool(true)
        }
        #expect(both.status >= 400 && both.text.contains("bound to one key"), "\(both.text)")
    }

    @Test func theMetadataSaysWhereAndHow() throws {
        let bench = try CertificateBench(world: try World())
        let said = try bench.world.handler.send("GET", "/.well-known/oauth-authorization-server").json
        let methods = said["token_endpoint_auth_methods_supported"]?.stringArrayValue ?? []
        #expect(Set(methods).isSuperset(of: ["tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"]))
        #expect(said["tls_client_certificate_bound_access_tokens"] == .bool(true))
        let aliases = said["mtls_endpoint_aliases"]?.objectValue
        #expect(aliases?["token_endpoint"] == .string("https://mtls.example/oauth2/token"))
        let plain = try World().handler.send("GET", "/.well-known/oauth-authorization-server").json
        #expect(plain["mtls_endpoint_aliases"] == nil)
        #expect(plain["token_endpoint_auth_methods_supported"]?.stringArrayValue?.contains("tls_client_auth") == false)
    }

    @Test func aRefusalIsNotedUnderTheNameAndSaysNothingOfTheCertificate() throws {
        let (bench, _) = try registered()
        let shown = try CertificateBench.shown(try CertificateBench.issue("/O=Secret/CN=unmistakable"))
        #expect(try bench.ask(showing: shown).error == "invalid_client")
        bench.world.settle()
        let entries = try bench.world.admin("GET", "/api/v1/ledger?event=client.refused").text
        #expect(entries.contains("agent:root") && !entries.contains("unmistakable"), "\(entries)")
    }
}
