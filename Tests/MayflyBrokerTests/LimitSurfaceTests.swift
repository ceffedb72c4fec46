@testable import MayflyBroker
internal import MayflyModel
internal import Testing

/// Each limit on each surface, and how limits travel.
struct LimitSurfaceTests {
    /// What becomes of one limit: at AuthZEN with a question that fits it not, and with one that does; at forward-auth
    /// for POST and GET; at introspection.
    struct Row: Sendable, CustomTestStringConvertible {
        let members: String
        let action: String
        let misfit: String
        let reason: String
        let fit: (action: String, properties: String)
        let post: Int
        let get: Int

        var testDescription: String { members }
    }

    /// The clock of the tests stands on Friday 2027-01-15, 08:00.
    static let rows: [Row] = [
        Row(
            members: #""max_calls":3"#, action: "erase", misfit: "{}", reason: "unknown_action", fit: ("close", "{}"),
            post: 200, get: 200),
        Row(
            members: #""max_cost":{"amount":"5","currency":"USD"}"#, action: "close", misfit: "{}",
            reason: "member_missing cost", fit: ("close", #"{"cost":{"amount":"5.00","currency":"USD"}}"#), post: 403,
            get: 403),
        Row(
            members: #""max_cost":{"amount":"5","currency":"USD"}"#, action: "close",
            misfit: #"{"cost":{"amount":"5.01","currency":"USD"}}"#, reason: "budget_exhausted max_cost",
            fit: ("close", #"{"cost":{"amount":"0","currency":"USD"}}"#), post: 403, get: 403),
        Row(
            members: #""max_cost":{"amount":"5","currency":"USD"}"#, action: "close",
            misfit: #"{"cost":{"amount":"1","currency":"EUR"}}"#, reason: "exceeds_grant cost",
            fit: ("close", #"{"cost":{"amount":"0.1","currency":"USD"}}"#), post: 403, get: 403),
        Row(
            members: #""max_cost":{"amount":"5","currency":"USD"}"#, action: "close", misfit: #"{"cost":1}"#,
            reason: "exceeds_grant cost", fit: ("close", #"{"cost":{"amount":"1","currency":"USD"}}"#), post: 403,
            get: 403),
        Row(
            members: #""max_records":10"#, action: "close", misfit: "{}", reason: "member_missing records",
            fit: ("close", #"{"records":10}"#), post: 403, get: 403),
        Row(
            members: #""max_records":10"#, action: "close", misfit: #"{"records":11}"#,
            reason: "budget_exhausted max_records", fit: ("close", #"{"records":0}"#), post: 403, get: 403),
        Row(
            members: #""max_records":10"#, action: "close", misfit: #"{"records":-1}"#,
            reason: "exceeds_grant records", fit: ("close", #"{"records":1}"#), post: 403, get: 403),
        Row(
            members: #""max_records":10"#, action: "close", misfit: #"{"records":"1"}"#,
            reason: "exceeds_grant records", fit: ("close", #"{"records":1}"#), post: 403, get: 403),
        Row(
            members: #""timeout":60"#, action: "erase", misfit: "{}", reason: "unknown_action", fit: ("close", "{}"),
            post: 200, get: 200),
        Row(
            members: #""read_only":true"#, action: "close", misfit: "{}", reason: "exceeds_grant read_only",
            fit: ("view", "{}"), post: 403, get: 200),
        Row(
            members: #""read_only":true"#, action: "tickets.read", misfit: #"{"read_only":true}"#,
            reason: "exceeds_grant read_only", fit: ("view", "{}"), post: 403, get: 200),
        Row(
            members: #""environments":["staging"]"#, action: "close", misfit: "{}", reason: "member_missing env",
            fit: ("close", #"{"env":"staging"}"#), post: 403, get: 403),
        Row(
            members: #""environments":["staging"]"#, action: "close", misfit: #"{"env":"prod"}"#,
            reason: "exceeds_grant env", fit: ("close", #"{"env":"staging"}"#), post: 403, get: 403),
        Row(
            members: #""environments":["staging"]"#, action: "close", misfit: #"{"env":["staging"]}"#,
            reason: "exceeds_grant env", fit: ("close", #"{"env":"staging"}"#), post: 403, get: 403),
        Row(
            members: #""hours":[{"days":["fri"],"from":"08:00","to":"08:01"}]"#, action: "erase", misfit: "{}",
            reason: "unknown_action", fit: ("close", "{}"), post: 200, get: 200),
    ]

    @Test(arguments: rows)
    func eachSurfaceEnforcesIt(_ row: Row) throws {
        let desk = try SpendingDesk()
        let token = try desk.minted(row.members)
        #expect(try desk.world.isActive(token))
        #expect(try desk.reason(token, row.action, row.misfit) == row.reason)
        let allowed = try desk.ask(token, row.fit.action, row.fit.properties)
        #expect(allowed["decision"] == .bool(true), "\(allowed.text)")
        #expect(try desk.verify(token).status == row.post)
        #expect(try desk.verify(token, "GET").status == row.get)
        // The child of an exchange has the same limits, and its holder no way around them.
        let child = try desk.world.delegated(from: "agent:root", parent: token, to: "agent:child")
        let said = try desk.world.introspect(child)["authorization_details"]
        #expect(try said == .array([Limits.Request(parse(row.members)).limits.json]))
    }

    private func parse(_ members: String) throws -> JSONValue {
        try JSONParser.parse(Array(#"{"type":"mayfly_limits",\#(members)}"#.utf8))
    }

    @Test func hoursEndATokenEverywhereButForWhoEndsIt() throws {
        let desk = try SpendingDesk()
        let world = desk.world
        let windows = [("08:00", "08:02"), ("08:04", "09:00")].map { from, to in
            #"{"days":["fri"],"from":"\#(from)","to":"\#(to)"}"#
        }
        let window = #""hours":[\#(windows.joined(separator: ","))]"#
        let token = try desk.minted(window)
        let ticket = try world.ticket("agent:root", parent: token, for: "agent:child").accessToken
        // Known, and marked as alive for long: the mark does not outlast the window.
        for _ in 0..<3 { #expect(try world.isActive(token) && desk.isAllowed(token)) }
        let version = world.broker.state.version
        world.clock.advance(119)
        #expect(try world.isActive(token))
        world.clock.advance(1)
        #expect(world.broker.state.version == version)
        #expect(try !world.isActive(token))
        #expect(try world.introspect(token).text == #"{"active":false}"#)
        #expect(try desk.reason(token) == "outside_hours")
        #expect(try desk.verify(token).status == 403)
        #expect(try world.ticket("agent:root", parent: token, for: "agent:child").error == "invalid_request")
        #expect(try world.redeem("agent:child", ticket: ticket).error == "invalid_request")
        let direct: Form = [
            ("grant_type", World.exchange), ("subject_token", token), ("subject_token_type", World.accessTokenType),
        ]
        #expect(try world.post("/oauth2/token", as: "agent:child", direct).error == "invalid_request")
        world.clock.advance(120)
        #expect(try world.isActive(token) && desk.isAllowed(token))
        // Ended while it sleeps, it does not wake.
        let asleep = try desk.minted(#""hours":[{"days":["fri"],"from":"08:10","to":"09:00"}]"#, [("lifetime", "600")])
        #expect(try !world.isActive(asleep))
        #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", asleep)]).status == 200)
        world.clock.advance(500)
        #expect(try !world.isActive(asleep))
        #expect(try desk.reason(asleep) == "token_inactive")
    }

    @Test func timeoutEndsTheTokenAndCountsFromItsOwnMinting() throws {
        let desk = try SpendingDesk()
        let world = desk.world
        let answer = try world.token("agent:root", [("resource", "tickets"), SpendingDesk.details(#""timeout":20"#)])
        #expect(answer["expires_in"] == .integer(20))
        #expect(answer["authorization_details"]?.arrayValue?.last?.objectValue?["timeout"] == .integer(20))
        let parent = try desk.minted(#""timeout":50"#)
        world.clock.advance(10)
        let ticket = try world.ticket(
            "agent:root", parent: parent, for: "agent:child", [SpendingDesk.details(#""timeout":30"#)])
        #expect(ticket["expires_in"] == .integer(40))
        world.clock.advance(5)
        let child = try world.redeem("agent:child", ticket: ticket.accessToken)
        #expect(child["expires_in"] == .integer(30))
        let late = try world.ticket("agent:root", parent: parent, for: "agent:child").accessToken
        world.clock.advance(20)
        #expect(try world.redeem("agent:child", ticket: late)["expires_in"] == .integer(15))
        world.clock.advance(9)
        #expect(try world.isActive(child.accessToken))
        world.clock.advance(1)
        #expect(try !world.isActive(child.accessToken))
        #expect(try desk.reason(child.accessToken) == "token_inactive")
    }

    @Test func noExchangeShedsOrWidensALimit() throws {
        let desk = try SpendingDesk()
        let world = desk.world
        let parent = try desk.minted(#""max_calls":5,"read_only":true,"environments":["staging"]"#)
        for wider in [#""max_calls":6"#, #""read_only":false"#, #""environments":["staging","prod"]"#] {
            let refused = try world.ticket(
                "agent:root", parent: parent, for: "agent:child", [SpendingDesk.details(wider)])
            #expect(refused.error == "invalid_authorization_details", "\(refused.text)")
        }
        let ticket = try world.ticket(
            "agent:root", parent: parent, for: "agent:child", [SpendingDesk.details(#""max_calls":2"#)]
        ).accessToken
        let refused = try world.redeem("agent:child", ticket: ticket, [SpendingDesk.details(#""max_calls":3"#)])
        #expect(refused.error == "invalid_authorization_details")
        #expect(refused.string("error_description")?.contains("authorization_details[0].max_calls") == true)
        let child = try world.redeem("agent:child", ticket: ticket, [SpendingDesk.details(#""max_records":9"#)])
        #expect(
            child["authorization_details"]
                == .array([
                    .object([
                        "type": .string("mayfly_limits"), "max_calls": .integer(2), "max_records": .integer(9),
                        "read_only": .bool(true), "environments": .array([.string("staging")]),
                    ])
                ]))
        for malformed in [#"{"type":"mayfly_limits","max_calls":0}"#, #"{"type":"mayfly_limits","calls":1}"#] {
            let form: Form = [("resource", "tickets"), ("authorization_details", "[\(malformed)]")]
            #expect(try world.token("agent:root", form).error == "invalid_authorization_details")
        }
    }

    @Test func aResourceCannotDeclareTheirType() throws {
        let world = try World()
        let changed = try world.change("/api/v1/resources/mail") {
            $0["authorization_details_types"] = .array([
                .object([
                    "type": .string("mayfly_limits"),
                    "members": .object(["max_calls": .object(["order": .string("max"), "unit": .string("integer")])]),
                ])
            ])
        }
        #expect(changed.status == 400)
        #expect(changed.text.contains("mayfly_limits"))
    }

    @Test func tokensWithoutLimitsSayNothingOfThem() throws {
        let desk = try SpendingDesk()
        let token = try desk.world.minted("agent:other", [("resource", "tickets")])
        #expect(try desk.world.introspect(token)["authorization_details"] == nil)
        let answer = try desk.ask(token)
        #expect(answer["decision"] == .bool(true))
        #expect(answer.context.names == ["reason", "obligations"])
        #expect(desk.world.broker.state.read { $0.budgets.count } == 0)
    }
}
