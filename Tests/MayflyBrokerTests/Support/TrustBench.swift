internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// A world whose agents are vouched for: an OpenID provider whose keys are fetched, and a SPIFFE trust domain whose
/// bundle is registered.
final class TrustBench: Sendable {
    static let issuer = "https://ci.example"
    static let subject = "repo:acme/app:ref:refs/heads/main"
    static let spiffe = "spiffe://prod.example/ns/pay/sa/worker"
    static let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    static let spiffeType = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"

    let site: FakeSite
    let world: World
    let key: PrivateKey
    let svidKey: PrivateKey
    private let counter = Mutex(0)

    init(governance: any Governance = PolicyGovernance()) throws {
        site = FakeSite()
        key = try PrivateKey.generate(.es256)
        svidKey = try PrivateKey.generate(.es256)
        world = try World(enrol: ["agent:root"], governance: governance, fetcher: site)
        site.publish(keys: [("k1", key)])
        let bundle = JSONValue.object(FakeSite.set([("s1", svidKey)], use: "jwt-svid"))
        let text = String(decoding: JSONWriter.bytes(of: bundle), as: UTF8.self)
        try apply(
            #"""
            {"providers": [{"id": "provider:ci", "issuer": "https://ci.example"},
              {"id": "provider:prod", "trust_domain": "prod.example", "reusable": true, "jwks": \#(text)}],
             "agents": [\#(Self.agent("deployer", #"{"provider":"provider:ci","subject":"\#(Self.subject)","claims":{"environment":"production"}}"#)),
               \#(Self.agent("worker", #"{"provider":"provider:prod","subject":"\#(Self.spiffe)"}"#))]}
            """#)
    }

    static func agent(_ name: String, _ trust: String, more: String = "") -> String {
        #"""
        {"id": "agent:\#(name)", "purpose": "p", "owner": "owner:bob", "roles": ["role:reader"],
         "resources": ["tickets"], "trust": [\#(trust)]\#(more)}
        """#
    }

    func apply(_ registry: String) throws {
        let answer = try world.admin("POST", "/api/v1/apply", registry)
        try #require(answer.status == 200, "\(answer.text)")
    }

    // MARK: Tokens

    /// What the deployer's workload is told by its provider; `jti` fresh.
    func claims() -> JSONObject {
        let now = world.clock.now().seconds
        let number = counter.withLock { count in
            count += 1
            return count
        }
        return [
            "iss": .string(Self.issuer), "sub": .string(Self.subject), "aud": .string(World.issuer),
            "jti": .string("run-\(number)"), "iat": .integer(now), "exp": .integer(now + 300),
            "environment": .string("production"),
        ]
    }

    func token(
        type: String? = "JWT", keyID: String? = "k1", key: PrivateKey? = nil,
        _ edit: (inout JSONObject) -> Void = { _ in }
    ) throws -> String {
        var claims = claims()
        edit(&claims)
        return try Self.sign(claims, type: type, keyID: keyID, key: key ?? self.key)
    }

    func svid(
        type: String? = "JWT", keyID: String? = "s1", key: PrivateKey? = nil,
        _ edit: (inout JSONObject) -> Void = { _ in }
    ) throws -> String {
        var claims: JSONObject = [
            "sub": .string(Self.spiffe), "aud": .array([.string(World.issuer)]),
            "exp": .integer(world.clock.now().seconds + 300),
        ]
        edit(&claims)
        return try Self.sign(claims, type: type, keyID: keyID, key: key ?? svidKey)
    }

    static func sign(_ claims: JSONObject, type: String?, keyID: String?, key: PrivateKey) throws -> String {
        try JWS.sign(payload: JSONWriter.bytes(of: .object(claims)), type: type, keyID: keyID, with: key)
    }

    // MARK: Requests

    func form(_ assertion: String, type: String = World.assertionType, more: Form = []) -> Form {
        [
            ("grant_type", "client_credentials"), ("client_assertion_type", type), ("client_assertion", assertion),
        ] + more
    }

    func ask(_ assertion: String, type: String = World.assertionType, more: Form = []) throws -> Answer {
        try world.post("/oauth2/token", as: nil, form(assertion, type: type, more: more))
    }

    func askByGrant(_ assertion: String, more: Form = []) throws -> Answer {
        try world.post("/oauth2/token", as: nil, [("grant_type", Self.grant), ("assertion", assertion)] + more)
    }

    /// What the report says.
    func explain(_ token: String, more: String = "") throws -> Answer {
        try world.admin("POST", "/api/v1/trust/test", #"{"token":"\#(token)"\#(more)}"#)
    }

    /// The rules under which refusals of clients stand in the ledger.
    func refusals() throws -> [String] {
        world.settle()
        let answer = try world.admin("GET", "/api/v1/ledger?event=client.refused&limit=100")
        return (answer["entries"]?.arrayValue ?? []).compactMap {
            $0.objectValue?["entry"]?.objectValue?["rule"]?.stringValue
        }
    }
}

/// The network as one provider's web site, which a test may let misbehave.
final class FakeSite: KeySetFetcher {
    private struct State {
        var documents: [String: Result<FetchedDocument, FetchFault>] = [:]
        var fetched: [String] = []
        var isHolding = false
        var held: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    static let description = TrustBench.issuer + "/.well-known/openid-configuration"
    static let keys = TrustBench.issuer + "/keys"

    /// What was fetched so far, in order.
    var fetched: [String] { state.withLock { $0.fetched } }

    func fetch(_ url: String, _ completion: @escaping @Sendable (Result<FetchedDocument, FetchFault>) -> Void) {
        let answer = state.withLock { state -> Result<FetchedDocument, FetchFault>? in
            state.fetched.append(url)
            let answer = state.documents[url] ?? .failure(.status)
            guard state.isHolding else { return answer }
            state.held.append { completion(answer) }
            return nil
        }
        if let answer { completion(answer) }
    }

    /// From now on answers wait for `release`.
    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            defer { (state.held, state.isHolding) = ([], false) }
            return state.held
        }
        for answer in held { answer() }
    }

    func put(_ url: String, _ answer: Result<FetchedDocument, FetchFault>) {
        state.withLock { $0.documents[url] = answer }
    }

    func put(_ url: String, _ object: JSONObject, maximumAge: Int64? = nil) {
        put(url, .success(FetchedDocument(bytes: JSONWriter.bytes(of: .object(object)), maximumAge: maximumAge)))
    }

    func publish(keys: [(id: String, key: PrivateKey)], maximumAge: Int64? = nil) {
        put(
            Self.description,
            ["issuer": .string(TrustBench.issuer), "jwks_uri": .string(Self.keys)])
        put(Self.keys, Self.set(keys), maximumAge: maximumAge)
    }

    static func set(_ keys: [(id: String, key: PrivateKey)], use: String = "sig") -> JSONObject {
        let elements = keys.map { entry -> JSONValue in
            var jwk = entry.key.publicKey.jwk
            jwk["kid"] = .string(entry.id)
            jwk["use"] = .string(use)
            return .object(jwk)
        }
        return ["keys": .array(elements)]
    }
}
