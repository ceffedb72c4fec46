import CertificateHarness
import Glibc
import MayflyCrypto
import MayflyModel
import MayflyServer
import Testing

/// mTLS from the outside: curl, Python and nginx, against the real program.
@Suite struct MutualTLSTests {
    private static func thumbprint(_ certificate: TestCertificate) throws -> String {
        try X509Certificate(der: certificate.der).thumbprint
    }

    private static func bound(_ token: String) throws -> String? {
        try JWS.parse(Array(token.utf8)).claims()["cnf"]?.objectValue?["x5t#S256"]?.stringValue
    }

    @Test func curlGetsABoundTokenByEachOfTheFiveNames() throws {
        let desk = try CertifiedBroker()
        try desk.mustRun(["agent", "update", "orchestrator", "--tls-bound-tokens", "yes"])
        let stranger = try desk.client("/O=Example/CN=stranger", "DNS:stranger.example")
        let forms: [(option: String, value: String, subject: String, names: String?)] = [
            ("subject-dn", "CN=orchestrator,O=Example", "/O=Example/CN=orchestrator", nil),
            ("san-dns", "orchestrator.example", "/CN=x", "DNS:orchestrator.example"),
            ("san-uri", "spiffe://example.org/orchestrator", "/CN=x", "URI:spiffe://example.org/orchestrator"),
            ("san-ip", "2001:db8::7", "/CN=x", "IP:2001:db8::7"),
            ("san-email", "orchestrator@example.org", "/CN=x", "email:orchestrator@example.org"),
        ]
        for form in forms {
            try desk.mustRun(["agent", "update", "orchestrator", "--tls-client-auth-\(form.option)", form.value])
            let certificate = try desk.client(form.subject, form.names)
            let answer = try desk.token("orchestrator", with: certificate)
            #expect(answer.status == 200 && answer["token_type"] == "Bearer", "\(form.option): \(answer)")
            #expect(try Self.bound(answer["access_token"] ?? "") == Self.thumbprint(certificate))
            for other in [stranger, nil] {
                let refused = try desk.token("orchestrator", with: other)
                #expect(refused.status == 401 && refused["error"] == "invalid_client", "\(refused)")
            }
        }
    }

