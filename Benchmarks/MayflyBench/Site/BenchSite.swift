internal import Glibc
import MayflyCrypto
import MayflyModel

/// A broker on a directory of its own, which is removed at the end.
final class BenchSite {
    /// Threads of the broker and of its echo peer: one for each processor, as the broker itself chooses.
    static let threads = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    /// Every token's issuer, fixed so that tokens outlive a restart on another port.
    static let issuer = "https://broker.bench.example.com"

    var directory: String { folder.path }
    let tools: BenchTools
    private(set) var server: ChildProcess
    private(set) var port = 0
    /// Seconds from the start of the process to its ready line.
    private(set) var startSeconds = 0.0
    let adminKey: PrivateKey
    private let folder: TemporaryDirectory
    private var connection: HTTPConnection
    private var lastUse = 0.0
    private var bearers: [String: (token: String, made: Double)] = [:]
    /// What the server is started with beside its directory.
    private let options: [String]

    /// `seed` fills the store before the first start; `store` is the URL of a database in place of a file, and `node`
    /// the broker's name among others that share it.
    init(
        _ tools: BenchTools, store: String? = nil, node: String? = nil, seed: (String) throws -> Void = { _ in }
    ) throws(BenchError) {
        self.tools = tools
        options = node.map { ["--node", $0] } ?? []
        folder = try TemporaryDirectory()
        let made = folder.path
        try ChildProcess.run(
            [tools.mayfly, "init", "--dir", made, "--issuer", Self.issuer, "--listen", "127.0.0.1:0"]
                + (store.map { ["--store", $0] } ?? []))
        // Nothing that is measured is a line of the log.
        try ChildProcess.run(["sed", "--in-place", "s/level: info/level: error/", made + "/config/mayfly.yaml"])
        try BenchError.wrap("cannot fill the store") { try seed(made) }
        let path = made + "/keys/admin.pem"
        adminKey = try BenchError.wrap("cannot read the administrator's key") { () throws(CryptoError) in
            try PrivateKeyFile.read(path)
        }
        let started = try Self.start(tools.mayfly, made, options)
        (server, port, startSeconds) = started
        connection = try HTTPConnection(port: started.1)
    }

    deinit { server.stop() }

    /// Ends the broker and starts it again on the same directory: what it only remembered is gone.
    func restart() throws(BenchError) {
        server.stop()
        (server, port, startSeconds) = try Self.start(tools.mayfly, directory, options)
        connection = try HTTPConnection(port: port)
    }

    /// The same with further lines of configuration.
    func restart(with lines: [String]) throws(BenchError) {
        let file = directory + "/config/mayfly.yaml"
        guard let text = Files.text(file) else { throw BenchError("cannot read the configuration") }
        try Files.write(Array((text + "\n" + lines.joined(separator: "\n") + "\n").utf8), to: file)
        try restart()
    }

    /// Copies the running broker's store aside, with SQLite's online backup.
    func save() throws(BenchError) {
        try ChildProcess.run(["sqlite3", directory + "/data/mayfly.db", ".backup \(directory)/saved.db"])
    }

    /// Ends the broker and starts it again as it was when it was saved.
    func restore() throws(BenchError) {
        server.stop()
        let store = directory + "/data/mayfly.db"
        try ChildProcess.run(["rm", "-f", "--", store, store + "-wal", store + "-shm"])
        try ChildProcess.run(["cp", directory + "/saved.db", store])
        try restart()
    }

    /// Starts another broker on this one's directory and database; answers its port.
    func startNode(_ name: String) throws(BenchError) -> (ChildProcess, Int) {
        let (server, port, _) = try Self.start(tools.mayfly, directory, ["--node", name])
        return (server, port)
    }

    private static func start(
        _ mayfly: String, _ directory: String, _ options: [String]
    ) throws(BenchError) -> (ChildProcess, Int, Double) {
        let before = Moment.now()
        let server = try ChildProcess([mayfly, "serve", "--dir", directory] + options)
        let seconds = Moment.now() - before
        guard let port = server.firstLine.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw BenchError("the broker printed no port")
        }
        return (server, port, seconds)
    }

    /// One request on a connection of its own kind; throws unless it is answered with 2xx.
    func exchange(_ request: HTTPRequestBytes) throws(BenchError) -> HTTPConnection.Answer {
        // The broker closes a connection that has been idle for ten seconds.
        if Moment.now() - lastUse > 5 { connection = try HTTPConnection(port: port) }
        let answer = try connection.exchange(request)
        lastUse = Moment.now()
        guard (200...299).contains(answer.status) else {
            throw BenchError(
                "\(request.path) answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer
    }

    func object(_ request: HTTPRequestBytes) throws(BenchError) -> JSONObject {
        let body = try exchange(request).body
        return try BenchError.wrap("\(request.path) answered no JSON") { () throws(JSONError) in
            try JSONParser.parseObject(body)
        }
    }

    /// The access token in the answer to `request`.
    func token(_ request: HTTPRequestBytes) throws(BenchError) -> String {
        try Self.token(in: try exchange(request))
    }

    /// An administrator's token for the broker itself; they live for a minute, so none is older than 20 seconds.
    func bearer(_ scope: String) throws(BenchError) -> String {
        if let known = bearers[scope], Moment.now() - known.made < 20 { return known.token }
        let admin = BenchAgent(id: "admin:root", key: adminKey)
        let token = try token(try admin.tokenRequest(scope: scope))
        bearers[scope] = (token, Moment.now())
        return token
    }

    @discardableResult
    func admin(_ path: String, _ body: String) throws(BenchError) -> JSONObject {
        try object(.json(path, body, bearer: try bearer("mayfly.admin")))
    }

    func introspection(_ token: String) throws(BenchError) -> HTTPRequestBytes {
        .form("/oauth2/introspect", [("token", token)], authorization: "Bearer " + (try bearer("mayfly.introspect")))
    }

    func evaluation(_ token: String) throws(BenchError) -> HTTPRequestBytes {
        .json(
            "/access/v1/evaluation",
            """
            {"subject":{"type":"access_token","id":"\(token)"},"action":{"name":"use"},\
            "resource":{"type":"thing","id":"42"}}
            """, bearer: try bearer("mayfly.introspect"))
    }
}
