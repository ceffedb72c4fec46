internal import Glibc
internal import MayflyClient
internal import MayflyCrypto
internal import MayflyModel

/// One broker's directory, and the process that serves it.
final class Site {
    static let resource = "tool"
    static let resourceURL = "https://tool.example.com"
    static let role = "role:crash"

    let directory: String
    let url: String
    let program: String
    let errorFile: String
    private(set) var process: ServerProcess?
    private(set) var secret = ""
    let admin: AgentCredential

    var database: String { directory + "/data/mayfly.db" }

    /// Makes a broker's directory under `parent`, on a free port.
    init(program: String, parent: String, name: String) throws {
        self.program = program
        directory = "\(parent)/\(name)"
        errorFile = "\(parent)/\(name).log"
        let port = try Self.freePort()
        url = "http://127.0.0.1:\(port)"
        let made = try ServerProcess.run(
            [program, "init", "--dir", directory, "--listen", "127.0.0.1:\(port)"], errors: errorFile)
        guard made.status == 0 else { throw CrashError("mayfly init failed") }
        admin = try AgentCredential(clientID: "admin:root", keyFile: directory + "/keys/admin.pem")
    }

    /// Starts the broker without waiting for it; `wrapper` is a command in front of it.
    func spawn(environment: [String: String] = [:], wrapper: [String] = []) throws(CrashError) {
        process = try ServerProcess(
            wrapper + [program, "serve", "--dir", directory], environment: environment, errors: errorFile)
    }

    /// Starts the broker, and returns when it is ready; false when it refused.
    func start(environment: [String: String] = [:], wrapper: [String] = []) throws(CrashError) -> Bool {
        try spawn(environment: environment, wrapper: wrapper)
        return isReady()
    }

    /// Waits for the line that a broker prints when it is ready; false when the process ended first.
    func isReady() -> Bool {
        guard let line = process?.line() else { return false }
        return line == "mayfly ready on \(url)"
    }

    func signal(_ number: Int32) { process?.signal(number) }

    /// Waits for the end; answers the exit status, or minus the signal.
    @discardableResult
    func wait() -> Int32 {
        defer { process = nil }
        return process?.wait() ?? 0
    }

    /// Ends the process with `number`, and waits.
    @discardableResult
    func end(_ number: Int32) -> Int32 {
        signal(number)
        return wait()
    }

    func client() throws(ClientError) -> BrokerClient { try BrokerClient(url: url, issuer: url) }

    func session() throws(ClientError) -> AdminSession { AdminSession(client: try client(), credential: admin) }

    /// Registers what every lane works with, through the real API.
    func register() throws {
        let session = try session()
        try session.change(
            "POST", "/api/v1/apply",
            body: [
                "resources": .array([
                    .object([
                        "name": .string(Self.resource), "identifier": .string(Self.resourceURL),
                        "scopes": .array([.string("tool:use")]),
                        "actions": .array([.object(["name": .string("use"), "scope": .string("tool:use")])]),
                    ])
                ]),
                "roles": .array([
                    .object([
                        "id": .string(Self.role), "name": .string("Crash"), "scopes": .array([.string("tool:use")]),
                        "max_token_life": .integer(3600), "max_depth": .integer(4),
                    ])
                ]),
            ])
        let answer = try session.change("POST", "/api/v1/resources/\(Self.resource)/secret")
        guard let secret = answer["client_secret"]?.stringValue else { throw CrashError("no secret") }
        self.secret = secret
    }

    var asker: Asker { .secret(name: Self.resource, secret: secret) }

    /// The answer to a plain GET; nil when there is none.
    func status(_ path: String) -> Int? { (try? (try client()).send("GET", path))?.status }

    /// What `mayfly doctor` says of the stopped broker; nil when all is well.
    func doctor() throws(CrashError) -> String? {
        let answer = try ServerProcess.run([program, "doctor", "--dir", directory], errors: errorFile)
        return answer.status == 0 ? nil : answer.output
    }

    /// Below the range from which the kernel picks for outgoing connections.
    private static func freePort() throws(CrashError) -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if bound == 0 { return port }
        }
        throw CrashError("no free port")
    }
}
