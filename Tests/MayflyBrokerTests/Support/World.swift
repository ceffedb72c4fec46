internal import Dispatch
internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyLedger
internal import MayflyModel
internal import MayflyServer
internal import Synchronization
internal import Testing

/// A broker with a registry, reached only by requests.
final class World: Sendable {
    static let issuer = "https://broker.example"
    static let tickets = "https://tickets.example"
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    static let exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    static let jwtType = "urn:ietf:params:oauth:token-type:jwt"

    let clock: TestClock
    let store: TestStore
    let vault: MemoryVault
    let broker: Broker
    let handler: BrokerHandler
    let keys: Mutex<[String: PrivateKey]>
    /// Everything secret that was used: tokens, codes, assertions, client secrets.
    let secrets = Mutex<[String]>([])
    private let counter = Mutex(0)

    /// `governance` is the policy that is asked before a token is made; without one the registry is all.
    init(
        registry: String? = World.registry, enrol: [String] = World.agents,
        governance: any Governance = PolicyGovernance(), fetcher: any KeySetFetcher = NoFetcher()
    ) throws {
        clock = TestClock()
        store = TestStore()
        vault = MemoryVault()
        let adminKey = try PrivateKey.generate(.es256)
        keys = Mutex(["admin:ops": adminKey])
        try Broker.create(
            in: store, vault: vault, admin: try #require(AdminID("admin:ops")), adminKey: adminKey.publicKey,
            wall: clock)
        broker = try Self.open(store, vault, clock, governance, fetcher: fetcher)
        handler = BrokerHandler(broker: broker)
        guard let registry else { return }
        let applied = try admin("POST", "/api/v1/apply", registry)
        try #require(applied.status == 200, "\(applied.text)")
        for agent in enrol { try #require(try self.enrol(agent).status == 201) }
    }

    /// The same store, vault and clock behind a fresh broker.
    init(
        restarting world: World, acceptClock: Bool = false, governance: any Governance = PolicyGovernance(),
        fetcher: any KeySetFetcher = NoFetcher()
    ) throws {
        (clock, store, vault) = (world.clock, world.store, world.vault)
        keys = Mutex(world.keys.withLock { $0 })
        world.broker.stop()
        broker = try Self.open(store, vault, clock, governance, acceptClock: acceptClock, fetcher: fetcher)
        handler = BrokerHandler(broker: broker)
        let spent = world.counter.withLock { $0 }
        counter.withLock { $0 = spent + 1_000_000 }
    }

    private static func open(
        _ store: TestStore, _ vault: MemoryVault, _ clock: TestClock, _ governance: any Governance,
        acceptClock: Bool = false, fetcher: any KeySetFetcher = NoFetcher()
    ) throws -> Broker {
        // Steady time follows the test's clock, so that what expires by either can be waited for.
        let steady: @Sendable () -> SteadyTime = {
            SteadyTime(nanoseconds: clock.now().milliseconds &* 1_000_000)
        }
        return try Broker(
            settings: BrokerSettings(issuer: issuer), store: store, vault: vault, wall: clock,
            signer: try Ed25519NoteSigner(name: "broker.example", privateKey: try PrivateKey.generate(.edDSA)),
            log: SilentLog(), governance: governance, acceptClock: acceptClock, fetcher: fetcher,
            steadyTime: steady)
    }

    /// Returns when everything that was queued so far has been committed or refused.
    func settle() {
        let done = DispatchSemaphore(value: 0)
        broker.administration.apply([], dryRun: true, by: "test") { _ in done.signal() }
        done.wait()
    }

    func unique(_ word: String) -> String {
        counter.withLock { count in
            count += 1
            return "\(word)-\(count)"
        }
    }

    func key(_ name: String) throws -> PrivateKey {
        try #require(keys.withLock { $0[name] })
    }

    func note(_ secret: String) {
        guard !secret.isEmpty else { return }
        secrets.withLock { $0.append(secret) }
    }

    // MARK: Assertions

    /// The claims of a good assertion, `jti` fresh.
    func claims(_ client: String) -> JSONObject {
        [
            "iss": .string(client), "sub": .string(client), "aud": .string(Self.issuer),
            "jti": .string(unique("jti")), "exp": .integer(clock.now().seconds + 60),
        ]
    }

    func assertion(
        _ client: String, claims: JSONObject? = nil, type: String? = "client-authentication+jwt",
        keyID: String? = nil, key: PrivateKey? = nil
    ) throws -> String {
        let compact = try JWS.sign(
            payload: JSONWriter.bytes(of: .object(claims ?? self.claims(client))), type: type, keyID: keyID,
            with: try key ?? self.key(client))
        note(compact)
        return compact
    }

    // MARK: Requests

    func post(_ path: String, as client: String?, _ form: Form, headers: [(name: String, value: String)] = [])
        throws -> Answer
    {
        try begin(path, as: client, form, headers: headers).wait()
    }

    func begin(
        _ path: String, as client: String?, _ form: Form, headers: [(name: String, value: String)] = []
    ) throws -> PendingAnswer {
        var fields = form
        if let client {
            fields += [("client_assertion_type", Self.assertionType), ("client_assertion", try assertion(client))]
        }
        return try handler.begin("POST", path, headers: [Wire.formType] + headers, body: Wire.encode(fields))
    }

    func token(_ agent: String, _ form: Form = []) throws -> Answer {
        let answer = try post("/oauth2/token", as: agent, [("grant_type", "client_credentials")] + form)
        note(answer.accessToken)
        return answer
    }

    /// A token that must be given.
    func minted(_ agent: String, _ form: Form = [("resource", "tickets")]) throws -> String {
        let answer = try token(agent, form)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.accessToken
    }

    func ticket(_ agent: String, parent: String, for delegate: String, _ form: Form = []) throws -> Answer {
        let answer = try post("/oauth2/token", as: agent, Self.ticketForm(parent, delegate) + form)
        note(answer.accessToken)
        return answer
    }

    static func ticketForm(_ parent: String, _ delegate: String) -> Form {
        [
            ("grant_type", exchange), ("subject_token", parent), ("subject_token_type", accessTokenType),
            ("requested_token_type", jwtType), ("delegate", delegate),
        ]
    }

    static func redeemForm(_ ticket: String) -> Form {
        [("grant_type", exchange), ("subject_token", ticket), ("subject_token_type", jwtType)]
    }

    func redeem(_ agent: String, ticket: String, _ form: Form = []) throws -> Answer {
        let answer = try post("/oauth2/token", as: agent, Self.redeemForm(ticket) + form)
        note(answer.accessToken)
        return answer
    }

    /// A token for `agent` below `parent`, by a ticket.
    func delegated(from holder: String, parent: String, to agent: String, _ form: Form = []) throws -> String {
        let ticket = try ticket(holder, parent: parent, for: agent, form)
        try #require(ticket.status == 200, "\(ticket.text)")
        let answer = try redeem(agent, ticket: ticket.accessToken)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.accessToken
    }

    func adminToken(_ scope: String = "mayfly.admin") throws -> String {
        try minted("admin:ops", [("scope", scope)])
    }

    func admin(
        _ method: String, _ target: String, _ body: String = "", headers: [(name: String, value: String)] = []
    ) throws -> Answer {
        try beginAdmin(method, target, body, headers: headers).wait()
    }

    func beginAdmin(
        _ method: String, _ target: String, _ body: String = "", headers: [(name: String, value: String)] = [],
        token: String? = nil
    ) throws -> PendingAnswer {
        let bearer = try token ?? adminToken()
        return try handler.begin(
            method, target,
            headers: [(name: "Authorization", value: "Bearer \(bearer)"), Wire.jsonType] + headers, body: body)
    }

    /// Holds one commit up on its way to the disk, and lets go of it once `begin` is done: what that began is decided
    /// while the state is the old one, and goes into the next commit together, in its order.
    func behindAHeldCommit<T>(_ begin: () throws -> T) throws -> T {
        let admin = try adminToken()
        store.hold()
        let held = try beginAdmin("POST", "/api/v1/roles", #"{"id":"role:held"}"#, token: admin)
        store.awaitHeld()
        let begun = Result { try begin() }
        store.release()
        try #require(held.wait().status == 201)
        return try begun.get()
    }

    func revoke(_ what: String) throws -> Answer {
        try admin("POST", "/api/v1/revocations", what)
    }

    /// What introspection says to an administrator.
    func introspect(_ token: String) throws -> Answer {
        try post("/oauth2/introspect", as: "admin:ops", [("token", token)])
    }

    func isActive(_ token: String) throws -> Bool {
        let answer = try introspect(token)
        try #require(answer.status == 200, "\(answer.text)")
        let active = answer["active"]
        try #require(active == .bool(true) || active == .bool(false), "\(answer.text)")
        return active == .bool(true)
    }

    func secret(of resource: String) throws -> String {
        let answer = try admin("POST", "/api/v1/resources/\(resource)/secret")
        let secret = try #require(answer.string("client_secret"))
        note(secret)
        return secret
    }

    /// Replaces members of a registered record, ETag and all.
    func change(_ path: String, _ edit: (inout JSONObject) -> Void) throws -> Answer {
        let read = try admin("GET", path)
        var object = read.json
        let kept = [
            "state", "keys", "created", "last_used", "epoch", "key_epoch", "version", "has_secret",
            "pending_composition",
        ]
        for name in kept { object[name] = nil }
        edit(&object)
        return try admin(
            "PUT", path, String(decoding: JSONWriter.bytes(of: .object(object)), as: UTF8.self),
            headers: [(name: "If-Match", value: read.header("ETag") ?? "")])
    }

    // MARK: Enrolment

    func code(_ holder: String) throws -> String {
        let collection = holder.hasPrefix("owner:") ? "owners" : "agents"
        let answer = try admin("POST", "/api/v1/\(collection)/\(holder)/enrolment-codes")
        let code = try #require(answer.string("code"))
        note(code)
        return code
    }

    func proof(
        _ agent: String, nonce: String, key: PrivateKey, signer: PrivateKey? = nil, audience: String = World.issuer,
        type: String = "mayfly-key-proof+jwt"
    ) throws -> String {
        let payload: JSONObject = [
            "aud": .string(audience), "sub": .string(agent), "jwk": .object(key.publicKey.jwk),
            "nonce": .string(nonce),
        ]
        let compact = try JWS.sign(
            payload: JSONWriter.bytes(of: .object(payload)), type: type, keyID: nil, with: signer ?? key)
        note(compact)
        return compact
    }

    static func nonce(_ code: String) -> String {
        Base64URL.encode(SHA256.digest(of: Array(code.utf8)).bytes)
    }

    func sendProof(_ code: String, _ proof: String) throws -> Answer {
        try handler.send(
            "POST", "/api/v1/enrol", headers: [Wire.jsonType], body: #"{"code":"\#(code)","proof":"\#(proof)"}"#)
    }

    /// Gives owners keys; answers the last one's.
    @discardableResult
    func enrolOwners(_ owners: String...) throws -> PrivateKey {
        for owner in owners { try #require(try enrol(owner).status == 201) }
        return try key(try #require(owners.last))
    }

    func enrol(_ agent: String) throws -> Answer {
        let key = try PrivateKey.generate(.es256)
        let code = try code(agent)
        let answer = try sendProof(code, try proof(agent, nonce: Self.nonce(code), key: key))
        keys.withLock { $0[agent] = key }
        return answer
    }
}

extension World {
    /// A world for tests that leave it as they found it.
    static func shared() throws -> World { try sharedWorld.get() }

    private static let sharedWorld = Result { try World() }
}
