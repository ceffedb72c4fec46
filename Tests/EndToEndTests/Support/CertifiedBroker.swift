import CertificateHarness
import Glibc
import MayflyModel

/// A broker that speaks TLS and asks for certificates, reached by other people's programs.
final class CertifiedBroker {
    let broker: RunningMayfly
    let root: TestAuthority
    /// What the listeners show.
    let server: TestCertificate

    /// The port at which clients are asked for certificates.
    private(set) var port: UInt16 = 0

    var url: String { "https://127.0.0.1:\(port)" }

    /// Starts it with the registry of the ticket desk.
    init() throws {
        broker = try RunningMayfly(issuer: "https://127.0.0.1")
        root = try TestAuthority()
        server = try Self.server(of: root, "/CN=first")
        let lines = [
            "tls: {certificate_file: \"\(broker.folder.path)/server.pem\", key_file: \"\(broker.folder.path)/server.key\"}",
            "mtls: {listen: \"127.0.0.1:0\", url: \"https://127.0.0.1\", client_ca_file: \"\(root.certificate.file)\"}",
        ]
        try Files.write(
            try Files.text(broker.configFile) + "\n" + lines.joined(separator: "\n") + "\n", to: broker.configFile,
            mode: 0o644)
        try install(server)
        try broker.start()
        let said = "clients are asked for certificates on https://127.0.0.1:"
        try broker.waitForLog(said)
        let digits = try broker.errors().split(separator: said).last?.prefix { $0.isNumber } ?? ""
        guard let port = UInt16(digits) else { throw HarnessError("no port for certificates") }
        self.port = port
        try mustRun(["apply", "--file", Desk.registryFile])
    }

    static func server(of root: TestAuthority, _ subject: String) throws -> TestCertificate {
        try root.issue(.named(subject, "IP:127.0.0.1,DNS:localhost"))
    }

    /// Puts a certificate where the configuration says that the broker's is.
    func install(_ certificate: TestCertificate) throws {
        try Files.write(certificate.pem, to: broker.folder.path + "/server.pem")
        try Files.write(try Files.bytes(certificate.keyFile), to: broker.folder.path + "/server.key")
    }

    /// A certificate of the authority for a client.
    func client(_ subject: String, _ names: String? = nil) throws -> TestCertificate {
        try root.issue(.named(subject, names))
    }

    // MARK: The command line

    private var connection: [String] { ["--server", broker.url, "--ca-file", root.certificate.file] }

    /// Runs a command as the administrator.
    func run(_ arguments: [String]) throws -> CommandResult {
        try broker.run(arguments + connection + ["--dir", broker.directory])
    }

    @discardableResult
    func mustRun(_ arguments: [String]) throws -> String {
        let result = try run(arguments)
        guard result.status == 0 else { throw HarnessError("\(arguments): \(result)") }
        return result.output
    }

    /// Runs a command as an agent with a certificate.
    func run(_ arguments: [String], as agent: String, with certificate: TestCertificate) throws -> CommandResult {
        try broker.run(
            arguments + connection + [
                "--agent", agent, "--cert", certificate.file, "--cert-key", certificate.keyFile,
            ])
    }

    // MARK: curl

    /// What curl got: status and body.
    func curl(
        _ path: String, _ form: [(String, String)] = [], with certificate: TestCertificate? = nil,
        headers: [String] = [], at url: String? = nil
    ) throws -> HTTPAnswerText {
        var arguments = [
            "--silent", "--show-error", "--cacert", root.certificate.file, "--write-out", "\n%{http_code}",
            (url ?? self.url) + path,
        ]
        for field in form { arguments += ["--data-urlencode", "\(field.0)=\(field.1)"] }
        for header in headers { arguments += ["--header", header] }
        if let certificate { arguments += ["--cert", certificate.file, "--key", certificate.keyFile] }
        let result = try CommandResult.run("/usr/bin/curl", arguments, in: broker.folder)
        guard result.status == 0 else { throw HarnessError("curl: \(result)") }
        var lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let status = lines.popLast().flatMap { Int($0) } ?? 0
        let text = lines.joined(separator: "\n")
        return HTTPAnswerText(
            status: status, text: text, object: (try? JSONParser.parseObject(Array(text.utf8))) ?? [:])
    }

    /// Asks for a token as the agent that a certificate is to prove.
    func token(
        _ agent: String, with certificate: TestCertificate?, at url: String? = nil
    ) throws -> HTTPAnswerText {
        try curl(
            "/oauth2/token",
            [
                ("grant_type", "client_credentials"), ("client_id", "agent:" + agent), ("resource", "tickets"),
                ("scope", "tickets:read"),
            ], with: certificate, at: url)
    }
}

/// An answer that another program has read.
struct HTTPAnswerText: CustomStringConvertible {
    let status: Int
    let text: String
    let object: JSONObject

    var description: String { "\(status) \(text)" }
    subscript(name: String) -> String? { object[name]?.stringValue }
}
