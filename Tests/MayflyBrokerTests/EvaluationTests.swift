internal import MayflyBroker
internal import MayflyModel
internal import Testing

/// AuthZEN decisions, one and several.
struct EvaluationTests {
    private struct Tool {
        let world: World
        let basic: (name: String, value: String)
        let token: String

        init() throws {
            world = try World()
            basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
            token = try world.minted("agent:root")
        }

        func ask(_ body: String, at path: String = "evaluation") throws -> Answer {
            try world.handler.send(
                "POST", "/access/v1/" + path, headers: [Wire.jsonType, basic, (name: "X-Request-ID", value: "r1")],
                body: body)
        }

        func question(_ action: String, type: String = "thing", id: String = "1", properties: String = "{}") -> String {
            #"{"subject":{"type":"access_token","id":"\#(token)"},"action":{"name":"\#(action)","properties":\#(properties)},"#
                + #""resource":{"type":"\#(type)","id":"\#(id)"}}"#
        }

        func several(_ items: [String], semantic: String?) -> String {
            let options = semantic.map { #","options":{"evaluations_semantic":"\#($0)"}"# } ?? ""
            return #"{"subject":{"type":"access_token","id":"\#(token)"},"resource":{"type":"t","id":"1"},"#
                + #""evaluations":[\#(items.joined(separator: ","))]\#(options)}"#
        }

        func decisions(_ answer: Answer) -> [Bool] {
            answer["evaluations"]?.arrayValue?.compactMap { $0.objectValue?["decision"]?.boolValue } ?? []
        }
    }

    private static let shared = Result { try Tool() }

