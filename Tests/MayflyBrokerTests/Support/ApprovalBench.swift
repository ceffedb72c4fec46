internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// A broker whose policy asks people, and the people.
final class ApprovalBench: Sendable {
    static let backchannel = "/oauth2/bc-authorize"
    static let cibaGrant = "urn:openid:params:grant-type:ciba"
    static let risky: Form = [("resource", "tickets"), ("scope", "tickets.write")]

    let world: World
    let governance: TestGovernance

    /// People: the agents' own owners, two in finance, one in security.
    private static let people: [(name: String, groups: [String])] = [
        ("owner:ann", ["finance"]), ("owner:bob", []), ("owner:finance-lead", ["finance"]),
        ("owner:finance-deputy", ["finance", "audit"]), ("owner:security-lead", ["security"]),
    ]

    /// Without a `policy` of its own, people are asked as `governance` says.
    init(governance policy: (any Governance)? = nil) throws {
        governance = TestGovernance()
        world = try World(governance: policy ?? governance)
        for person in Self.people {
            let groups = person.groups.map { "\"\($0)\"" }.joined(separator: ",")
            let owner = #"{"id":"\#(person.name)","name":"n","email":"a@example.org","groups":[\#(groups)]}"#
            try #require(try world.admin("POST", "/api/v1/apply", #"{"owners":[\#(owner)]}"#).status == 200)
            try world.enrolOwners(person.name)
        }
    }

    /// The same store behind a fresh broker.
    init(restarting bench: ApprovalBench, governance policy: (any Governance)? = nil) throws {
        governance = bench.governance
        world = try World(restarting: bench.world, governance: policy ?? governance)
    }

    // MARK: The agent

    /// Asks for a token as the root agent, which its owner `owner:ann` answers for.
    func ask(_ form: Form = risky, as agent: String = "agent:root") throws -> Answer {
        try world.token(agent, form)
    }

    /// Asks for what must be approved first; answers the request's id.
    func raise(_ form: Form = risky, as agent: String = "agent:root") throws -> String {
        let answer = try ask(form, as: agent)
        try #require(answer.error == "authorization_pending", "\(answer.text)")
        return try #require(answer.string("auth_req_id"))
    }

    func poll(_ id: String, as agent: String = "agent:root") throws -> Answer {
        let answer = try world.post(
            "/oauth2/token", as: agent, [("grant_type", Self.cibaGrant), ("auth_req_id", id)])
        world.note(answer.accessToken)
        return answer
    }

    func authorize(_ form: Form = risky, as agent: String = "agent:root") throws -> Answer {
        try world.post(Self.backchannel, as: agent, form)
    }

    // MARK: The people

    func token(_ owner: String) throws -> String {
        try world.minted(owner, [("scope", "mayfly.approve")])
    }

    func vote(_ id: String, as owner: String, _ word: String = "approve") throws -> Answer {
        try call("POST", "/api/v1/approvals/\(id)/\(word)", as: owner, #"{"reason":"checked"}"#)
    }

    func deny(_ id: String, as owner: String) throws -> Answer { try vote(id, as: owner, "deny") }

    func call(_ method: String, _ path: String, as owner: String, _ body: String = "") throws -> Answer {
        try world.beginAdmin(method, path, body, token: try token(owner)).wait()
    }

    func show(_ id: String) throws -> Answer { try world.admin("GET", "/api/v1/approvals/\(id)") }

    /// Raises a request and has it approved.
    func approved(_ form: Form = risky, as agent: String = "agent:root") throws -> String {
        let id = try raise(form, as: agent)
        let answer = try vote(id, as: "owner:finance-lead")
        try #require(answer.string("state") == "approved", "\(answer.text)")
        return id
    }

    /// The ledger's entries of a kind, the newest first.
    func entries(_ event: String) throws -> [JSONObject] {
        let answer = try world.admin("GET", "/api/v1/ledger?limit=500&event=\(event)")
        return (answer["entries"]?.arrayValue ?? []).compactMap { $0.objectValue?["entry"]?.objectValue }
    }
}
