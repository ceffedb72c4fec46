import Glibc
import MayflyConfig
import MayflyCrypto
import MayflyModel

/// Someone with a key of its own.
struct Principal {
    let id: String
    let key: PrivateKey

    /// An assertion for the broker at `issuer` (RFC 7523), for a minute; `tokenID` is its `jti`.
    func assertion(for issuer: String, tokenID: String? = nil) throws -> String {
        let now = Int64(time(nil))
        let claims: JSONObject = [
            "iss": .string(id), "sub": .string(id), "aud": .string(issuer), "iat": .integer(now),
            "exp": .integer(now + 60), "jti": .string(try tokenID ?? SecureRandom.token(byteCount: 16)),
        ]
        return try sign(claims, type: "client-authentication+jwt")
    }

    func sign(_ claims: JSONObject, type: String) throws -> String {
        try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims)), type: type, keyID: key.publicKey.thumbprint, with: key)
    }
}

/// The ticket desk of `config/registry.yaml` at a running broker: plain HTTP, and assertions made here.
final class Desk {
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    static let tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    static let accessToken = "urn:ietf:params:oauth:token-type:access_token"
    static let ticket = "urn:ietf:params:oauth:token-type:jwt"
    static let registryFile = Files.repository + "/config/registry.yaml"

    let broker: RunningMayfly
    let admin: Principal
    private(set) var agents: [String: Principal] = [:]
    private(set) var secrets: [String: String] = [:]

    /// Takes a broker that runs, as its first administrator.
    init(_ broker: RunningMayfly, passphrase: Secret? = nil) throws {
        self.broker = broker
        admin = Principal(
            id: "admin:root", key: try PrivateKeyFile.read(broker.keysFolder + "/admin.pem", passphrase: passphrase))
    }

    /// The same people and tools at another broker of the same store.
    init(_ other: Desk, at broker: RunningMayfly) {
        self.broker = broker
        (admin, agents, secrets) = (other.admin, other.agents, other.secrets)
    }

    /// A desk with the whole registry, three enrolled agents and both tools' secrets.
    static func open(_ broker: RunningMayfly) throws -> Desk {
        let desk = try Desk(broker)
        let registry = try YAMLDocument.load(registryFile).value
        try desk.change("POST", "/api/v1/apply", registry)
        for name in ["orchestrator", "support", "research"] { try desk.enrol("agent:" + name) }
        for name in ["tickets", "knowledge"] { try desk.makeSecret(name) }
        return desk
    }

    // MARK: Administration

