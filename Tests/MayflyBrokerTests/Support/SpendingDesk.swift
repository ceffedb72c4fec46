internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// A tool that asks about tokens with limits, and settles.
struct SpendingDesk: Sendable {
    let world: World
    let secret: String

    init(_ world: World? = nil) throws {
        let world = try world ?? World()
        self.world = world
        secret = try world.secret(of: "tickets")
    }

    /// The same tool at a broker that was started again.
    init(restarting desk: SpendingDesk) throws {
        world = try World(restarting: desk.world)
        secret = desk.secret
    }

    private var basic: (name: String, value: String) { (name: "Authorization", value: Wire.basic("tickets", secret)) }

    static func details(_ members: String) -> (String, String) {
        ("authorization_details", #"[{"type":"mayfly_limits",\#(members)}]"#)
    }

    /// A token of the root agent with these limits.
    func minted(_ members: String, _ more: Form = []) throws -> String {
        try world.minted("agent:root", [("resource", "tickets"), Self.details(members)] + more)
    }

    func body(_ token: String, _ action: String, _ properties: String) -> String {
        #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)"},"#
            + #""resource":{"type":"thing","id":"1"},"context":\#(properties)}"#
    }

    func ask(_ token: String, _ action: String = "close", _ properties: String = "{}") throws -> Answer {
        try world.handler.send(
            "POST", "/access/v1/evaluation", headers: [Wire.jsonType, basic], body: body(token, action, properties))
    }

    /// The reason of a decision, and what it is about.
    func reason(_ token: String, _ action: String = "close", _ properties: String = "{}") throws -> String {
        let context = try ask(token, action, properties).context
        return [context["reason"], context["about"]].compactMap { $0?.stringValue }.joined(separator: " ")
    }

    func isAllowed(_ token: String, _ action: String = "close", _ properties: String = "{}") throws -> Bool {
        try ask(token, action, properties)["decision"] == .bool(true)
    }

    /// How often the action is allowed until it is denied for the first time.
    func allowances(_ token: String, _ properties: String = "{}", atMost most: Int = 100) throws -> Int {
        for count in 0..<most where try !isAllowed(token, "close", properties) { return count }
        return most
    }

    func verify(_ token: String, _ method: String = "POST") throws -> Answer {
        try world.handler.send(
            "GET", "/verify",
            headers: [
                (name: "X-Mayfly-Resource", value: basic.value), (name: "Authorization", value: "Bearer \(token)"),
                (name: "X-Original-Method", value: method), (name: "X-Original-URI", value: "/tickets/7"),
            ])
    }

    func settle(_ reservation: String, _ used: String, basic other: String? = nil) throws -> Answer {
        try send(#"{"reservation":"\#(reservation)","used":\#(used)}"#, basic: other)
    }

    func send(_ settlement: String, basic other: String? = nil) throws -> Answer {
        try world.handler.send(
            "POST", "/access/v1/settle",
            headers: [Wire.jsonType, (name: "Authorization", value: other ?? basic.value)], body: settlement)
    }

    /// The newest entry of an event.
    func entry(_ event: String) throws -> JSONObject {
        let entries = try world.store.ledgerEntries(in: 0..<1_000_000).filter { $0.terms.event == event }
        return try JSONParser.parseObject(try #require(entries.last).bytes)
    }
}

extension Answer {
    var context: JSONObject { self["context"]?.objectValue ?? [:] }
    var reservation: String? { context["reservation"]?.stringValue }

    /// A member of `remaining`, in the decision's context or at the top.
    func remaining(_ member: String) -> JSONValue? {
        (context["remaining"] ?? self["remaining"])?.objectValue?[member]
    }
}
