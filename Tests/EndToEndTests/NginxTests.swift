import Glibc
import MayflyModel
import MayflyServer
import Synchronization
import Testing

/// The shipped `config/nginx.conf`, in a real nginx in front of a tool.
@Suite struct NginxTests {
    private static let program = "/usr/sbin/nginx"

    /// Answers with the header fields that reached it, one per line.
    private final class EchoTool: HTTPHandler {
        let calls = Atomic<Int>(0)

        func handle(_ request: HTTPRequest) -> HTTPOutcome {
            calls.add(1, ordering: .relaxed)
            let names = [
                "X-Mayfly-Agent", "X-Mayfly-Subject", "X-Mayfly-Task", "X-Mayfly-Trace", "X-Mayfly-Scope",
                "Authorization", "X-Mayfly-Resource", "DPoP",
            ]
            var text = "\(request.method) \(request.path)\n"
            for name in names { for value in request.headers(name) { text += "\(name): \(value)\n" } }
            return .reply(HTTPReply(status: 200, headers: [("Content-Type", "text/plain")], body: Array(text.utf8)))
        }

        func reject(status: Int, request: RejectedRequest) -> HTTPReply { HTTPReply(status: status) }
    }

    @Test(.enabled(if: access(program, X_OK) == 0, "needs Debian's nginx; scripts/install-packages test installs it"))
    func aProxyLetsThroughWhatTheTokenAllowsAndNothingElse() throws {
        let broker = try RunningMayfly.started()
        let desk = try Desk.open(broker)
        let tool = EchoTool()
        let upstream = try HTTPServer(
            address: try #require(ListenAddress(host: "127.0.0.1", port: 0)), limits: HTTPLimits(), handler: tool)
        defer { upstream.stop() }
        let (nginx, port) = try start(desk, upstream: upstream.port)
        defer { nginx.signal(SIGQUIT) }

        let token = try desk.mint(
            "orchestrator", [("resource", "tickets"), ("scope", "tickets:read"), ("task", "case-1042")])
        let bearer = [("Authorization", "Bearer \(token)")]

        // What the caller claims to be never reaches the tool, nor does the token.
        let forged =
            ["Agent", "Subject", "Task", "Trace", "Scope"].map { ("X-Mayfly-\($0)", "forged") }
            + [("X-Original-URI", "/other"), ("X-Forwarded-Uri", "/other"), ("X-Mayfly-Resource", "Basic Zm9yZ2Vk")]
        let allowed = try HTTP.get("/tickets/T-1042", bearer + forged, from: port)
        #expect(allowed.status == 200, "\(allowed)")
        let lines = allowed.text.split(separator: "\n").map(String.init)
        #expect(lines.first == "GET /tickets/T-1042")
        #expect(lines.contains("X-Mayfly-Agent: agent:orchestrator"))
        #expect(lines.contains("X-Mayfly-Subject: agent:orchestrator"))
        #expect(lines.contains("X-Mayfly-Task: case-1042"))
        #expect(lines.contains("X-Mayfly-Scope: tickets:read"))
        #expect(!allowed.text.contains("Authorization") && !allowed.text.contains(token))
        #expect(!lines.contains { $0.hasSuffix(": forged") }, "\(lines)")
        #expect(tool.calls.load(ordering: .relaxed) == 1)

        let nameless = try HTTP.get("/tickets/T-1042", forged, from: port)
        #expect(nameless.status == 401)
        #expect(nameless.header("WWW-Authenticate")?.hasPrefix("Bearer realm=\"mayfly\"") == true, "\(nameless)")
        let reply = try HTTP.send("POST", "/tickets/T-1042", bearer, Array("hello".utf8), to: port)
        #expect(reply.status == 403)
        #expect(reply.header("WWW-Authenticate")?.contains("insufficient_scope") == true, "\(reply)")
        #expect(reply.header("WWW-Authenticate")?.contains("tickets:reply") == true, "\(reply)")
        for path in ["/elsewhere", "/tickets/../admin", "/tickets/%2e%2e/admin", "/tickets//x", "/_mayfly"] {
            let answer = try HTTP.get(path, bearer, from: port)
            #expect([400, 403, 404].contains(answer.status), "\(path): \(answer)")
        }
        let other = try desk.mint("research", [("resource", "knowledge"), ("scope", "articles:read")])
        #expect(try HTTP.get("/tickets/T-1042", [("Authorization", "Bearer \(other)")], from: port).status == 401)

        try checkBoundToken(desk, port)

        try desk.change("POST", "/api/v1/revocations", .object(["agent": .string("agent:orchestrator")]))
        let dead = try HTTP.get("/tickets/T-1042", bearer, from: port)
        #expect(dead.status == 401)
        #expect(dead.header("WWW-Authenticate")?.contains("invalid_token") == true, "\(dead)")
        #expect(tool.calls.load(ordering: .relaxed) == 2, "a refused request reached the tool")

        // No broker, no way through.
        try broker.stop()
        #expect(try HTTP.get("/tickets/T-1042", bearer, from: port).status == 503)
        #expect(tool.calls.load(ordering: .relaxed) == 2)
        nginx.signal(SIGQUIT)
        try nginx.wait()
    }

    /// nginx hands scheme and proof on, and the challenge back; one request gets through.
    private func checkBoundToken(_ desk: Desk, _ port: UInt16) throws {
        let holder = try ProofHolder(desk)
        let token = try holder.mint("orchestrator", [("resource", "tickets"), ("scope", "tickets:read")])
        let proof = try holder.proof("GET", "https://tickets.example.com/tickets/T-1042", token: token)
        let headers = [("Authorization", "DPoP \(token)"), ("DPoP", proof)]
        let allowed = try HTTP.get("/tickets/T-1042?a=b", headers, from: port)
        #expect(allowed.status == 200 && !allowed.text.contains(proof), "\(allowed)")
        for (headers, error) in [
            (headers, "invalid_dpop_proof"), ([headers[0]], "invalid_dpop_proof"),
            ([("Authorization", "Bearer \(token)")], "invalid_token"),
        ] {
            let refused = try HTTP.get("/tickets/T-1042", headers, from: port)
            #expect(refused.status == 401)
            #expect(
                refused.header("WWW-Authenticate")?.hasPrefix(#"DPoP realm="mayfly", error="\#(error)""#) == true,
                "\(refused)")
        }
    }

    /// Fills in the shipped file and starts nginx with it; it accepts when this returns.
    private func start(_ desk: Desk, upstream: UInt16) throws -> (ChildProcess, UInt16) {
        let folder = desk.broker.folder.path + "/nginx"
        guard mkdir(folder, 0o700) == 0 else { throw HarnessError.system("cannot make \(folder)") }
        for _ in 0..<10 {
            let probe = try ListeningSocket()
            probe.close()
            let values = [
                "@RUN@": folder, "@LISTEN@": "127.0.0.1:\(probe.port)", "@BROKER@": "127.0.0.1:\(desk.broker.port)",
                "@UPSTREAM@": "127.0.0.1:\(upstream)",
                "@CREDENTIAL@": String(try desk.basic("tickets").dropFirst("Basic ".count)),
            ]
            var lines = try Files.text(Files.repository + "/config/nginx.conf").split(
                separator: "\n", omittingEmptySubsequences: false
            ).map(String.init)
            for index in lines.indices where !lines[index].hasPrefix("#") {
                for (name, value) in values { lines[index].replace(name, with: value) }
            }
            try Files.write(lines.joined(separator: "\n"), to: folder + "/nginx.conf")
            let nginx = try ChildProcess(
                Self.program, ["-p", folder, "-c", "nginx.conf"], errors: folder + "/errors")
            // It writes its process id once it has its sockets.
            while nginx.isRunning {
                if let answer = try? HTTP.get("/", from: probe.port) {
                    guard answer.status == 401 else { throw HarnessError("nginx: \(answer)") }
                    return (nginx, probe.port)
                }
                sched_yield()
            }
        }
        throw HarnessError("nginx does not start: \(try Files.text(folder + "/errors"))")
    }
}