    /// A namespace of our own may put other certificates where the system's are.
    private static let mayReplaceTheSystemsRoots: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        let tried = try? CommandResult.run(
            "/usr/bin/unshare", ["--map-root-user", "--mount", "mount", "--bind", folder.path, "/etc/ssl/certs"],
            in: folder)
        return tried?.status == 0
    }()

    /// What is set for commands, providers' keys and collectors alike, since one function sets it for libcurl.
    @Test(.enabled(if: Self.mayReplaceTheSystemsRoots))
    func rootsThatAreNamedStandInPlaceOfTheSystems() throws {
        let desk = try CertifiedBroker()
        let other = try TestAuthority(.authority("/O=Other/CN=Root"))
        let roots = "\(desk.broker.folder.path)/roots"
        let prepared = try CommandResult.run(
            "/bin/sh",
            [
                "-c",
                "mkdir \(roots) && cp \(desk.root.certificate.file) \(roots)/root.pem && openssl rehash \(roots)"
                    + " && cp \(roots)/root.pem \(roots)/ca-certificates.crt",
            ], environment: ["PATH": "/usr/bin:/bin"], in: desk.broker.folder)
        try #require(prepared.status == 0, "\(prepared)")
        func list(_ options: [String]) throws -> CommandResult {
            // The system trusts the broker's authority here: by the bundle, and by the folder that libcurl looks in.
            let script = "mount --bind \(roots) /etc/ssl/certs && exec \"$@\""
            return try CommandResult.run(
                "/usr/bin/unshare",
                [
                    "--map-root-user", "--mount", "/bin/sh", "-c", script, "sh", try RunningMayfly.program(), "agent",
                    "list",
                ]
                    + ["--server", desk.url, "--issuer", desk.broker.issuer, "--dir", desk.broker.directory] + options,
                environment: ["PATH": "/usr/sbin:/usr/bin:/bin"], in: desk.broker.folder)
        }
        let trusting = try list([])
        #expect(trusting.status == 0, "\(trusting)")
        let named = try list(["--ca-file", desk.root.certificate.file])
        #expect(named.status == 0, "\(named)")
        let refused = try list(["--ca-file", other.certificate.file])
        #expect(refused.status != 0 && !refused.output.contains("orchestrator"), "\(refused)")
    }

    @Test func whatIsNotTheAgentsCertificateGetsNothing() throws {
        let desk = try CertifiedBroker()
        try desk.mustRun(["agent", "update", "orchestrator", "--tls-client-auth-san-dns", "orchestrator.example"])
        try desk.mustRun(["agent", "update", "support", "--tls-client-auth-san-dns", "support.example"])
        let other = try TestAuthority(.authority("/O=Other/CN=Root"))
        let name = "DNS:orchestrator.example"
        var expired = TestAuthority.Request.named("/CN=x", name)
        expired.until = "20250101000000Z"
        let good = try desk.client("/CN=x", name)
        #expect(try desk.token("orchestrator", with: good).status == 200)
        let misuse: [(String, TestCertificate?)] = [
            ("another agent's", try desk.client("/CN=x", "DNS:support.example")),
            ("expired", try desk.root.issue(expired)),
            ("another authority's", try other.issue(.named("/CN=x", name))),
            ("self-signed", try other.selfSigned(.named("/CN=x", name))),
            (
                "NUL in the name",
                try desk.client(
                    "/CN=x",
                    // orchestrator.example NUL .evil
                    "DER:30:1C:82:1A:6F:72:63:68:65:73:74:72:61:74:6F:72:2E:65:78:61:6D:70:6C:65:00:2E:65:76:69:6C")
            ),
            ("stripped", nil),
        ]
        for (what, certificate) in misuse {
            let answer = try desk.token("orchestrator", with: certificate)
            #expect(answer.status == 401 && answer["error"] == "invalid_client", "\(what): \(answer)")
        }
        // The main listener asks nobody for a certificate, so none is there.
        #expect(try desk.token("orchestrator", with: good, at: desk.broker.url).status == 401)
        #expect(desk.broker.isRunning)
    }

    @Test func aBoundTokenIsWorthNothingOnAnotherConnection() throws {
        let desk = try CertifiedBroker()
        try desk.mustRun([
            "agent", "update", "orchestrator", "--tls-client-auth-san-dns", "orchestrator.example",
            "--tls-bound-tokens", "yes",
        ])
        let secret = try desk.mustRun(["resource", "secret", "tickets", "--json"])
        let password = try JSONParser.parseObject(Array(secret.utf8))["client_secret"]?.stringValue ?? ""
        let credential = "Basic " + Base64.encode(Array("tickets:\(password)".utf8))
        let (mine, others) = (
            try desk.client("/CN=x", "DNS:orchestrator.example"), try desk.client("/CN=y", "DNS:other.example")
        )
        let token = try #require(try desk.token("orchestrator", with: mine)["access_token"])
        let headers = [
            "X-Mayfly-Resource: \(credential)", "Authorization: Bearer \(token)", "X-Original-Method: GET",
            "X-Original-URI: /tickets/T-1042",
        ]
        #expect(try desk.curl("/verify", with: mine, headers: headers).status == 200)
        #expect(try desk.curl("/verify", with: others, headers: headers).status == 401)
        #expect(try desk.curl("/verify", headers: headers).status == 401)
        #expect(try desk.curl("/verify", with: mine, headers: headers, at: desk.broker.url).status == 401)
        // The tool asks by introspection, and shows what it was shown.
        let basic = ["Authorization: \(credential)"]
        for (certificate, isActive) in [(mine, true), (others, false)] {
            let answer = try desk.curl(
                "/oauth2/introspect", [("token", token), ("client_certificate", certificate.pem)], headers: basic)
            #expect(answer.object["active"] == .bool(isActive), "\(answer)")
        }
        let seen = try desk.curl("/oauth2/introspect", [("token", token)], headers: basic)
        #expect(try seen.object["cnf"] == .object(["x5t#S256": .string(Self.thumbprint(mine))]))
    }

    @Test func theCommandLineComesWithASelfSignedCertificate() throws {
        let desk = try CertifiedBroker()
        let certificate = try desk.root.selfSigned(.named("/CN=orchestrator"))
        try desk.mustRun([
            "agent", "update", "orchestrator", "--tls-client-certificate", certificate.file, "--tls-bound-tokens",
            "yes",
        ])
        let request = ["token", "request", "--resource", "tickets", "--scope", "tickets:read"]
        let answer = try desk.run(request, as: "orchestrator", with: certificate)
        #expect(answer.status == 0, "\(answer)")
        let token = String(answer.output.prefix { $0 != "\n" })
        #expect(try Self.bound(token) == Self.thumbprint(certificate))
        let stranger = try desk.root.selfSigned(.named("/CN=orchestrator"))
        #expect(try desk.run(request, as: "orchestrator", with: stranger).errors.contains("invalid_client"))
        let program = try desk.run(
            ["exec", "--resource", "tickets", "--scope", "tickets:read"], as: "orchestrator", with: certificate)
        #expect(program.status != 0 && program.errors.contains("program is missing"))
        // A private authority that the client is not told of is not believed.
        let untold = try desk.broker.run(
            request + [
                "--server", desk.broker.url, "--agent", "orchestrator", "--cert", certificate.file, "--cert-key",
                certificate.keyFile,
            ])
        #expect(untold.status != 0 && untold.errors.contains("cannot be trusted"), "\(untold)")
        // What others can read is no private key.
        try Files.setMode(0o644, of: certificate.keyFile)
        let open = try desk.run(request, as: "orchestrator", with: certificate)
        #expect(open.status != 0 && open.errors.contains("key file"), "\(open)")
    }

    // MARK: Reload

    private static let python = getenv("MAYFLY_TEST_PYTHON").map { String(cString: $0) }

    /// An open connection goes on through a change of the broker's certificate; the next handshake shows the new one.
    @Test(.enabled(if: python != nil, "make test sets MAYFLY_TEST_PYTHON"))
    func theCertificateChangesWhileConnectionsStay() throws {
        let desk = try CertifiedBroker()
        try desk.mustRun(["agent", "update", "orchestrator", "--tls-client-auth-san-dns", "orchestrator.example"])
        let second = try CertifiedBroker.server(of: desk.root, "/CN=second")
        let client = try desk.client("/CN=x", "DNS:orchestrator.example")
        let context: JSONObject = [
            "port": .integer(Int64(desk.port)), "main_port": .integer(Int64(desk.broker.port)),
            "process": .integer(Int64(try #require(desk.broker.processID))),
            "authority": .string(desk.root.certificate.file), "certificate": .string(client.file),
            "key": .string(client.keyFile), "first": .string(desk.server.file),
            "second": .string(second.file), "second_key": .string(second.keyFile),
            "installed": .string(desk.broker.folder.path + "/server.pem"),
            "installed_key": .string(desk.broker.folder.path + "/server.key"),
        ]
        let file = desk.broker.folder.path + "/context.json"
        try Files.write(String(decoding: JSONWriter.bytes(of: .object(context)), as: UTF8.self), to: file)
        let result = try CommandResult.run(
            try #require(Self.python), ["-B", "\(Files.repository)/Tests/Python/test_mtls.py"],
            environment: ["MAYFLY_TEST_CONTEXT": file], in: desk.broker.folder)
        #expect(result.status == 0, "\(result)")
        #expect(desk.broker.isRunning)
    }

    @Test func aCertificateThatCannotBeReadKeepsTheOldOne() throws {
        let desk = try CertifiedBroker()
        try desk.mustRun(["agent", "update", "orchestrator", "--tls-client-auth-san-dns", "orchestrator.example"])
        let client = try desk.client("/CN=x", "DNS:orchestrator.example")
        let folder = desk.broker.folder.path
        let other = try CertifiedBroker.server(of: desk.root, "/CN=second")
        // A chain of another key, no chain, a key that others can read: each time the old one holds.
        let spoils: [() throws -> Void] = [
            { try Files.write(other.pem, to: folder + "/server.pem") },
            { try Files.write("nonsense\n", to: folder + "/server.pem") },
            { try Files.setMode(0o644, of: folder + "/server.key") },
        ]
        for (step, spoil) in spoils.enumerated() {
            try desk.install(desk.server)
            try spoil()
            desk.broker.signal(SIGHUP)
            try desk.broker.waitForLog("the old one holds", times: step + 1)
            #expect(try desk.token("orchestrator", with: client).status == 200)
        }
        try desk.install(desk.server)
        desk.broker.signal(SIGHUP)
        try desk.broker.waitForLog("the configuration was reloaded")
        try desk.broker.stop()
        try Files.write("nonsense\n", to: folder + "/server.pem")
        let refused = try desk.broker.refusedStart()
        #expect(refused.status != 0 && refused.errors.contains("tls cannot be used"), "\(refused)")
    }

    @Test func anOldVersionOfTheProtocolIsRefused() throws {
        let desk = try CertifiedBroker()
        for (version, isTaken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
            let result = try CommandResult.run(
                "/usr/bin/openssl",
                ["s_client", "-connect", "127.0.0.1:\(desk.port)", version, "-cipher", "ALL:@SECLEVEL=0"],
                in: desk.broker.folder)
            #expect((result.status == 0) == isTaken, "\(version): \(result.status)")
        }
    }

    // MARK: A proxy

    private static let nginx = "/usr/sbin/nginx"

    @Test(.enabled(if: access(nginx, X_OK) == 0, "needs Debian's nginx; scripts/install-packages test installs it"))
    func nginxPassesTheCertificateOnAndNobodyElseCan() throws {
        let root = try TestAuthority()
        let broker = try RunningMayfly()
        let probe = try ListeningSocket()
        probe.close()
        // The proxy speaks from an address of its own, so that this test's own connections are not from it.
        let lines = [
            "mtls: {url: \"https://127.0.0.1:\(probe.port)\", client_ca_file: \"\(root.certificate.file)\"}",
            "proxy: {client_certificate_header: X-Client-Certificate, addresses: [\"127.0.0.2\"]}",
        ]
        try Files.write(
            try Files.text(broker.configFile) + "\n" + lines.joined(separator: "\n") + "\n", to: broker.configFile,
            mode: 0o644)
        try broker.start()
        let desk = try Desk.open(broker)
        try desk.change("POST", "/api/v1/apply", .object(["agents": .array([])]))
        let record = try broker.run([
            "agent", "update", "orchestrator", "--tls-client-auth-san-dns", "orchestrator.example",
            "--tls-bound-tokens", "yes", "--server", broker.url, "--dir", broker.directory,
        ])
        #expect(record.status == 0, "\(record)")
        let server = try CertifiedBroker.server(of: root, "/CN=nginx")
        let proxy = try startProxy(broker, root, server, port: probe.port)
        defer { proxy.signal(SIGQUIT) }

        let mine = try root.issue(.named("/CN=x", "DNS:orchestrator.example"))
        func ask(_ certificate: TestCertificate?, _ headers: [String] = []) throws -> (Int, String) {
            var arguments = [
                "--silent", "--cacert", root.certificate.file, "--write-out", "\n%{http_code}",
                "https://127.0.0.1:\(probe.port)/oauth2/token", "--data",
                "grant_type=client_credentials&client_id=agent:orchestrator&resource=tickets",
            ]
            if let certificate { arguments += ["--cert", certificate.file, "--key", certificate.keyFile] }
            for header in headers { arguments += ["--header", header] }
            let result = try CommandResult.run("/usr/bin/curl", arguments, in: broker.folder)
            let lines = result.output.split(separator: "\n")
            return (lines.last.flatMap { Int($0) } ?? 0, String(lines.first ?? ""))
        }
        let (status, text) = try ask(mine)
        #expect(status == 200, "\(text)")
        let token = try JSONParser.parseObject(Array(text.utf8))["access_token"]?.stringValue ?? ""
        #expect(try Self.bound(token) == Self.thumbprint(mine))
        // nginx sets the header itself, whatever the caller brings.
        let forged = "X-Client-Certificate: \(Desk.escaped(mine.pem))"
        #expect(try ask(nil, [forged]).0 == 401)
        let stranger = try root.issue(.named("/CN=x", "DNS:stranger.example"))
        #expect(try ask(stranger, [forged]).0 == 401)
        // Past nginx the header is refused, with a good certificate in it or not.
        for value in [Desk.escaped(mine.pem), ":\(Base64.encode(mine.der)):", "x", ""] {
            let answer = try desk.form(
                "/oauth2/token",
                [("grant_type", "client_credentials"), ("client_id", "agent:orchestrator"), ("resource", "tickets")],
                [("X-Client-Certificate", value)])
            #expect(answer.status == 401 && answer["error"] == "invalid_client", "\(answer)")
        }
        proxy.signal(SIGQUIT)
        try proxy.wait()
    }

    private func startProxy(
        _ broker: RunningMayfly, _ root: TestAuthority, _ server: TestCertificate, port: UInt16
    ) throws -> ChildProcess {
        let folder = broker.folder.path + "/proxy"
        try Files.makeFolder(folder, mode: 0o700)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
        let text = """
            pid \(folder)/nginx.pid;
            error_log stderr warn;
            daemon off;
            events { worker_connections 64; }
            http {
                access_log off;
                \(temporary.joined(separator: "\n    "))
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(server.file);
                    ssl_certificate_key \(server.keyFile);
                    ssl_verify_client optional_no_ca;
                    location / {
                        proxy_pass http://127.0.0.1:\(broker.port);
                        proxy_bind 127.0.0.2;
                        proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;
                    }
                }
            }
            """
        try Files.write(text, to: folder + "/nginx.conf")
        let nginx = try ChildProcess(Self.nginx, ["-p", folder, "-c", "nginx.conf"], errors: folder + "/errors")
        while nginx.isRunning {
            if let probe = try? HTTPConnection(port: port) {
                _ = probe
                return nginx
            }
            sched_yield()
        }
        throw HarnessError("nginx does not start: \(try Files.text(folder + "/errors"))")
    }
}
