import Glibc
import MayflyConfig
import MayflyModel
import Testing

@Suite struct BrokerConfigTests {
    private static let head = "issuer: https://m.example\nlisten: 127.0.0.1:0\n"

    private func config(_ text: String, directory: String = "/srv/mayfly") throws(YAMLError) -> BrokerConfig {
        try BrokerConfig(try YAMLDocument.parse(Array(text.utf8), file: "mayfly.yaml"), directory: directory)
    }

    private func defaults(issuer: String, listen: String, directory: String) throws -> BrokerConfig {
        BrokerConfig(
            issuer: try #require(IssuerURL(issuer)), listen: try #require(ListenAddress(listen)), directory: directory)
    }

    @Test func issuerAndListenAreAllItNeeds() throws {
        let config = try config(Self.head)
        #expect(try config == defaults(issuer: "https://m.example", listen: "127.0.0.1:0", directory: "/srv/mayfly"))
        #expect(config.keysDirectory == "/srv/mayfly/keys")
        #expect(config.store == .file("/srv/mayfly/data/mayfly.db"))
        #expect([config.defaultTokenLife, config.maximumTokenLife] == [300, 3600])
        #expect([config.enrolmentCodeLife, config.ticketLife, config.assertionMaximumLife] == [600, 60, 300])
        #expect(config.clockSkew == 30)
        #expect(!config.behindProxy)
    }

    @Test func readsEveryMember() throws {
        let config = try config(
            """
            issuer: https://m.example/broker
            listen: "[::]:8480"
            behind_proxy: true
            keys: {directory: /etc/keys}
            store: m.db
            token: {default_life: 60, maximum_life: 2m}
            enrolment_code_life: 1h
            ticket_life: 5s
            assertion_maximum_life: 60
            clock_skew: 0
            limits: {connections: 100, threads: 3, mint: {rate: 5, burst: 7}, mint_owner: {rate: 50}, verify: off}
            lifecycle: {review_every: 90d, overdue: suspend, overdue_after: 0, ending_notice: off, ended: offboard}
            log: {level: warning, format: json}
            metrics: {enabled: false}
            tracing: {endpoint: "http://collector:4318/v1/traces", sample: 0.25}
            """)
        var expected = try defaults(issuer: "https://m.example/broker", listen: "[::]:8480", directory: "/srv/mayfly")
        expected.behindProxy = true
        expected.keysDirectory = "/etc/keys"
        expected.store = .file("/srv/mayfly/config/m.db")
        expected.defaultTokenLife = 60
        expected.maximumTokenLife = 120
        expected.enrolmentCodeLife = 3600
        expected.ticketLife = 5
        expected.assertionMaximumLife = 60
        expected.clockSkew = 0
        expected.connections = 100
        expected.threads = 3
        expected.mintLimit = RequestRate(rate: 5, burst: 7)
        expected.ownerMintLimit = RequestRate(rate: 50, burst: 100)
        expected.verifyLimit = nil
        expected.reviewEvery = 7_776_000
        expected.overdueReviews = .suspend
        expected.overdueAfter = 0
        expected.endingNotice = nil
        expected.endedAgents = .offboard
        expected.logLevel = .warning
        expected.logFormat = .json
        expected.metricsEnabled = false
        expected.tracingEndpoint = CollectorURL("http://collector:4318/v1/traces")
        expected.tracingSample = 0.25
        #expect(config == expected)
    }

    @Test(arguments: [
        ("listen: 127.0.0.1:0\n", "mayfly.yaml:1:1: issuer: is required"),
        ("issuer: https://m.example\n", "mayfly.yaml:1:1: listen: is required"),
        ("", "mayfly.yaml:1:1: (document): must be an object"),
        (head + "clock_skew: 61\n", "mayfly.yaml:3:13: clock_skew: must be between 0 and 60"),
        (head + "clock_skw: 5\n", "mayfly.yaml:3:1: clock_skw: is not known; accepted here: issuer, listen"),
        (
            head + "allow_unlisted: true\n",
            "mayfly.yaml:3:1: allow_unlisted: is not known; accepted here: issuer, listen"
        ),
        (head + "log:\n  levle: info\n", "mayfly.yaml:4:3: log.levle: is not known; accepted here: level, format"),
        (
            head + "lifecycle: {overdue: \"on\"}\n",
            "mayfly.yaml:3:22: lifecycle.overdue: must be one of: off, warn, suspend"
        ),
        (
            head + "lifecycle: {review_every: 5m}\n",
            "mayfly.yaml:3:27: lifecycle.review_every: must be between 3600 and 315360000"
        ),
        (head + "log: {level: loud}\n", "mayfly.yaml:3:14: log.level: must be one of: debug, info, warning, error"),
        (head + "behind_proxy: yes\n", "mayfly.yaml:3:15: behind_proxy: must be true or false"),
        (head + "token: {default_life: 2h}\n", "mayfly.yaml:3:23: token.default_life: must be between 10 and 3600"),
        (head + "token: {maximum_life: 2d}\n", "mayfly.yaml:3:23: token.maximum_life: must be between 10 and 3600"),
        (head + "ticket_life: 1w\n", "mayfly.yaml:3:14: ticket_life: must be seconds, or a span such as"),
        (head + "limits: {threads: 0}\n", "mayfly.yaml:3:19: limits.threads: must be between 1 and 256"),
        (head + "metrics: {enabled: 1}\n", "mayfly.yaml:3:20: metrics.enabled: must be true or false"),
        (head + "tracing: {sample: 1}\n", "mayfly.yaml:3:10: tracing.endpoint: is required"),
        (
            head + "tracing: {endpoint: 'ftp://c/'}\n",
            "mayfly.yaml:3:21: tracing.endpoint: must be an http or https URL"
        ),
        (
            head + "tracing: {endpoint: 'http://c', sample: 1.01}\n",
            "mayfly.yaml:3:41: tracing.sample: must be between 0 and 1"
        ),
        (
            head + "tracing: {endpoint: 'http://c', sample: half}\n",
            "mayfly.yaml:3:41: tracing.sample: must be a number"
        ),
        (
            head + "limits: {mint: {rate: -1}}\n",
            "mayfly.yaml:3:23: limits.mint.rate: must be a number a second from 1 to 1000000, or off"
        ),
        (
            head + "limits: {verify: {burst: 0}}\n",
            "mayfly.yaml:3:26: limits.verify.burst: must be between 1 and 1000000"
        ),
        (head + "limits: {mint: on}\n", "mayfly.yaml:3:16: limits.mint: must be an object"),
        (head + "store: ''\n", "mayfly.yaml:3:8: store: must be a path or a postgresql:// URL"),
        (head + "store: \"a\\0b\"\n", "mayfly.yaml:3:8: store: must not contain control characters"),
        (head + "store: mysql://db/mayfly\n", "mayfly.yaml:3:8: store: must be a path or a URL such as postgresql://"),
        (head + "store: postgresql://u:secret@db/x\n", "mayfly.yaml:3:8: store: must be a path or a URL such as"),
        (head + "store_password_file: p\n", "mayfly.yaml:3:22: store_password_file: needs a store that is"),
        (head + "tls: {certificate_file: a}\n", "mayfly.yaml:3:6: tls.key_file: is required"),
        (head + "tls: {certificate_file: '', key_file: b}\n", "mayfly.yaml:3:25: tls.certificate_file: must be a path"),
        (
            "issuer: http://127.0.0.1\nlisten: 127.0.0.1:0\ntls: {certificate_file: a, key_file: b}\n",
            "mayfly.yaml:1:9: issuer: must be an https URL, since tls is set"
        ),
        (head + "mtls: {listen: '0.0.0.0:1'}\n", "mayfly.yaml:3:7: mtls.url: is required"),
        (head + "mtls: {url: 'http://127.0.0.1'}\n", "mayfly.yaml:3:13: mtls.url: must be an https URL"),
        (head + "mtls: {url: 'https://m.example/'}\n", "mayfly.yaml:3:13: mtls.url: must be an https URL"),
        (
            head + "mtls: {url: 'https://m.example', listen: x}\n",
            "mayfly.yaml:3:42: mtls.listen: must be an IP address and a port"
        ),
        (
            head + "mtls: {url: 'https://m.example', listen: '0.0.0.0:1'}\n",
            "mayfly.yaml:3:7: mtls: needs tls"
        ),
        (head + "mtls: {url: 'https://m.example'}\n", "mayfly.yaml:3:7: mtls: needs listen, or a proxy"),
        (
            head + "proxy: {addresses: ['127.0.0.1']}\n",
            "mayfly.yaml:3:8: proxy.client_certificate_header: is required"
        ),
        (
            head + "proxy: {client_certificate_header: Authorization, addresses: ['127.0.0.1']}\n",
            "mayfly.yaml:3:36: proxy.client_certificate_header: must be the name of a header of its own"
        ),
        (
            head + "proxy: {client_certificate_header: 'a b', addresses: ['127.0.0.1']}\n",
            "mayfly.yaml:3:36: proxy.client_certificate_header: must be the name of a header of its own"
        ),
        (head + "proxy: {client_certificate_header: X}\n", "mayfly.yaml:3:8: proxy.addresses: must be addresses or"),
        (
            head + "proxy: {client_certificate_header: X, addresses: [proxy.example]}\n",
            "mayfly.yaml:3:50: proxy.addresses: must be addresses or"
        ),
        (
            head + "proxy: {client_certificate_header: X, addresses: ['10.0.0.0/33']}\n",
            "mayfly.yaml:3:50: proxy.addresses: must be addresses or"
        ),
        (head + "store: x\nstore: y\n", "mayfly.yaml:4:1: this key is given twice"),
    ])
    func saysWhatIsWrongAndWhere(text: String, report: String) {
        let error = #expect(throws: YAMLError.self) { try config(text) }
        #expect(error?.description.hasPrefix(report) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [("0", 0), ("1", 1), ("0.0", 0), ("1.0", 1), ("0.125", 0.125), ("1e-3", 0.001)] as [(String, Double)]
    )
    func aShareIsAnyNumberFromZeroToOne(text: String, share: Double) throws {
        let config = try config(Self.head + "tracing: {endpoint: 'https://c.example/v1/traces', sample: \(text)}\n")
        #expect(config.tracingSample == share)
    }

    @Test func tracingIsOffUntilAnEndpointIsNamed() throws {
        #expect(try config(Self.head).tracingEndpoint == nil)
        #expect(try config(Self.head).metricsEnabled)
        #expect(try config(Self.head + "tracing: {endpoint: 'http://127.0.0.1:4318'}\n").tracingSample == 1)
    }

    @Test(arguments: [
        "http://127.0.0.1:4318/v1/traces", "https://c.example", "http://[::1]:4318/", "http://collector:4318/v1/traces",
    ])
    func takesACollectorAnywhere(_ text: String) {
        // A slash alone is an empty segment, which no collector needs.
        #expect((CollectorURL(text) != nil) == !text.hasSuffix("/"))
    }

    @Test(arguments: [
        "", "http://", "collector:4318", "http://user:pw@c/", "http://c/?q", "http://c/#f", "http://c:0/", "HTTP://c/",
        "file:///tmp/x", "http://c/../x", "http://c/" + String(repeating: "a", count: 600), "http://c /",
        "http://c/\r\nX: y",
    ])
    func refusesWhatIsNoCollector(_ text: String) {
        #expect(CollectorURL(text) == nil)
    }

    @Test func tlsClientsAndAProxyAreRead() throws {
        let config = try config(
            """
            issuer: https://m.example
            listen: 0.0.0.0:443
            tls: {certificate_file: ../tls/a.pem, key_file: /etc/a.key}
            mtls: {listen: "[::]:8443", url: "https://mtls.m.example/x", client_ca_file: ca.pem}
            proxy: {client_certificate_header: Client-Cert, addresses: ["10.0.0.0/8", "::1"]}
            """)
        #expect(config.isListenerSafe)
        #expect(config.tls?.certificateFile == "/srv/mayfly/tls/a.pem")
        #expect(config.tls?.keyFile == "/etc/a.key")
        #expect(config.mtls?.listen == ListenAddress("[::]:8443"))
        #expect(config.mtls?.url.text == "https://mtls.m.example/x")
        #expect(config.mtls?.clientAuthorityFile == "/srv/mayfly/config/ca.pem")
        #expect(config.proxy?.certificateHeader == "Client-Cert")
        #expect(config.proxy?.addresses == ["10.0.0.0/8", "::1"])
        // Behind a proxy that asks for certificates itself there is no listener for them, and no TLS.
        let behind = try self.config(
            """
            issuer: https://m.example
            listen: 127.0.0.1:0
            mtls: {url: "https://mtls.m.example"}
            proxy: {client_certificate_header: X-Client, addresses: ["127.0.0.1"]}
            """)
        #expect(behind.mtls?.listen == nil && behind.mtls?.clientAuthorityFile == nil && behind.tls == nil)
    }

    @Test func aShortMaximumBringsTheDefaultDown() throws {
        let config = try config(Self.head + "token: {maximum_life: 60}\n")
        #expect(config.maximumTokenLife == 60)
        #expect(config.defaultTokenLife == 60)
    }

    @Test(arguments: [
        ("127.0.0.1:80", false, true), ("127.9.9.9:80", false, true), ("[::1]:80", false, true),
        ("localhost:80", false, true), ("0.0.0.0:80", false, false), ("[::]:80", false, false),
        ("10.0.0.1:80", false, false), ("[::ffff:127.0.0.1]:80", false, false), ("0.0.0.0:80", true, true),
    ])
    func plainHTTPStaysOnThisMachineUnlessAProxyIsInFront(listen: String, behindProxy: Bool, accepted: Bool) {
        let text = "issuer: https://m.example\nlisten: '\(listen)'\nbehind_proxy: \(behindProxy)\n"
        if accepted {
            #expect(throws: Never.self) { try config(text) }
        } else {
            let error = #expect(throws: YAMLError.self) { try config(text) }
            #expect(error?.description.hasPrefix("mayfly.yaml:2:9: listen: would serve plain HTTP") == true)
            #expect(error?.description.contains("set behind_proxy: true") == true)
        }
    }

    @Test(arguments: [
        ("/srv/m", "/srv/m/keys"), ("/srv/m/", "/srv/m/keys"), ("/", "/keys"), (".", "keys"), ("", "keys"),
        ("..", "../keys"), ("a/../b", "b/keys"), ("./m", "m/keys"), ("../../m", "../../m/keys"),
    ])
    func pathsStartAtTheConfigFolder(directory: String, keys: String) throws {
        #expect(try config(Self.head, directory: directory).keysDirectory == keys)
    }

    @Test(arguments: [
        ("../../../../../x", "/x"), ("/x/../y", "/x/../y"), ("./x", "/srv/m/config/x"), ("x//y/", "/srv/m/config/x/y"),
        ("/\u{338}x", "/\u{338}x"),
    ])
    func resolvesPathsByTheirText(path: String, resolved: String) throws {
        #expect(try config(Self.head + "store: \"\(path)\"\n", directory: "/srv/m").store == .file(resolved))
    }

    /// The repository's root, found from this file.
    private static let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    @Test func theExampleIsTheTemplateAndHoldsTheDefaults() throws {
        let issuer = "http://127.0.0.1:8480"
        let listen = "127.0.0.1:8480"
        let config = try BrokerConfig.load(directory: Self.repository)
        #expect(try config == defaults(issuer: issuer, listen: listen, directory: Self.repository))
        let template = BrokerConfig.template(
            issuer: try #require(IssuerURL(issuer)), listen: try #require(ListenAddress(listen)))
        let path = "\(Self.repository)/config/mayfly.yaml"
        #expect(try YAMLDocument.parse(Array(template.utf8), file: path).value == YAMLDocument.load(path).value)
        #expect(Self.contents(path) == template)
    }

    @Test(arguments: [("https://m.example/a/b", "[::1]:0"), ("http://[::1]:8480", "localhost:1")])
    func theTemplateLoadsForAnyIssuerAndAddress(issuer: String, listen: String) throws {
        let template = BrokerConfig.template(
            issuer: try #require(IssuerURL(issuer)), listen: try #require(ListenAddress(listen)))
        #expect(
            try config(template, directory: "/d") == defaults(issuer: issuer, listen: listen, directory: "/d"))
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: YAMLError.self) { try BrokerConfig.load(directory: "/nonexistent") }
        #expect(error?.description == "/nonexistent/config/mayfly.yaml: there is no such file")
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
