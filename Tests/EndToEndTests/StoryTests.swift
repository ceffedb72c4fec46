import MayflyCrypto
import MayflyModel
import Testing

/// One case from the first key to the last refusal, over HTTP and the command line.
@Suite struct StoryTests {
    private static let taskScopes = ("scope", "tickets:read tickets:reply refunds:issue")
    private static let taskDetails = """
        [{"type": "ticket", "actions": ["read", "reply"], "identifier": "/billing", "read_only": false},
         {"type": "refund", "identifier": "/billing", "amount": {"amount": "120.00", "currency": "EUR"}}]
        """
    private static let narrowDetails = """
        [{"type": "ticket", "actions": ["read", "reply"], "identifier": "/billing/T-1042", "read_only": false},
         {"type": "refund", "identifier": "/billing/T-1042", "amount": {"amount": "30.00", "currency": "EUR"}}]
        """

    @Test
    func aTaskIsGrantedNarrowedCheckedAndDeadOnceItsOwnerLeaves() throws {
        let broker = try RunningMayfly.started()
        let applied = try broker.run([
            "apply", "--file", Desk.registryFile, "--dir", broker.directory, "--server", broker.url, "--json",
        ])
        #expect(applied.status == 0, "\(applied)")
        // The registry is there already, so this changes nothing; it enrols the agents and fetches the secrets.
        let desk = try Desk.open(broker)

        let parent = try desk.mint(
            "orchestrator",
            [
                ("resource", "tickets"), ("task", "case-1042"), Self.taskScopes,
                ("authorization_details", Self.taskDetails),
            ])
        let handed = try desk.delegate(
            parent, from: "orchestrator", to: "support",
            [Self.taskScopes, ("authorization_details", Self.narrowDetails)])
        let ticket = try #require(handed["access_token"], "\(handed)")
        #expect(handed["issued_token_type"] == Desk.ticket)

        try expectRefusal(try desk.redeem(ticket, as: "research"), "invalid_request")
        let redeemed = try desk.redeem(ticket, as: "support")
        let child = try #require(redeemed["access_token"], "\(redeemed)")
        try expectRefusal(try desk.redeem(ticket, as: "support"), "invalid_request")

        let seen = try desk.introspect(child).object
        #expect(seen["active"]?.boolValue == true)
        #expect(seen["sub"]?.stringValue == "agent:orchestrator")
        #expect(seen["client_id"]?.stringValue == "agent:support")
        #expect(seen["act"]?.objectValue?["sub"]?.stringValue == "agent:support")
        #expect(seen["mayfly"]?.objectValue?["task"]?.stringValue == "case-1042")
        // Another tool learns nothing of it, and a ticket is no access token anywhere.
        #expect(try desk.introspect(child, as: "knowledge").text == #"{"active":false}"#)
        #expect(try desk.introspect(ticket).text == #"{"active":false}"#)

        try checkDecisions(desk, child)
        try checkWidening(desk, parent: parent, child: child)
        try checkLeaving(desk, parent: parent, child: child)

        let verified = try broker.run(["ledger", "verify", "--dir", broker.directory, "--server", broker.url])
        #expect(verified.status == 0, "\(verified)")
        #expect(try broker.stop() == 0, "\((try? broker.errors()) ?? "")")
    }

    private func checkDecisions(_ desk: Desk, _ token: String) throws {
        func decides(_ action: String, _ type: String, _ id: String, _ properties: JSONObject = [:]) throws -> Bool? {
            try desk.evaluate(token, action, type, id, properties).object["decision"]?.boolValue
        }
        func amount(_ text: String) -> JSONObject {
            ["amount": .object(["amount": .string(text), "currency": .string("EUR")])]
        }
        #expect(try decides("reply", "ticket", "/billing/T-1042") == true)
        #expect(try decides("reply", "ticket", "/billing/T-2077") == false)
        #expect(try decides("reply", "ticket", "/billing/T-10420") == false)
        #expect(try decides("refund", "refund", "/billing/T-1042", amount("25.00")) == true)
        #expect(try decides("refund", "refund", "/billing/T-1042", amount("30.01")) == false)
        #expect(try decides("refund", "refund", "/billing/T-1042") == false)
        #expect(try decides("erase", "ticket", "/billing/T-1042") == false)
    }

    private func checkWidening(_ desk: Desk, parent: String, child: String) throws {
        func hand(_ fields: [(String, String)]) throws -> HTTPAnswer {
            try desk.delegate(parent, from: "orchestrator", to: "support", fields)
        }
        try expectRefusal(
            try hand([
                ("scope", "refunds:issue"),
                (
                    "authorization_details",
                    #"[{"type":"refund","identifier":"/billing","amount":{"amount":"150.00","currency":"EUR"}}]"#
                ),
            ]), "invalid_authorization_details")
        try expectRefusal(try hand([("scope", "tickets:read tickets:erase")]), "invalid_scope")
        try expectRefusal(try hand([("resource", "knowledge")]), "invalid_target")
        try expectRefusal(
            try desk.token(as: try desk.agent("support"), [("resource", "tickets"), ("scope", "tickets:admin")]),
            "invalid_scope")
        // A stolen token is worth nothing to another agent at the broker.
        try expectRefusal(
            try desk.delegate(child, from: "research", to: "support", [("scope", "tickets:read")]), "invalid_request")
    }

    private func checkLeaving(_ desk: Desk, parent: String, child: String) throws {
        let late = try desk.delegate(parent, from: "orchestrator", to: "support", [("scope", "tickets:read")])
        let lateTicket = try #require(late["access_token"], "\(late)")
        let left = try desk.change(
            "POST", "/api/v1/owners/owner:support-lead/leave", .object(["reason": .string("left the company")]))
        #expect(left.object["offboarded"]?.stringArrayValue?.sorted() == ["agent:orchestrator", "agent:support"])

        #expect(try desk.introspect(parent).text == #"{"active":false}"#)
        #expect(try desk.introspect(child).text == #"{"active":false}"#)
        #expect(
            try desk.evaluate(child, "reply", "ticket", "/billing/T-1042").object["decision"]?.boolValue == false)
        for name in ["orchestrator", "support"] {
            try expectRefusal(try desk.token(as: try desk.agent(name), [("resource", "tickets")]), "invalid_client")
        }
        try expectRefusal(try desk.redeem(lateTicket, as: "support"), "invalid_client")
        try expectRefusal(
            try desk.delegate(parent, from: "orchestrator", to: "support", [("scope", "tickets:read")]),
            "invalid_client")
        // The name is taken for good.
        let again = try desk.call(
            "POST", "/api/v1/agents",
            .object([
                "id": .string("agent:support"), "name": .string("Another"), "owner": .string("owner:knowledge-lead"),
                "kind": .string("worker"), "purpose": .string("To be taken for the first"),
            ]))
        #expect(again.status == 409, "\(again)")
        // Nobody else was touched.
        _ = try desk.mint("research", [("resource", "knowledge"), ("scope", "articles:read")])
    }
}

/// Expects an OAuth error answer (RFC 6749 §5.2) with that code.
func expectRefusal(
    _ answer: HTTPAnswer, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(answer["error"] == code, "\(answer)", sourceLocation: sourceLocation)
    #expect((400..<500).contains(answer.status), "\(answer)", sourceLocation: sourceLocation)
    #expect(answer["access_token"] == nil, sourceLocation: sourceLocation)
}
