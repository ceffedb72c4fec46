internal import MayflyBroker
internal import MayflyCrypto
internal import MayflyModel
internal import Testing

/// Agents that are registered with what they are made of: one with a key, and one that its provider attests.
final class CompositionBench: Sendable {
    /// SHA-256 of the words, made with sha256sum.
    static let model = "sha256:9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"
    static let prompt = "sha256:cf07194ee232eb531e15f690000d19846dea69cf05504782658afcfacb9228a2"
    static let tools = "sha256:f9d35d43770d39092a663e665e82ae1d84a9e0da3d0d10c407acada6a40cd281"
    static let image = "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"
    /// What sha256sum makes of head and parts: all four, and the prompt alone.
    static let whole = "sha256:b37be8f978f62840c67134f114c8179dc361774c64d6287da761b49c9985d4e0"
    static let promptAlone = "sha256:fcdbb6b84719c9b97dd4282036072520f9d7413be68ef44e1536d9901cced60b"

    /// The registered one, and another, as records hold them.
    static let parts: JSONObject = [
        "model": .string(model), "prompt": .string(prompt), "tools": .string(tools), "image": .string(image),
    ]
    static let otherParts: JSONObject = ["prompt": .string(prompt)]
    static let own: Form = [("composition", whole)]
    static let other: Form = [("composition", promptAlone)]

    let site = FakeSite()
    let key: PrivateKey
    let governance = TestGovernance()
    let world: World

    init() throws {
        key = try PrivateKey.generate(.es256)
        world = try World(governance: governance, fetcher: site)
        site.publish(keys: [("k1", key)])
        let trust = #"{"provider":"provider:ci","subject":"\#(TrustBench.subject)"}"#
        let composition = String(decoding: JSONWriter.bytes(of: .object(Self.parts)), as: UTF8.self)
        let more = #", "delegates": ["agent:leaf"], "scopes": ["tickets.write"], "composition": \#(composition)"#
        let provider = #"{"id": "provider:ci", "issuer": "https://ci.example", "composition_claim": "/run/made_of"}"#
        let applied = try world.admin(
            "POST", "/api/v1/apply",
            #"{"providers": [\#(provider)], "agents": [\#(TrustBench.agent("deployer", trust, more: more))]}"#)
        try #require(applied.status == 200, "\(applied.text)")
        try #require(
            try world.change("/api/v1/agents/agent:other") {
                $0["delegates"] = .array([.string("agent:root"), .string("agent:deployer")])
            }.status == 200)
        try #require(try register(Self.parts).status == 200)
        try world.enrolOwners("owner:ann", "owner:bob")
    }

    /// The same store behind a fresh broker.
    init(restarting bench: CompositionBench) throws {
        key = bench.key
        world = try World(restarting: bench.world, governance: governance, fetcher: site)
        site.publish(keys: [("k1", key)])
    }

    /// Writes what the agent is to be made of; nil for nothing any more.
    func register(_ parts: JSONObject?, of agent: String = "agent:root") throws -> Answer {
        try world.change("/api/v1/agents/\(agent)") { $0["composition"] = parts.map { .object($0) } }
    }

    /// The provider's word on a run, with what its claim says of it.
    func attestation(_ claim: String?) throws -> String {
        let now = world.clock.now().seconds
        var claims: JSONObject = [
            "iss": .string(TrustBench.issuer), "sub": .string(TrustBench.subject), "aud": .string(World.issuer),
            "jti": .string(world.unique("run")), "iat": .integer(now), "exp": .integer(now + 300),
        ]
        if let claim { claims["run"] = .object(["made_of": .string(claim)]) }
        return try TrustBench.sign(claims, type: "JWT", keyID: "k1", key: key)
    }

    // MARK: Requests

    /// Every way to a token or a ticket.
    enum Way: String, CaseIterable, Sendable {
        case task, asGrant, ticket, redeem, exchange, backchannel, poll
    }

    /// A client with its proof made anew for each request.
    enum Caller: Sendable {
        case key
        /// By the provider, with that claim.
        case attested(String?)

        var agent: String {
            switch self {
            case .key: "agent:root"
            case .attested: "agent:deployer"
            }
        }
    }

