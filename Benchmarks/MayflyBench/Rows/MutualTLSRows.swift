import CertificateHarness

/// Tokens for clients that are known by their certificate, on connections that stay open, against one signature.
///
/// Beside it the least: TLS by the same libraries, one signature, one durable write, and nothing else.
enum MutualTLSRows {
    static func run(_ bench: Bench) throws(BenchError) -> [Row] {
        let site = try BenchSite(bench.tools)
        try site.registerBasics()
        try site.admin(
            "/api/v1/apply",
            """
            {"agents":[{"id":"agent:certified","purpose":"measuring","owner":"owner:bench","resources":["tool"],\
            "scopes":["tool:use"],"roles":["role:long"],"tls_client_auth_san_dns":"certified.example.com"}]}
            """)
        let request = HTTPRequestBytes.form(
            "/oauth2/token",
            [("grant_type", "client_credentials"), ("client_id", "agent:certified"), ("scope", BenchSite.scope)])
        let authority = try BenchError.wrap("cannot make an authority") { try TestAuthority() }
        let server = try certificate("IP:127.0.0.1", by: authority)
        let client = try certificate("DNS:certified.example.com", by: authority)
        let port = try FreePort.find()
        try site.restart(with: [
            "tls: {certificate_file: \"\(server.file)\", key_file: \"\(server.keyFile)\"}",
            """
            mtls: {listen: "127.0.0.1:\(port)", url: "https://127.0.0.1:\(port)", \
            client_ca_file: "\(authority.certificate.file)"}
            """,
        ])
        let answer = try bench.site.exchange(try bench.hops[0].tokenRequest(scope: BenchSite.scope))
        let signed = try SignedRounds.sizes(
            bench, verifying: bench.hops[0], try bench.hops[0].tokenRequest(scope: BenchSite.scope)
        ).signed
        let (floor, floorPort) = try bench.tools.startFloor(
            answer, in: site.directory, signatures: (verified: 0, signed: signed),
            certificate: [server.file, server.keyFile])
        defer { floor.stop() }
        var values: [Double] = []
        var least: [Double] = []
        var peers: [Double] = []
        for _ in 0..<bench.rounds {
            func ask(_ port: Int, _ process: ChildProcess) throws(BenchError) -> Double {
                try bench.tools.overTLS(
                    request, count: bench.uniqueRequests, port: port, certificate: [client.file, client.keyFile],
                    authority: authority.certificate.file, server: process, in: site.directory)
            }
            peers.append(try bench.tools.signatures(verifying: signed, signing: signed).sign)
            least.append(try ask(floorPort, floor))
            values.append(try ask(port, site.server))
        }
        return [
            .ratio(
                "token over mTLS on a kept-alive connection: CPU", values, against: peers, "EVP sign", unit: "us",
                atMost: 1.4),
            .ratio("the least for a token over TLS", least, against: peers, "EVP sign", unit: "us"),
        ]
    }

    private static func certificate(_ name: String, by authority: TestAuthority) throws(BenchError) -> TestCertificate {
        try BenchError.wrap("cannot make a certificate") { try authority.issue(.named("/O=Bench/CN=bench", name)) }
    }
}
