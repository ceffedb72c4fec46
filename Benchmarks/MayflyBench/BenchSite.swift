internal import Glibc
import MayflyCrypto
import MayflyModel

/// A broker on a fresh directory, with one agent, one resource and their credentials.
final class BenchSite {
    let directory: String
    let url: String
    let server: ChildProcess
    private let agentKey: PrivateKey
    private let adminKey: PrivateKey

    init(mayfly: String) throws {
        var template = Array("/tmp/mayfly-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchError("cannot make a directory") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = try ChildProcess.output([mayfly, "init", "--dir", directory, "--listen", "127.0.0.1:0"])
        server = try ChildProcess([mayfly, "serve", "--dir", directory])
        guard let word = server.firstLine.split(separator: " ").last else { throw BenchError("no ready line") }
        url = String(word)
        adminKey = try PrivateKeyFile.read(directory + "/keys/admin.pem")
        agentKey = try PrivateKey.generate(.es256)
        try register()
    }

    private func register() throws {
        try post(
            "/api/v1/apply",
            """
            {"owners":[{"id":"owner:bench","name":"Bench","email":"bench@example.com"}],
            "resources":[{"name":"tool","identifier":"https://tool.example.com","scopes":["tool:use"]}],
            "agents":[{"id":"agent:bench","purpose":"measuring","owner":"owner:bench","resources":["tool"],
            "scopes":["tool:use"]}]}
            """)
        let answer = try post("/api/v1/agents/agent:bench/enrolment-codes", "")
        guard let code = answer["code"]?.stringValue else { throw BenchError("no enrolment code") }
        let nonce = Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)
        let claims: JSONObject = [
            "aud": .string(url), "sub": .string("agent:bench"), "nonce": .string(nonce),
            "jwk": .object(agentKey.publicKey.jwk),
        ]
        let proof = try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims)), type: "mayfly-key-proof+jwt", keyID: nil, with: agentKey)
        try post("/api/v1/enrol", "{\"code\":\"\(code)\",\"proof\":\"\(proof)\"}")
    }

    @discardableResult
    private func post(_ path: String, _ body: String) throws -> JSONObject {
        let token = try brokerToken("mayfly.admin")
        let text = try ChildProcess.output([
            "curl", "-sS", "--fail-with-body", "-X", "POST", "-H", "Authorization: Bearer \(token)", "-H",
            "Content-Type: application/json", "--data", body, url + path,
        ])
        return try JSONParser.parseObject(Array(text.utf8))
    }

    private func assertion(_ client: String, _ key: PrivateKey) throws -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let claims: JSONObject = [
            "iss": .string(client), "sub": .string(client), "aud": .string(url),
            "exp": .integer(Int64(time.tv_sec) + 290), "jti": .string(try SecureRandom.token(byteCount: 16)),
        ]
        return try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims)), type: "client-authentication+jwt", keyID: nil, with: key)
    }

    private func form(_ client: String, _ key: PrivateKey, _ scope: String) throws -> String {
        "grant_type=client_credentials&client_assertion_type="
            + "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&scope=\(scope)"
            + "&client_assertion=\(try assertion(client, key))"
    }

    private func token(_ client: String, _ key: PrivateKey, _ scope: String) throws -> String {
        let text = try ChildProcess.output([
            "curl", "-sS", "--fail-with-body", "--data", try form(client, key, scope), url + "/oauth2/token",
        ])
        guard let token = try JSONParser.parseObject(Array(text.utf8))["access_token"]?.stringValue else {
            throw BenchError("no token")
        }
        return token
    }

    private func brokerToken(_ scope: String) throws -> String {
        try token("admin:root", adminKey, scope)
    }

    func issueTokens(_ count: Int) throws -> [String] {
        try (0..<count).map { _ in try token("agent:bench", agentKey, "tool:use") }
    }

    struct Script {
        let lua: String
        let bearer: String
        let body: String
    }

    func introspectScript(token: String) throws -> Script {
        let bearer = try brokerToken("mayfly.introspect")
        let lua = """
            wrk.method = "POST"
            wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
            wrk.headers["Authorization"] = "Bearer \(bearer)"
            wrk.body = "token=\(token)"
            """
        return Script(lua: lua, bearer: bearer, body: "token=\(token)")
    }

    /// Bytes of the body that the script's request is answered with.
    func responseSize(_ script: Script) throws -> Int {
        let text = try ChildProcess.output([
            "curl", "-sS", "--fail-with-body", "-H", "Authorization: Bearer \(script.bearer)", "--data", script.body,
            url + "/oauth2/introspect",
        ])
        guard text.contains("\"active\":true") else { throw BenchError("the token is not active") }
        return text.utf8.count
    }

    /// Issues tokens from assertions signed beforehand, so that the load generator signs nothing.
    func tokenLoad(seconds: Int) throws -> LoadResult {
        let count = 30_000
        var lines = ""
        for _ in 0..<count { lines += try form("agent:bench", agentKey, "tool%3Ause") + "\n" }
        try ChildProcess.write(lines, to: directory + "/forms")
        let lua = """
            local forms = {}
            for line in io.lines("\(directory)/forms") do forms[#forms + 1] = line end
            local next_form = 0
            request = function()
              next_form = next_form + 1
              if next_form > #forms then wrk.thread:stop() end
              return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded"},
                forms[next_form] or forms[#forms])
            end
            """
        return try Load(directory: directory, seconds: seconds, connections: 64)
            .run(lua, against: url + "/oauth2/token", server: server)
    }
}