    /// Asks for a token by `way`, with the form's further members; what leads up to it goes right.
    func ask(_ way: Way, as caller: Caller, _ more: Form) throws -> Answer {
        switch way {
        case .task:
            return try send([("grant_type", "client_credentials"), ("scope", "tickets.read")] + more, as: caller)
        case .asGrant:
            guard case .attested(let claim) = caller else { return try ask(.task, as: caller, more) }
            return try world.post(
                "/oauth2/token", as: nil,
                [("grant_type", TrustBench.grant), ("assertion", try attestation(claim)), ("scope", "tickets.read")]
                    + more)
        case .ticket:
            let delegate = caller.agent == "agent:root" ? "agent:child" : "agent:leaf"
            return try send(World.ticketForm(try token(of: caller), delegate) + more, as: caller)
        case .redeem:
            let parent = try world.minted("agent:other", [("resource", "tickets"), ("scope", "tickets.read")])
            let ticket = try world.ticket("agent:other", parent: parent, for: caller.agent)
            try #require(ticket.status == 200, "\(ticket.text)")
            return try send(World.redeemForm(ticket.accessToken) + more, as: caller)
        case .exchange:
            let parent = try world.minted("agent:other", [("resource", "tickets"), ("scope", "tickets.read")])
            return try send(ProofBench.exchangeForm(parent) + more, as: caller)
        case .backchannel:
            return try send(ApprovalBench.risky + more, as: caller, to: ApprovalBench.backchannel)
        case .poll:
            let asked = try send(ApprovalBench.risky + Self.own, as: good(caller), to: ApprovalBench.backchannel)
            let id = try #require(asked.string("auth_req_id"), "\(asked.text)")
            let reviewed = try world.admin("GET", "/api/v1/approvals/\(id)")
            try #require(reviewed.string("composition") == Self.whole, "\(reviewed.text)")
            return try send([("grant_type", ApprovalBench.cibaGrant), ("auth_req_id", id)] + more, as: caller)
        }
    }

    /// The same client with a proof that says what is registered.
    private func good(_ caller: Caller) -> Caller {
        switch caller {
        case .key: .key
        case .attested: .attested(Self.whole)
        }
    }

    /// A token of that client's own.
    private func token(of caller: Caller) throws -> String {
        let answer = try ask(.task, as: good(caller), Self.own)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.accessToken
    }

    private func send(_ form: Form, as caller: Caller, to path: String = "/oauth2/token") throws -> Answer {
        switch caller {
        case .key: return try world.post(path, as: caller.agent, form)
        case .attested(let claim):
            return try world.post(
                path, as: nil,
                form + [("client_assertion_type", World.assertionType), ("client_assertion", try attestation(claim))])
        }
    }

    // MARK: People

    /// An owner's word on the change that waits.
    func decide(
        _ word: String, _ composition: String, of agent: String = "agent:root", as owner: String = "owner:ann"
    ) throws -> Answer {
        let scope = owner == "admin:ops" ? "mayfly.admin" : "mayfly.approve"
        return try begin(word, composition, of: agent, with: try world.minted(owner, [("scope", scope)])).wait()
    }

    /// The same with a token that the owner has already.
    func begin(
        _ word: String, _ composition: String, of agent: String = "agent:root", with token: String
    ) throws -> PendingAnswer {
        try world.beginAdmin(
            "POST", "/api/v1/agents/\(agent)/composition/\(word)",
            #"{"composition": "\#(composition)", "reason": "looked at it"}"#, token: token)
    }

    func show(_ agent: String = "agent:root", as owner: String? = nil) throws -> Answer {
        let path = "/api/v1/agents/\(agent)/composition"
        guard let owner else { return try world.admin("GET", path) }
        return try world.beginAdmin("GET", path, token: try world.minted(owner, [("scope", "mayfly.approve")])).wait()
    }

    /// The ledger's entries of a kind, the newest first.
    func entries(_ event: String) throws -> [JSONObject] {
        let answer = try world.admin("GET", "/api/v1/ledger?limit=500&event=\(event)")
        return (answer["entries"]?.arrayValue ?? []).compactMap { $0.objectValue?["entry"]?.objectValue }
    }
}
