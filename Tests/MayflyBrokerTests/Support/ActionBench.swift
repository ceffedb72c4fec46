internal import MayflyBroker
internal import MayflyModel
internal import MayflyPolicy
internal import Testing

/// A tool whose actions a bundle wants approved from a hundred records on, the agents that use it, and the people.
final class ActionBench: Sendable {
    let desk: ApprovalBench
    let basic: (name: String, value: String)
    var world: World { desk.world }

    static let allow = #"{"id": "all", "decision": "allow", "rationale": "r"}"#

    static func bundle(_ rules: String = allow, quorum: Int = 1, window: String = "15m") -> String {
        #"{"policy": "t", "tiers": {"missing": 1, "records": {"tier3": 100, "tier4": 1000}, "approval": "#
            + #"{"groups": ["finance"], "quorum": \#(quorum), "window": "\#(window)"}}, "rules": [\#(rules)]}"#
    }

    init(_ bundle: String = bundle()) throws {
        desk = try ApprovalBench(governance: PolicyGovernance())
        basic = (name: "Authorization", value: Wire.basic("tickets", try desk.world.secret(of: "tickets")))
        try apply(bundle)
    }

    /// The same store behind a fresh broker.
    init(restarting bench: ActionBench) throws {
        desk = try ApprovalBench(restarting: bench.desk, governance: PolicyGovernance())
        basic = bench.basic
    }

    func apply(_ bundle: String) throws {
        let answer = try world.admin("POST", "/api/v1/policies", #"{"bundle": \#(bundle), "rationale": "r"}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    /// A token for a task that the agent names, so that another one can stand in its place.
    func token(_ agent: String = "agent:root", task: String = "case-1") throws -> String {
        try world.minted(agent, [("resource", "tickets"), ("task", task)])
    }

    static let risky = #"{"records":200}"#

    static func question(
        _ token: String, _ context: String = risky, action: String = "close", type: String = "thing", id: String = "1",
        options: String? = nil
    ) -> String {
        #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)"},"#
            + #""resource":{"type":"\#(type)","id":"\#(id)"},"context":\#(context)"#
            + (options.map { #","options":\#($0)"# } ?? "") + "}"
    }

    func send(_ body: String, to path: String = "evaluation") throws -> Answer {
        try world.handler.send("POST", "/access/v1/" + path, headers: [Wire.jsonType, basic], body: body)
    }

    func begin(_ token: String) throws -> PendingAnswer {
        try world.handler.begin(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: Self.question(token))
    }

    func ask(
        _ token: String, _ context: String = risky, action: String = "close", type: String = "thing", id: String = "1",
        options: String? = nil
    ) throws -> Answer {
        try send(Self.question(token, context, action: action, type: type, id: id, options: options))
    }

    /// Asks about an action that is put to people; answers the request's id.
    func raise(_ token: String, _ context: String = risky, id: String = "1") throws -> String {
        let answer = try ask(token, context, id: id)
        try #require(answer.isWithheld("pending"), "\(answer.text)")
        return try #require(answer.approvalID)
    }

    /// The same, and has it approved.
    func approved(_ token: String, _ context: String = risky, id: String = "1") throws -> String {
        let request = try raise(token, context, id: id)
        try agree(request)
        return request
    }

    func agree(_ request: String, as owner: String = "owner:finance-lead") throws {
        let answer = try desk.vote(request, as: owner)
        try #require(answer.string("state") == "approved", "\(answer.text)")
    }

    func status(_ request: String, _ authorization: (name: String, value: String)? = nil) throws -> Answer {
        try world.handler.send(
            "GET", "/access/v1/access-requests/" + request, headers: [authorization ?? basic])
    }

    func pending() throws -> Int {
        try world.admin("GET", "/api/v1/approvals?state=pending&limit=200")["approvals"]?.arrayValue?.count ?? -1
    }
}

extension Answer {
    var isAllowed: Bool { self["decision"] == .bool(true) }
    var accessRequest: JSONObject? { context["access_request"]?.objectValue }
    var approvalID: String? { accessRequest?["auth_req_id"]?.stringValue }
    /// What the answer says of the question to people.
    var standing: String? { accessRequest?["status"]?.stringValue }

    /// Whether the action is refused because people must agree, who stand so.
    func isWithheld(_ standing: String?) -> Bool {
        self["decision"] == .bool(false) && context["reason"] == .string("approval_required")
            && self.standing == standing
    }
}
