import MayflyCrypto
import MayflyModel

extension BenchSite {
    /// The scope that every agent here has, at the one resource `tool`.
    static let scope = "tool:use"
    /// The delegation chain that `chain(depth:)` goes along.
    static let deepest = 6

    /// Registers an owner, the resource, roles, and the agents of the delegation chain.
    func registerBasics() throws(BenchError) {
        let roles = (1...50).map { "{\"id\":\"role:r\($0)\",\"scopes\":[\"tool:use\"],\"max_token_life\":\"1h\"}" }
        let chain = (1...Self.deepest).map { number in
            Self.agent(
                "agent:hop\(number)", roles: ["role:long"],
                delegates: number < Self.deepest ? ["agent:hop\(number + 1)"] : [])
        }
        let many = Self.agent("agent:roles-50", roles: (1...50).map { "role:r\($0)" })
        let one = Self.agent("agent:roles-1", roles: ["role:r1"])
        try admin(
            "/api/v1/apply",
            """
            {"owners":[{"id":"owner:bench","name":"Bench","email":"bench@example.com"}],
            "resources":[{"name":"tool","identifier":"https://tool.example.com","scopes":["tool:use"],
            "actions":[{"name":"use","scope":"tool:use"}]}],
            "roles":[{"id":"role:long","max_token_life":"1h","max_depth":8},\(roles.joined(separator: ","))],
            "agents":[\((chain + [many, one]).joined(separator: ","))]}
            """)
    }

    /// Registers agents that hold the scope and may have tokens of an hour, and enrols a key for each.
    func agents(_ names: [String]) throws(BenchError) -> [BenchAgent] {
        let specs = names.map { Self.agent($0, roles: ["role:long"]) }
        try admin("/api/v1/apply", "{\"agents\":[\(specs.joined(separator: ","))]}")
        var agents: [BenchAgent] = []
        for name in names { agents.append(try enrol(name)) }
        return agents
    }

    /// Makes a key for a registered agent, and enrols it.
    func enrol(_ id: String) throws(BenchError) -> BenchAgent {
        guard let code = try admin("/api/v1/agents/\(id)/enrolment-codes", "")["code"]?.stringValue else {
            throw BenchError("no enrolment code")
        }
        let (key, proof) = try BenchError.wrap("cannot sign") { () throws(CryptoError) -> (PrivateKey, String) in
            let key = try PrivateKey.generate(.es256)
            let claims: JSONObject = [
                "aud": .string(Self.issuer), "sub": .string(id),
                "nonce": .string(Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)),
                "jwk": .object(key.publicKey.jwk),
            ]
            return (
                key,
                try JWS.sign(
                    payload: JSONWriter.bytes(of: .object(claims)), type: "mayfly-key-proof+jwt", keyID: nil, with: key)
            )
        }
        try admin("/api/v1/enrol", "{\"code\":\"\(code)\",\"proof\":\"\(proof)\"}")
        return BenchAgent(id: id, key: key)
    }

    /// A token that has gone through `depth` agents, and the request that `agent` makes for another such one.
    func chain(_ agents: [BenchAgent], depth: Int) throws(BenchError) -> String {
        var token = try token(try agents[0].tokenRequest(scope: Self.scope, lifetime: 3600))
        for agent in agents[1..<max(depth, 1)] {
            token = try self.token(try agent.exchangeRequest(token, lifetime: 3600))
        }
        return token
    }

    private static func agent(_ id: String, roles: [String], delegates: [String] = []) -> String {
        """
        {"id":"\(id)","purpose":"measuring","owner":"owner:bench","resources":["tool"],"scopes":["tool:use"],\
        "roles":[\(list(roles))],"delegates":[\(list(delegates))]}
        """
    }

    private static func list(_ texts: [String]) -> String {
        texts.map { "\"\($0)\"" }.joined(separator: ",")
    }
}
