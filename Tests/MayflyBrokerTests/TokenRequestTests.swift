internal import MayflyModel
internal import Testing

/// Parameters of the token endpoint, and the error that each fault gets (RFC 6749 §5.2, RFC 8707, RFC 9396).
struct TokenRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let error: String?
        let form: Form
        var testDescription: String { name }

        init(_ name: String, _ error: String?, _ form: Form) {
            (self.name, self.error, self.form) = (name, error, form)
        }
    }

    static let marker = "zzmarkerzz"

    private static func details(_ text: String) -> Form {
        [("grant_type", "client_credentials"), ("resource", "tickets"), ("authorization_details", text)]
    }

    private static func own(_ form: Form) -> Form { [("grant_type", "client_credentials")] + form }

    static let cases = [
        Case("no grant", "invalid_request", []),
        Case("empty grant", "invalid_request", [("grant_type", "")]),
        Case("grant twice", "invalid_request", own(own([]))),
        Case("unknown grant", "unsupported_grant_type", [("grant_type", marker)]),
        Case("password grant", "unsupported_grant_type", [("grant_type", "password"), ("username", marker)]),
        Case("unknown parameter", nil, own([("resource", "tickets"), (marker, marker)])),
        Case("unknown parameter twice", nil, own([("resource", "tickets"), (marker, "1"), (marker, "2")])),
        Case("empty scope is none", nil, own([("resource", "tickets"), ("scope", "")])),
        Case("scope twice", "invalid_request", own([("scope", "tickets.read"), ("scope", "tickets.read")])),
        Case("scope: not the agent's", "invalid_scope", own([("resource", "tickets"), ("scope", "tickets.admin")])),
        Case("scope: unknown", "invalid_scope", own([("resource", "tickets"), ("scope", marker)])),
        Case("scope: two spaces", "invalid_scope", own([("resource", "tickets"), ("scope", "a  b")])),
        Case("scope: quote", "invalid_scope", own([("resource", "tickets"), ("scope", "a\"b")])),
        Case("scope: not ASCII", "invalid_scope", own([("resource", "tickets"), ("scope", "é")])),
        Case("scope: another resource's", "invalid_scope", own([("resource", "tickets"), ("scope", "mail.send")])),
        Case("resource: by name", nil, own([("resource", "tickets")])),
        Case("resource: by URL", nil, own([("resource", World.tickets)])),
        Case("resource: both", nil, own([("resource", "tickets"), ("audience", World.tickets)])),
        Case("resource: slash added", "invalid_target", own([("resource", World.tickets + "/")])),
        Case("resource: unknown", "invalid_target", own([("resource", "https://\(marker).example")])),
        Case("resource: two", "invalid_target", own([("resource", "tickets"), ("resource", "mail")])),
        Case("resource: not the agent's", "invalid_target", own([("resource", "vault")])),
        Case("resource: told by the scope", nil, own([("scope", "mail.send")])),
        Case("resource: several fit", "invalid_target", own([])),
        Case("resource: no one fits", "invalid_scope", own([("scope", "mail.send tickets.read")])),
        Case("task: bad", "invalid_request", own([("resource", "tickets"), ("task", "a b")])),
        Case(
            "task: long", "invalid_request",
            own([("resource", "tickets"), ("task", String(repeating: "t", count: 129))])),
        Case("trace: bad", "invalid_request", own([("resource", "tickets"), ("trace", marker)])),
        Case(
            "trace: zero", "invalid_request",
            own([("resource", "tickets"), ("trace", String(repeating: "0", count: 32))])),
        Case("lifetime: zero", "invalid_request", own([("resource", "tickets"), ("lifetime", "0")])),
        Case("lifetime: too long", "invalid_request", own([("resource", "tickets"), ("lifetime", "3601")])),
        Case("lifetime: words", "invalid_request", own([("resource", "tickets"), ("lifetime", marker)])),
        Case("details: not JSON", "invalid_authorization_details", details(marker)),
        Case("details: not an array", "invalid_authorization_details", details(#"{"type":"refund"}"#)),
        Case("details: not objects", "invalid_authorization_details", details("[1]")),
        Case("details: no type", "invalid_authorization_details", details(#"[{"queues":["a"]}]"#)),
        Case("details: unknown type", "invalid_authorization_details", details(#"[{"type":"\#(marker)"}]"#)),
        Case(
            "details: unknown member", "invalid_authorization_details", details(#"[{"type":"refund","\#(marker)":1}]"#)),
        Case("details: wrong shape", "invalid_authorization_details", details(#"[{"type":"refund","queues":"a"}]"#)),
        Case("details: empty set", "invalid_authorization_details", details(#"[{"type":"refund","queues":[]}]"#)),
        Case(
            "details: too wide", "invalid_authorization_details",
            details(#"[{"type":"refund","queues":["a","\#(marker)"]}]"#)),
        Case(
            "details: too much", "invalid_authorization_details",
            details(#"[{"type":"refund","amount":{"amount":"100.01","currency":"EUR"}}]"#)),
        Case(
            "details: another currency", "invalid_authorization_details",
            details(#"[{"type":"refund","amount":{"amount":"1","currency":"USD"}}]"#)),
        Case(
            "details: double member", "invalid_authorization_details", details(#"[{"type":"refund","type":"refund"}]"#)),
        Case("details: narrower", nil, details(#"[{"type":"refund","queues":["a"],"read_only":true}]"#)),
        Case("details: left out members", nil, details(#"[{"type":"refund"}]"#)),
        Case("secret in the body", "invalid_client", own([("client_secret", marker)])),
        Case("subject_token without its grant", nil, own([("resource", "tickets"), ("subject_token", marker)])),
    ]

    @Test(arguments: cases)
    func eachFaultHasItsError(_ each: Case) throws {
        let world = try World.shared()
        let answer = try world.post("/oauth2/token", as: "agent:root", each.form)
        #expect(answer.error == each.error, "\(answer.text)")
        let status = each.error == nil ? 200 : each.error == "invalid_client" ? 401 : 400
        #expect(answer.status == status)
        #expect(answer.header("Cache-Control") == "no-store")
        #expect(answer.header("Content-Type") == "application/json")
        guard each.error != nil else { return }
        #expect(!answer.text.contains(Self.marker))
        let description = try #require(answer.string("error_description"))
        #expect(
            description.utf8.allSatisfy {
                $0 == 0x20 || $0 == 0x21 || (0x23...0x5B).contains($0) || (0x5D...0x7E).contains($0)
            })
    }

    @Test func bodyMustBeOneFormWithoutAQuery() throws {
        let world = try World.shared()
        let body = Wire.encode([("grant_type", "client_credentials")])
        for (target, headers) in [
            ("/oauth2/token", [Wire.jsonType]), ("/oauth2/token", []), ("/oauth2/token?grant_type=x", [Wire.formType]),
            ("/oauth2/token", [Wire.formType, Wire.formType]),
        ] {
            #expect(try world.handler.send("POST", target, headers: headers, body: body).error == "invalid_request")
        }
        #expect(try world.handler.send("POST", "/oauth2/token", headers: [Wire.formType], body: "a=%ZZ").status == 400)
        #expect(try world.handler.send("GET", "/oauth2/token").status == 405)
    }

    @Test func clientAuthenticatesByOneMethod() throws {
        let world = try World()
        let basic = (name: "Authorization", value: Wire.basic("tickets", try world.secret(of: "tickets")))
        let form: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.introspect")]
        #expect(try world.post("/oauth2/token", as: nil, form, headers: [basic]).status == 200)
        #expect(try world.post("/oauth2/token", as: "agent:root", form, headers: [basic]).error == "invalid_client")
        #expect(
            try world.post("/oauth2/token", as: nil, form + [("client_id", "mail")], headers: [basic]).error
                == "invalid_client")
        #expect(try world.post("/oauth2/token", as: nil, form).error == "invalid_client")
        #expect(try world.post("/oauth2/token", as: nil, form, headers: [basic, basic]).error == "invalid_client")
        let assertion = ("client_assertion", try world.assertion("agent:root"))
        #expect(try world.post("/oauth2/token", as: nil, form + [assertion]).error == "invalid_client")
        let type = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
        #expect(try world.post("/oauth2/token", as: nil, form + [assertion, type]).error == "invalid_client")
    }

    @Test(arguments: [
        ("tickets", "wrong"), ("nothing", "x"), ("agent:root", "x"), ("admin:ops", "x"), ("vault", ""), ("mail", ""),
    ])
    func wrongSecretIsRefusedAlike(_ name: String, _ secret: String) throws {
        let world = try World.shared()
        let header = (name: "Authorization", value: Wire.basic(Wire.escape(name), secret))
        let form: Form = [("grant_type", "client_credentials"), ("scope", "mayfly.introspect")]
        let answer = try world.post("/oauth2/token", as: nil, form, headers: [header])
        #expect(answer.status == 401)
        #expect(answer.string("error_description") == "the client could not be authenticated")
    }

    @Test func deniedResourceIsNotAChoice() throws {
        let world = try World()
        let edited = try world.change("/api/v1/agents/root") {
            $0["deny"] = .object(["resources": .array([.string("mail")])])
        }
        #expect(edited.status == 200)
        let answer = try world.token("agent:root")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try world.token("agent:root", [("resource", "mail")]).error == "invalid_target")
    }

    @Test func deniedScopeWinsOverRolesAndGrants() throws {
        let world = try World()
        let edited = try world.change("/api/v1/agents/root") {
            $0["deny"] = .object(["scopes": .array([.string("tickets.read"), .string("tickets.write")])])
            $0["authorization_details"] = .array([])
        }
        #expect(edited.status == 200)
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "invalid_scope")
    }

    @Test func lifeIsTheShortestThatAppliesAndEndsWithTheAgent() throws {
        let world = try World()
        #expect(try world.token("agent:root", [("resource", "tickets")])["expires_in"] == .integer(300))
        let long = try world.token("agent:root", [("resource", "tickets"), ("lifetime", "3600")])
        #expect(long["expires_in"] == .integer(600))
        let end = RFC3339.format(world.clock.now().advanced(bySeconds: 50))
        #expect(try world.change("/api/v1/agents/root") { $0["end_date"] = .string(end) }.status == 200)
        let last = try world.token("agent:root", [("resource", "tickets")])
        #expect(last["expires_in"] == .integer(50))
        world.clock.advance(50)
        #expect(try world.isActive(last.accessToken) == false)
        #expect(try world.token("agent:root", [("resource", "tickets")]).error == "invalid_client")
    }

    @Test func brokerTokensNeedTheirScopeNamed() throws {
        let world = try World.shared()
        #expect(try world.token("admin:ops").error == "invalid_scope")
        #expect(try world.token("admin:ops", [("scope", "tickets.read")]).error == "invalid_scope")
        #expect(
            try world.token("admin:ops", [("scope", "mayfly.read"), ("resource", "tickets")]).error == "invalid_target")
        #expect(try world.token("agent:root", [("scope", "mayfly.admin")]).error == "invalid_scope")
        let admin = try world.token("admin:ops", [("scope", "mayfly.read mayfly.admin"), ("resource", World.issuer)])
        #expect(admin["expires_in"] == .integer(60))
    }
}