    func adminToken(_ scope: String = "mayfly.admin") throws -> String {
        let answer = try token(as: admin, [("scope", scope)])
        guard answer.status == 200, let token = answer["access_token"] else {
            throw HarnessError("no admin token: \(answer)")
        }
        return token
    }

    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, _ headers: [(String, String)] = []
    ) throws -> HTTPAnswer {
        var all = [("Authorization", "Bearer \(try adminToken())")] + headers
        if body != nil { all.append(("Content-Type", "application/json")) }
        return try HTTP.send(method, target, all, body.map { JSONWriter.bytes(of: $0) } ?? [], to: broker.port)
    }

    /// Makes a call that must succeed.
    @discardableResult
    func change(_ method: String, _ target: String, _ body: JSONValue? = nil) throws -> HTTPAnswer {
        let answer = try call(method, target, body)
        guard (200..<300).contains(answer.status) else { throw HarnessError("\(method) \(target): \(answer)") }
        return answer
    }

    func revoke(task: String) throws {
        try change("POST", "/api/v1/revocations", .object(["task": .string(task), "reason": .string("test")]))
    }

    /// Gives an agent a key by a one-time code and a proof that it holds the key.
    func enrol(_ id: String) throws {
        let answer = try change("POST", "/api/v1/agents/\(id)/enrolment-codes")
        guard let code = answer["code"] else { throw HarnessError("no code: \(answer)") }
        let agent = Principal(id: id, key: try PrivateKey.generate(.es256))
        let enrolled = try enrol(agent, code: code)
        guard enrolled.status == 201 else { throw HarnessError("not enrolled: \(enrolled)") }
        agents[id] = agent
    }

    func enrol(_ agent: Principal, code: String) throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: broker.port)
        connection.send(try enrolment(agent, code: code))
        guard let answer = try connection.answer() else { throw HarnessError("no answer to an enrolment") }
        return answer
    }

    /// The request by which `agent` turns `code` into a key.
    func enrolment(_ agent: Principal, code: String) throws -> [UInt8] {
        let proof = try agent.sign(
            [
                "aud": .string(broker.issuer), "sub": .string(agent.id), "jwk": .object(agent.key.publicKey.jwk),
                "nonce": .string(Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)),
            ], type: "mayfly-key-proof+jwt")
        let body: JSONValue = .object(["code": .string(code), "proof": .string(proof)])
        return HTTP.bytes(
            "POST", "/api/v1/enrol", [("Content-Type", "application/json")], JSONWriter.bytes(of: body))
    }

    /// Gives an owner a key.
    func enrolOwner(_ id: String) throws -> Principal {
        let code = try change("POST", "/api/v1/owners/\(id)/enrolment-codes")["code"] ?? ""
        let owner = Principal(id: id, key: try PrivateKey.generate(.es256))
        let enrolled = try enrol(owner, code: code)
        guard enrolled.status == 201 else { throw HarnessError("not enrolled: \(enrolled)") }
        return owner
    }

    func makeSecret(_ resource: String) throws {
        let answer = try change("POST", "/api/v1/resources/\(resource)/secret")
        guard let secret = answer["client_secret"] else { throw HarnessError("no secret: \(answer)") }
        secrets[resource] = secret
    }

    func agent(_ name: String) throws -> Principal {
        guard let agent = agents["agent:" + name] else { throw HarnessError("\(name) is not enrolled") }
        return agent
    }

    // MARK: Tokens

    func form(
        _ path: String, _ fields: [(String, String)], _ headers: [(String, String)] = []
    ) throws -> HTTPAnswer {
        try HTTP.send(
            "POST", path, [("Content-Type", "application/x-www-form-urlencoded")] + headers,
            Array(Self.encoded(fields).utf8), to: broker.port)
    }

    /// The fields by which `client` proves who it is.
    func proof(_ client: Principal, tokenID: String? = nil) throws -> [(String, String)] {
        [
            ("client_assertion_type", Self.assertionType),
            ("client_assertion", try client.assertion(for: broker.issuer, tokenID: tokenID)),
        ]
    }

    func token(
        as client: Principal, _ fields: [(String, String)], assertionID: String? = nil
    ) throws -> HTTPAnswer {
        try form(
            "/oauth2/token",
            [("grant_type", "client_credentials")] + fields + proof(client, tokenID: assertionID))
    }

    /// A task token that must be granted.
    func mint(_ name: String, _ fields: [(String, String)]) throws -> String {
        let answer = try token(as: try agent(name), fields)
        guard answer.status == 200, let token = answer["access_token"] else {
            throw HarnessError("no token for \(name): \(answer)")
        }
        return token
    }

    /// A ticket by which `delegate` gets a part of `token`.
    func delegate(
        _ token: String, from name: String, to delegate: String, _ fields: [(String, String)] = []
    ) throws -> HTTPAnswer {
        try form(
            "/oauth2/token",
            [
                ("grant_type", Self.tokenExchange), ("subject_token", token),
                ("subject_token_type", Self.accessToken), ("requested_token_type", Self.ticket),
                ("delegate", "agent:" + delegate),
            ] + fields + proof(try agent(name)))
    }

    func redeem(_ ticket: String, as name: String) throws -> HTTPAnswer {
        try form(
            "/oauth2/token",
            [
                ("grant_type", Self.tokenExchange), ("subject_token", ticket), ("subject_token_type", Self.ticket),
            ] + proof(try agent(name)))
    }

    // MARK: Questions

    /// The ids of all tokens that the ledger says were given; `query` narrows it.
    func issuedTokens(_ query: String = "") throws -> Set<String> {
        var tokens: Set<String> = []
        var cursor: String?
        repeat {
            let page = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try call("GET", "/api/v1/ledger?event=token.issued&limit=500" + query + page)
            guard answer.status == 200 else { throw HarnessError("\(answer)") }
            for entry in answer.object["entries"]?.arrayValue ?? [] {
                guard let id = entry.objectValue?["entry"]?.objectValue?["token"]?.stringValue else {
                    throw HarnessError("\(entry)")
                }
                tokens.insert(id)
            }
            cursor = answer["next_cursor"]
        } while cursor != nil
        return tokens
    }

    func basic(_ resource: String) throws -> String {
        guard let secret = secrets[resource] else { throw HarnessError("\(resource) has no secret") }
        return "Basic " + Base64.encode(Array("\(resource):\(secret)".utf8))
    }

    func introspect(_ token: String, as resource: String = "tickets") throws -> HTTPAnswer {
        try form("/oauth2/introspect", [("token", token)], [("Authorization", try basic(resource))])
    }

    func isActive(_ token: String, as resource: String = "tickets") throws -> Bool {
        let answer = try introspect(token, as: resource)
        guard answer.status == 200, let active = answer.object["active"]?.boolValue else {
            throw HarnessError("introspection: \(answer)")
        }
        return active
    }

    func evaluate(
        _ token: String, _ action: String, _ type: String, _ id: String, _ properties: JSONObject = [:],
        as resource: String = "tickets"
    ) throws -> HTTPAnswer {
        let body: JSONObject = [
            "subject": .object(["type": .string("access_token"), "id": .string(token)]),
            "action": .object(["name": .string(action)]),
            "resource": .object([
                "type": .string(type), "id": .string(id), "properties": .object(properties),
            ]),
        ]
        return try HTTP.send(
            "POST", "/access/v1/evaluation",
            [("Content-Type", "application/json"), ("Authorization", try basic(resource))],
            JSONWriter.bytes(of: .object(body)), to: broker.port)
    }

    /// The body of a form.
    static func encoded(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }

    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                return String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }.joined()
    }
}
