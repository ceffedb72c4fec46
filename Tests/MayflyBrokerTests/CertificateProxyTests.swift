internal import CertificateHarness
internal import MayflyBroker
internal import MayflyModel
internal import MayflyServer
internal import Testing

/// Client certificates that a proxy passes on in a header (RFC 9440, and nginx's escaped PEM).
struct CertificateProxyTests {
    private static let header = "Client-Cert"
    private static let proxy = "10.1.2.3"
    private static let mine = Result { try CertificateBench.issue("/O=Example/CN=billing") }

    private let bench: CertificateBench
    private let handler: BrokerHandler

    init() throws {
        bench = try CertificateBench()
        let ranges = try ["10.1.0.0/16", "2001:db8::/32"].map { try #require(AddressRange($0)) }
        handler = BrokerHandler(
            broker: bench.world.broker, certificates: CertificateSource(header: Self.header, proxies: ranges))
        try #require(
            try bench.register { $0["tls_client_auth_subject_dn"] = .string("CN=billing,O=Example") }.status == 200)
    }

    private func ask(
        _ headers: [(name: String, value: String)], from address: String = proxy, showing: PresentedCertificate? = nil
    ) throws -> Answer {
        try bench.post(
            "/oauth2/token", CertificateBench.task + [("client_id", "agent:root")], showing: showing,
            headers: headers, from: address, at: handler)
    }

    private static func field(_ certificate: TestCertificate) -> String { ":\(Base64.encode(certificate.der)):" }

    private static func escaped(_ certificate: TestCertificate) -> String { Wire.escape(certificate.pem) }

    @Test func bothFormsAreTakenFromAProxy() throws {
        let mine = try Self.mine.get()
        for value in [Self.field(mine), Self.escaped(mine)] {
            for address in [Self.proxy, "2001:db8::1", "::ffff:10.1.255.255"] {
                let answer = try ask([(Self.header, value)], from: address)
                #expect(answer.status == 200, "\(address): \(answer.text)")
            }
        }
    }

    /// Refused, and not passed over: who sends it means to be somebody.
    @Test(arguments: ["10.2.0.1", "127.0.0.1", "2001:db9::1", "192.0.2.1", "", "::1"])
    func theHeaderOfAnybodyElseIsRefused(_ address: String) throws {
        let mine = try Self.mine.get()
        for name in [Self.header, "client-cert", "Client-Cert-Chain"] {
            let answer = try ask([(name, Self.field(mine))], from: address)
            #expect(answer.status == 401 && answer.error == "invalid_client", "\(name): \(answer.text)")
        }
        // Even beside a certificate of its own, and also with nothing to do with tokens.
        let own = try ask([(Self.header, Self.field(mine))], from: address, showing: try CertificateBench.shown(mine))
        #expect(own.error == "invalid_client")
        let elsewhere = try handler.send(
            "GET", "/api/v1/agents", headers: [(Self.header, Self.field(mine))], from: address)
        #expect(elsewhere.status == 400)
        let verify = try handler.send("GET", "/verify", headers: [(Self.header, Self.field(mine))], from: address)
        #expect(verify.status == 403)
        // Without the header the connection's own counts.
        #expect(try ask([], from: address, showing: try CertificateBench.shown(mine)).status == 200)
    }

    /// The proxy's own certificate, on its connection to the broker, is nobody's at the other side.
    @Test func whatTheProxyLeavesOutIsNotThere() throws {
        let mine = try CertificateBench.shown(try Self.mine.get())
        #expect(try ask([], showing: mine).error == "invalid_client")
        #expect(try ask([(Self.header, "")], showing: mine).error == "invalid_client")
        let other = try CertificateBench.issue("/O=Example/CN=other")
        #expect(try ask([(Self.header, Self.field(other))], showing: mine).error == "invalid_client")
    }

    @Test func aValueThatCannotBeReadIsRefused() throws {
        let mine = try Self.mine.get()
        let good = Self.field(mine)
        let base64 = Base64.encode(mine.der)
        for value in [
            ":", "::", ":AAA:", base64, ":\(base64)", "\(base64):", ":\(base64):;a=b", "\(good), \(good)", ":-_-_:",
            Self.escaped(mine) + Self.escaped(mine), Self.escaped(mine).replacing("CERTIFICATE", with: "PRIVATE%20KEY"),
            "%zz", "%00", "null",
        ] {
            let answer = try ask([(Self.header, value)])
            #expect(answer.status == 401 && answer.error == "invalid_client", "\(value.prefix(20)): \(answer.text)")
        }
        #expect(try ask([(Self.header, good), (Self.header, good)]).error == "invalid_client")
    }

    @Test func theChainComesWithTheLeaf() throws {
        let intermediate = try CertificateBench.root.get().intermediate()
        let leaf = try intermediate.issue(.named("/O=Example/CN=billing"))
        #expect(try ask([(Self.header, Self.field(leaf))]).error == "invalid_client")
        let above = Self.field(intermediate.certificate)
        let other = Self.field(try CertificateBench.other.get().certificate)
        for chain in [above, "\(above), \(other)", "\(other),\(above)"] {
            #expect(try ask([(Self.header, Self.field(leaf)), ("Client-Cert-Chain", chain)]).status == 200)
        }
        for chain in ["", "x", "\(above),", "\(above),,\(other)"] {
            let answer = try ask([(Self.header, Self.field(leaf)), ("Client-Cert-Chain", chain)])
            #expect(answer.error == "invalid_client", "\(chain.prefix(10))")
        }
    }

    @Test func forwardAuthTakesTheCertificateOfTheCaller() throws {
        try #require(
            try bench.register { $0["tls_client_certificate_bound_access_tokens"] = .bool(true) }.status == 200)
        let mine = try Self.mine.get()
        let token = try bench.ask(showing: try CertificateBench.shown(mine)).accessToken
        func verify(_ more: [(name: String, value: String)]) throws -> Int {
            let headers: [(name: String, value: String)] = [
                ("X-Mayfly-Resource", Wire.basic("tickets", bench.secret)), ("Authorization", "Bearer \(token)"),
                ("X-Original-Method", "GET"), ("X-Original-URI", "/tickets/7"),
            ]
            return try handler.send("GET", "/verify", headers: headers + more, from: Self.proxy).status
        }
        #expect(try verify([(Self.header, Self.escaped(mine))]) == 200)
        #expect(try verify([]) == 401)
        let other = try CertificateBench.issue("/O=Example/CN=other")
        #expect(try verify([(Self.header, Self.escaped(other))]) == 401)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("10.1.2.0/23", "10.1.3.255", true), ("10.1.2.0/23", "10.1.4.0", false),
        ("0.0.0.0/0", "192.0.2.1", true), ("0.0.0.0/0", "::1", false), ("::/0", "192.0.2.1", false),
        ("::1", "::1", true), ("fe80::/10", "fe80::1%eth0", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("10.0.0.0/8", "", false), ("10.0.0.0/8", "10.0.0", false), ("10.0.0.0/8", "::ffff:10.0.0.1", true),
    ])
    func aBlockHoldsItsAddresses(_ block: String, _ address: String, _ isInside: Bool) throws {
        #expect(try #require(AddressRange(block)).contains(address) == isInside)
    }

    @Test(arguments: [
        "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "a.example", "10.0.0.0/8/8", "10.0.0.0/-1",
        "10.0.0.0/+8",
    ])
    func whatIsNoBlockIsRefused(_ text: String) {
        #expect(AddressRange(text) == nil)
    }
}
