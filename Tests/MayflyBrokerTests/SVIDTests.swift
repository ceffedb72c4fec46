import CertificateHarness
import MayflyBroker
import MayflyModel
import MayflyServer
import Testing

/// Workloads that are known by the X.509-SVID of their connection.
@Suite struct SVIDTests {
    static let production = Result { try TestAuthority(.authority("/O=Prod/CN=Root")) }
    static let staging = Result { try TestAuthority(.authority("/O=Staging/CN=Root")) }
    static let worker = "URI:spiffe://prod.example/ns/pay/sa/worker"
    static let task: Form = [("grant_type", "client_credentials"), ("resource", "tickets")]

    static func bundle(_ authority: TestAuthority) -> String {
        let certificate = Base64.encode(authority.certificate.der)
        return #"{"keys":[{"kty":"EC","use":"x509-svid","x5c":["\#(certificate)"]}]}"#
    }

    /// Two trust domains with an authority each, an agent in either, and mTLS for agents with other certificates.
    static func world(more: String = "") throws -> World {
        let world = try World()
        let answer = try world.admin(
            "POST", "/api/v1/apply",
            #"""
            {"providers": [
               {"id": "provider:prod", "trust_domain": "prod.example", "jwks": \#(bundle(try production.get()))},
               {"id": "provider:test", "trust_domain": "test.example", "jwks": \#(bundle(try staging.get()))}],
             "agents": [
               \#(TrustBench.agent("worker", #"{"provider":"provider:prod","subject":"spiffe://prod.example/ns/pay/sa/worker"}"#, more: more)),
               \#(TrustBench.agent("tester", #"{"provider":"provider:test","subject":{"pattern":"spiffe://test.example/**"}}"#))]}
            """#)
        try #require(answer.status == 200, "\(answer.text)")
        return world
    }

    static func ask(
        _ world: World, _ certificate: PresentedCertificate?, as agent: String? = "agent:worker", _ more: Form = []
    ) throws -> Answer {
        try world.handler.send(
            "POST", "/oauth2/token", headers: [Wire.formType],
            body: Wire.encode(task + (agent.map { [("client_id", $0)] } ?? []) + more), showing: certificate)
    }

    static func svid(
        _ authority: TestAuthority, _ names: String, _ edit: (inout TestAuthority.Request) -> Void = { _ in }
    ) throws -> PresentedCertificate {
        var request = TestAuthority.Request.named("/O=SPIRE", names)
        edit(&request)
        return try CertificateBench.shown(try authority.issue(request))
    }

    @Test func aWorkloadGetsItsAgentsTokenByItsConnection() throws {
        let world = try Self.world()
        let root = try Self.production.get()
        let answer = try Self.ask(world, try Self.svid(root, Self.worker))
        try #require(answer.status == 200, "\(answer.text)")
        let seen = try world.introspect(answer.accessToken)
        #expect(seen.string("client_id") == "agent:worker")
        // Over an intermediate, as SPIRE has it.
        let middle = try root.intermediate()
        let leaf = try middle.issue(.named("/O=SPIRE", Self.worker))
        let chained = try Self.ask(world, try CertificateBench.shown(leaf, [middle.certificate]))
        #expect(chained.status == 200, "\(chained.text)")
        let unchained = try Self.ask(world, try CertificateBench.shown(leaf))
        #expect(unchained.error == "invalid_client")
    }

    @Test func whatDemandsBindingIsBoundToTheCertificate() throws {
        let world = try Self.world(more: #", "tls_client_certificate_bound_access_tokens": true"#)
        let certificate = try Self.svid(try Self.production.get(), Self.worker)
        let answer = try Self.ask(world, certificate)
        try #require(answer.status == 200, "\(answer.text)")
        let seen = try world.introspect(answer.accessToken)
        #expect(seen["cnf"]?.objectValue?["x5t#S256"] == .string(certificate.thumbprint))
    }

    /// Certificates that are nobody's, and how they are made.
    struct Misuse: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable () throws -> PresentedCertificate

        var testDescription: String { name }

        init(_ name: String, _ make: @escaping @Sendable () throws -> PresentedCertificate) {
            (self.name, self.make) = (name, make)
        }

        /// One that its own trust domain's authority has signed.
        static func named(
            _ name: String, _ names: String,
            _ edit: @escaping @Sendable (inout TestAuthority.Request) -> Void = { _ in }
        ) -> Misuse {
            Misuse(name) { try SVIDTests.svid(try SVIDTests.production.get(), names, edit) }
        }
    }

    static let misuses: [Misuse] = [
        Misuse("the other trust domain's authority") { try svid(try staging.get(), worker) },
        Misuse("an authority that agents' certificates are believed from") {
            try svid(try CertificateBench.root.get(), worker)
        },
        .named("another workload", "URI:spiffe://prod.example/ns/pay/sa/other"),
        .named("the other trust domain's name", "URI:spiffe://test.example/ns/pay/sa/worker"),
        .named("an unknown trust domain", "URI:spiffe://dev.example/ns/pay/sa/worker"),
        .named("two names", worker + ",URI:spiffe://prod.example/ns/pay/sa/other"),
        .named("the name twice", worker + "," + worker),
        .named("no name", "DNS:worker.example"),
        .named("the name as DNS", "DNS:spiffe://prod.example/ns/pay/sa/worker"),
        .named("a slash at the end", worker + "/"),
        .named("an upper-case trust domain", "URI:spiffe://Prod.example/ns/pay/sa/worker"),
        .named("an escape", "URI:spiffe://prod.example/ns/pay/sa/work%65r"),
        .named("expired", worker) { ($0.from, $0.until) = ("20200101000000Z", "20210101000000Z") },
        .named("not yet valid", worker) { $0.from = "20390101000000Z" },
        .named("an authority", worker) { request in
            request.basicConstraints = "critical,CA:true"
            request.keyUsage = "critical,digitalSignature,keyCertSign"
        },
        .named("one that may sign certificates", worker) { $0.keyUsage = "critical,digitalSignature,keyCertSign" },
        .named("one that may sign lists", worker) { $0.keyUsage = "critical,digitalSignature,cRLSign" },
        .named("one that may not sign", worker) { $0.keyUsage = "critical,keyAgreement" },
        .named("a use that is not critical", worker) { $0.keyUsage = "digitalSignature" },
        .named("no use", worker) { $0.keyUsage = nil },
        .named("a server's", worker) { $0.extendedKeyUsage = "serverAuth" },
    ]

    @Test(arguments: misuses) func aCertificateThatIsNoSVIDOfTheAgentIsRefused(_ misuse: Misuse) throws {
        let world = try Self.world()
        _ = try CertificateBench(world: world)
        let answer = try Self.ask(world, try misuse.make())
        #expect(answer.status == 401)
        #expect(answer.error == "invalid_client")
        #expect(answer.string("error_description") == "the client could not be authenticated")
    }

    @Test func aWorkloadSaysWhoItIsAndIsNobodyElse() throws {
        let world = try Self.world()
        let certificate = try Self.svid(try Self.production.get(), Self.worker)
        for agent in ["agent:tester", "agent:root", "agent:none", "worker", nil] {
            let answer = try Self.ask(world, certificate, as: agent)
            #expect(answer.error == "invalid_client", "\(answer.text)")
        }
        let bare = try Self.ask(world, nil)
        #expect(bare.error == "invalid_client")
    }

    @Test func theLedgerNamesTheTrustDomainAndWhatWasWrong() throws {
        let world = try Self.world()
        let root = try Self.production.get()
        _ = try Self.ask(world, try Self.svid(root, "URI:spiffe://prod.example/ns/pay/sa/other"))
        world.settle()
        let page = try world.admin("GET", "/api/v1/ledger?event=client.refused&limit=10")
        let entry = page["entries"]?.arrayValue?.first?.objectValue?["entry"]?.objectValue
        #expect(entry?["actor"] == .string("provider:prod"), "\(page.text)")
        #expect(entry?["rule"] == .string("trust.no_agent"), "\(page.text)")
    }

    @Test func takingTheTrustOrTheAuthorityAwayEndsIt() throws {
        let world = try Self.world()
        let certificate = try Self.svid(try Self.production.get(), Self.worker)
        let token = try Self.ask(world, certificate).accessToken
        let moved = try world.change("/api/v1/providers/provider:prod") { object in
            object["keys"] = nil
            object["jwks"] = (try? JSONParser.parseObject(Array(Self.bundle(try Self.staging.get()).utf8))).map {
                .object($0)
            }
        }
        try #require(moved.status == 200, "\(moved.text)")
        let isActive = try world.isActive(token)
        #expect(!isActive)
        let answer = try Self.ask(world, certificate)
        #expect(answer.error == "invalid_client")
    }

    /// A bundle with keys for JWT-SVIDs alone vouches for no certificate.
    @Test func aBundleWithoutAuthoritiesVouchesForNoCertificate() throws {
        let bench = try TrustBench()
        let answer = try Self.ask(
            bench.world, try Self.svid(try Self.production.get(), Self.worker), as: "agent:worker")
        #expect(answer.error == "invalid_client")
    }
}