    @Test(arguments: [
        ("close", "thing", "{}", true), ("view", "thing", "{}", true), ("tickets.read", "thing", "{}", true),
        ("tickets.admin", "thing", "{}", false), ("erase", "thing", "{}", false),
        ("pay", "refund", #"{"queues":"a","amount":{"amount":"99","currency":"EUR"},"read_only":false}"#, true),
        ("pay", "refund", #"{"queues":"a","amount":{"amount":"100.01","currency":"EUR"},"read_only":false}"#, false),
        ("pay", "refund", #"{"queues":"c","amount":{"amount":"1","currency":"EUR"},"read_only":false}"#, false),
        ("pay", "refund", #"{"queues":"a","read_only":false}"#, false),
    ])
    func grantDecides(_ action: String, _ type: String, _ properties: String, _ isAllowed: Bool) throws {
        let tool = try Self.shared.get()
        let answer = try tool.ask(tool.question(action, type: type, properties: properties))
        #expect(answer.status == 200)
        #expect(answer["decision"] == .bool(isAllowed), "\(answer.text)")
        #expect(answer.header("X-Request-ID") == "r1")
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"subject":"x"}"#, #"{"subject":{"type":"user","id":"x"}}"#,
        #"{"subject":{"type":"access_token","id":"x"},"action":{"name":""},"resource":{"type":"t","id":"1"}}"#,
        #"{"subject":{"type":"access_token","id":"x"},"action":{"name":"a"},"resource":{"type":"t"}}"#,
        #"{"subject":{"type":"access_token","id":"x"},"action":{"name":"a"}}"#,
        #"{"subject":{"type":"access_token","id":5},"action":{"name":"a"},"resource":{"type":"t","id":"1"}}"#,
    ])
    func unreadableQuestionIsAMessageNotADecision(_ body: String) throws {
        let answer = try Self.shared.get().ask(body)
        #expect(answer.status == 400)
        #expect(answer.text.hasPrefix("\""))
        #expect(answer["decision"] == nil)
    }

    @Test func callerMustBeAResourceOrAnAdministrator() throws {
        let tool = try Self.shared.get()
        let world = tool.world
        let body = tool.question("view")
        #expect(
            try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType], body: body).status == 401)
        let own = (name: "Authorization", value: "Bearer \(tool.token)")
        #expect(
            try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, own], body: body).status
                == 401)
        let reader = (name: "Authorization", value: "Bearer \(try world.adminToken("mayfly.read"))")
        #expect(
            try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, reader], body: body).status
                == 403)
        let asker = (name: "Authorization", value: "Bearer \(try world.adminToken("mayfly.introspect"))")
        #expect(
            try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.jsonType, asker], body: body)[
                "decision"] == .bool(true))
        #expect(
            try world.handler.send("POST", "/access/v1/evaluation", headers: [Wire.formType, tool.basic], body: body)
                .status == 400)
    }

    @Test(
        arguments: [
            (nil, [true, false, true]), ("execute_all", [true, false, true]), ("deny_on_first_deny", [true, false]),
            ("permit_on_first_permit", [true]),
        ] as [(String?, [Bool])])
    func semanticSaysWhenToStop(_ semantic: String?, _ expected: [Bool]) throws {
        let tool = try Self.shared.get()
        let items = ["view", "erase", "close"].map { #"{"action":{"name":"\#($0)"}}"# }
        let answer = try tool.ask(tool.several(items, semantic: semantic), at: "evaluations")
        #expect(tool.decisions(answer) == expected, "\(answer.text)")
    }

    @Test func unreadableItemIsDeniedInItsPlace() throws {
        let tool = try Self.shared.get()
        let items = [#"{"action":{"name":"view"}}"#, "{}", "5", #"{"action":{"name":"close"},"subject":"x"}"#]
        let answer = try tool.ask(tool.several(items, semantic: nil), at: "evaluations")
        #expect(answer.status == 200)
        #expect(tool.decisions(answer) == [true, false, false, false], "\(answer.text)")
        let stopped = try tool.ask(tool.several(["{}"] + items, semantic: "deny_on_first_deny"), at: "evaluations")
        #expect(tool.decisions(stopped) == [false])
    }

    @Test(arguments: [
        #""evaluations":{}"#, #""evaluations":[{}],"options":5"#,
        #""evaluations":[{}],"options":{"evaluations_semantic":5}"#,
        #""evaluations":[{}],"options":{"evaluations_semantic":"some"}"#,
    ])
    func unknownShapeOrSemanticIsRefused(_ members: String) throws {
        let answer = try Self.shared.get().ask(
            #"{"subject":{"type":"access_token","id":"x"},"resource":{"type":"t","id":"1"},"action":{"name":"a"},\#(members)}"#,
            at: "evaluations")
        #expect(answer.status == 400)
    }

    @Test func noListIsOneQuestionAndManyAreTooMany() throws {
        let tool = try Self.shared.get()
        #expect(try tool.ask(tool.question("view"), at: "evaluations")["decision"] == .bool(true))
        let many = [String](repeating: #"{"action":{"name":"view"}}"#, count: 33)
        #expect(try tool.ask(tool.several(many, semantic: nil), at: "evaluations").status == 400)
    }

    @Test func deadOrForeignTokensAreDeniedAlike() throws {
        let tool = try Tool()
        let world = tool.world
        let mail = try world.minted("agent:root", [("resource", "mail")])
        _ = try world.post("/oauth2/revoke", as: "agent:root", [("token", tool.token)])
        let dead = try tool.ask(tool.question("view"))
        let foreign = try tool.ask(tool.question("view").replacing(tool.token, with: mail))
        let nonsense = try tool.ask(tool.question("view").replacing(tool.token, with: "x"))
        #expect(dead["decision"] == .bool(false))
        #expect(dead.text == foreign.text)
        #expect(dead.text == nonsense.text)
    }

    @Test func questionsThatAreAllAskedShareACommitAndKeepTheirOrder() throws {
        let tool = try Tool()
        let items = (0..<32).map { #"{"action":{"name":"\#($0 % 3 == 0 ? "close" : "nothing")"}}"# }
        let before = tool.world.broker.metrics.batchSize.reading.count
        let answer = try tool.ask(tool.several(items, semantic: "execute_all"), at: "evaluations")
        #expect(answer.status == 200)
        #expect(tool.decisions(answer) == (0..<32).map { $0 % 3 == 0 })
        // One, unless the writer takes a turn while they are still being asked.
        #expect(tool.world.broker.metrics.batchSize.reading.count - before < 16)
        let size = try tool.world.store.head().ledgerSize
        let entries = try tool.world.store.ledgerEntries(in: (size - 32)..<size)
        let actions = try entries.map { try JSONParser.parseObject($0.bytes)["action"]?.stringValue }
        #expect(actions == (0..<32).map { $0 % 3 == 0 ? "close" : "nothing" })
    }
}
