internal import MayflyCrypto
internal import MayflyModel
internal import Synchronization
internal import Testing

/// What was revoked stays dead, also when the clock stands still and when a token is being minted at the time.
struct RevocationTests {
    /// A revocation request, and which of the tokens of `Tokens` it ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ends: Set<String>
        let body: @Sendable (Tokens) -> String
        var testDescription: String { name }

        init(_ name: String, _ ends: Set<String>, _ body: @escaping @Sendable (Tokens) -> String) {
            (self.name, self.ends, self.body) = (name, ends, body)
        }
    }

    /// A root token, a child below it, a leaf below that, and another root token of another agent.
    struct Tokens: Sendable {
        let byName: [(name: String, token: String)]
        let ids: [String: String]

        init(_ world: World) throws {
            let root = try world.minted(
                "agent:root",
                [("resource", "tickets"), ("task", "t-1"), ("trace", "0af7651916cd43dd8448eb211c80319c")])
            let child = try world.delegated(from: "agent:root", parent: root, to: "agent:child")
            let leaf = try world.delegated(from: "agent:child", parent: child, to: "agent:leaf")
            let other = try world.minted("agent:other")
            let mail = try world.minted("agent:root", [("resource", "mail")])
            byName = [("root", root), ("child", child), ("leaf", leaf), ("other", other), ("mail", mail)]
            var ids: [String: String] = [:]
            for (name, token) in byName { ids[name] = try world.introspect(token).string("jti") }
            self.ids = ids
        }

        func alive(in world: World) throws -> Set<String> {
            Set(try byName.filter { try world.isActive($0.token) }.map(\.name))
        }
    }

    static let all: Set<String> = ["root", "child", "leaf", "other", "mail"]

    static let cases = [
        Case("token of the root", ["root", "child", "leaf"]) { #"{"token":"\#($0.ids["root"] ?? "")"}"# },
        Case("token in the middle", ["child", "leaf"]) { #"{"token":"\#($0.ids["child"] ?? "")"}"# },
        Case("token of the leaf", ["leaf"]) { #"{"token":"\#($0.ids["leaf"] ?? "")"}"# },
        Case("task", ["root", "child", "leaf"]) { _ in #"{"task":"t-1"}"# },
        Case("trace", ["root", "child", "leaf"]) { _ in #"{"trace":"0af7651916cd43dd8448eb211c80319c"}"# },
        Case("agent at the top", ["root", "child", "leaf", "mail"]) { _ in #"{"agent":"agent:root"}"# },
        Case("agent in the middle", ["child", "leaf"]) { _ in #"{"agent":"agent:child"}"# },
        Case("owner of the top", ["root", "child", "leaf", "mail"]) { _ in #"{"owner":"owner:ann"}"# },
        Case("owner of the leaf", ["leaf", "other"]) { _ in #"{"owner":"owner:bob"}"# },
        Case("role", all) { _ in #"{"role":"role:reader"}"# },
        Case("resource", ["root", "child", "leaf", "other"]) { _ in #"{"resource":"tickets"}"# },
        Case("everything", all) { _ in #"{"everything":true}"# },
    ]

    @Test(arguments: cases)
    func revocationEndsWhatItNamesAndNothingElse(_ each: Case) throws {
        let world = try World()
        let tokens = try Tokens(world)
        #expect(try tokens.alive(in: world) == Self.all)
        #expect(try world.revoke(each.body(tokens)).status == 200)
        #expect(try tokens.alive(in: world) == Self.all.subtracting(each.ends))
        let again = try World(restarting: world)
        #expect(try tokens.alive(in: again) == Self.all.subtracting(each.ends))
    }

    /// The revocation is decided first, the minting second, in one commit, after the minting had read the state.
    @Test(arguments: cases)
    func nothingMintedAcrossARevocationSurvives(_ each: Case) throws {
        let world = try World()
        let tokens = try Tokens(world)
        let parents = Dictionary(uniqueKeysWithValues: tokens.byName.map { ($0.name, $0.token) })
        let ticket = try world.ticket("agent:root", parent: parents["root"] ?? "", for: "agent:child").accessToken
        let adminToken = try world.adminToken()
        world.store.hold()
        // Something to hold the writer with.
        let held = try world.begin("/oauth2/introspect", as: "admin:ops", [("token", "x")])
        world.store.awaitHeld()
        let revoked = try world.beginAdmin("POST", "/api/v1/revocations", each.body(tokens), token: adminToken)
        let redeemed = try world.begin("/oauth2/token", as: "agent:child", World.redeemForm(ticket))
        let onward = try world.begin(
            "/oauth2/token", as: "agent:child", World.ticketForm(parents["child"] ?? "", "agent:leaf"))
        let own = try world.begin(
            "/oauth2/token", as: "agent:root",
            [("grant_type", "client_credentials"), ("resource", "tickets"), ("task", "t-1")])
        world.store.release()
        _ = held.wait()
        #expect(revoked.wait().status == 200)
        let (taken, passed, fresh) = (redeemed.wait(), onward.wait(), own.wait())
        if each.ends.contains("root") {
            #expect(taken.error == "invalid_grant", "\(taken.text)")
        }
        if each.ends.contains("child") {
            #expect(passed.error == "invalid_grant", "\(passed.text)")
        }
        if each.ends.contains("mail") || ["task", "resource"].contains(each.name) {
            #expect(fresh.error == "invalid_grant", "\(fresh.text)")
        }
    }

    @Test func ticketRevokedWhileItIsRedeemedGivesNothing() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        world.store.hold()
        let held = try world.begin("/oauth2/introspect", as: "admin:ops", [("token", "x")])
        world.store.awaitHeld()
        let revoked = try world.begin("/oauth2/revoke", as: "agent:root", [("token", ticket)])
        let redeemed = try world.begin("/oauth2/token", as: "agent:child", World.redeemForm(ticket))
        world.store.release()
        _ = held.wait()
        #expect(revoked.wait().status == 200)
        #expect(redeemed.wait().status == 400)
    }

    @Test func revokingATicketEndsWhatItBecame() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        let child = try world.redeem("agent:child", ticket: ticket).accessToken
        let leaf = try world.delegated(from: "agent:child", parent: child, to: "agent:leaf")
        #expect(try world.isActive(leaf))
        #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", ticket)]).status == 200)
        #expect(try world.isActive(child) == false)
        #expect(try world.isActive(leaf) == false)
        #expect(try world.isActive(root))
    }

    @Test func freshTokensAreGoodAfterARevocationInTheSameSecond() throws {
        let world = try World()
        for body in [
            #"{"agent":"agent:root"}"#, #"{"owner":"owner:ann"}"#, #"{"role":"role:reader"}"#,
            #"{"resource":"tickets"}"#, #"{"everything":true}"#,
        ] {
            let old = try world.minted("agent:root")
            #expect(try world.revoke(body).status == 200)
            let new = try world.minted("agent:root")
            #expect(try world.isActive(old) == false)
            #expect(try world.isActive(new))
        }
    }

    @Test func eightWritersAndReadersNeverSeeARevokedTokenAlive() throws {
        let world = try World()
        let tokens = Mutex<[String]>([])
        let faults = concurrently(8) { index -> Int in
            var faults = 0
            for _ in 0..<12 {
                if index == 0 {
                    if (try? world.revoke(#"{"agent":"agent:root"}"#).status) != 200 { faults += 1 }
                    continue
                }
                guard let token = try? world.token("agent:root", [("resource", "tickets")]).accessToken,
                    !token.isEmpty
                else { continue }
                tokens.withLock { $0.append(token) }
                // Once dead, always dead.
                let first = try? world.isActive(token)
                let second = try? world.isActive(token)
                if first == false, second == true { faults += 1 }
            }
            return faults
        }
        #expect(faults.allSatisfy { $0 == 0 })
        let before = tokens.withLock { $0 }
        #expect(!before.isEmpty)
        #expect(try world.revoke(#"{"agent":"agent:root"}"#).status == 200)
        for token in before { #expect(try world.isActive(token) == false) }
    }

    @Test(arguments: [
        #"{"token":"AAAAAAAAAAAAAAAAAAAAAA"}"#, #"{"task":"nothing"}"#,
        #"{"trace":"00000000000000000000000000000001"}"#, #"{"agent":"agent:nobody"}"#, #"{"owner":"owner:nobody"}"#,
        #"{"role":"role:nobody"}"#, #"{"resource":"nothing"}"#,
    ])
    func revokingNothingIsAnError(_ body: String) throws {
        #expect(try World.shared().revoke(body).status == 404)
    }

    @Test(arguments: [
        "{}", #"{"everything":false}"#, #"{"everything":"true"}"#, #"{"agent":"agent:root","task":"t"}"#,
        #"{"agents":"agent:root"}"#, #"{"agent":5}"#, #"{"agent":"root"}"#, "[]", "", #"{"everything":true,"x":1}"#,
    ])
    func unclearRevocationsAreRefused(_ body: String) throws {
        #expect(try World.shared().revoke(body).status == 400)
    }

    // MARK: Lives of agents and owners

    @Test func suspensionKillsAndResumingDoesNotRevive() throws {
        let world = try World()
        let tokens = try Tokens(world)
        let ticket = try world.ticket("agent:root", parent: tokens.byName[0].token, for: "agent:child").accessToken
        #expect(try world.admin("POST", "/api/v1/agents/root/suspend").status == 200)
        #expect(try tokens.alive(in: world) == ["other"])
        #expect(try world.token("agent:root").error == "invalid_client")
        #expect(try world.redeem("agent:child", ticket: ticket).error == "invalid_request")
        #expect(try world.admin("POST", "/api/v1/agents/root/resume").status == 200)
        #expect(try tokens.alive(in: world) == ["other"])
        #expect(try world.redeem("agent:child", ticket: ticket).error == "invalid_request")
        #expect(try world.isActive(try world.minted("agent:root")))
    }

    @Test func offboardedNameIsNeverGivenAgain() throws {
        let world = try World()
        let tokens = try Tokens(world)
        let code = try world.code("agent:child")
        #expect(try world.admin("POST", "/api/v1/agents/child/offboard", #"{"reason":"gone"}"#).status == 200)
        #expect(try tokens.alive(in: world) == ["root", "other", "mail"])
        #expect(try world.token("agent:child").error == "invalid_client")
        for isRestarted in [false, true] {
            let current = isRestarted ? try World(restarting: world) : world
            let spec = #"{"id":"agent:child","purpose":"p","owner":"owner:ann"}"#
            #expect(try current.admin("POST", "/api/v1/agents", spec).status == 409)
            #expect(try current.admin("POST", "/api/v1/apply", #"{"agents":[\#(spec)]}"#).status == 409)
            #expect(try current.admin("POST", "/api/v1/agents/child/resume").status == 409)
            #expect(try current.admin("POST", "/api/v1/agents/child/enrolment-codes").status == 409)
            let key = try PrivateKey.generate(.es256)
            let proof = try current.proof("agent:child", nonce: World.nonce(code), key: key)
            #expect(try current.sendProof(code, proof).status == 400)
            #expect(try tokens.alive(in: current) == ["root", "other", "mail"])
        }
    }

    @Test func leavingOwnerTakesItsAgentsAlong() throws {
        let world = try World()
        let tokens = try Tokens(world)
        let left = try world.admin("POST", "/api/v1/owners/ann/leave")
        #expect(left["offboarded"] == .array([.string("agent:child"), .string("agent:root")]))
        #expect(try tokens.alive(in: world) == ["other"])
        #expect(try world.token("agent:root").error == "invalid_client")
        #expect(try world.admin("POST", "/api/v1/owners/ann/leave").status == 409)
    }

    @Test func heirKeepsTheAgentsButNotTheirTokens() throws {
        let world = try World()
        let tokens = try Tokens(world)
        #expect(try world.change("/api/v1/owners/ann") { $0["delegate"] = .string("owner:bob") }.status == 200)
        #expect(try tokens.alive(in: world) == Self.all)
        let left = try world.admin("POST", "/api/v1/owners/ann/leave")
        #expect(left["inherited"] == .array([.string("agent:child"), .string("agent:root")]))
        #expect(try tokens.alive(in: world) == ["other"])
        #expect(try world.isActive(try world.minted("agent:root")))
        #expect(try world.admin("GET", "/api/v1/agents/root").string("owner") == "owner:bob")
    }

    @Test func heirWhoLeftInheritsNothing() throws {
        let world = try World()
        _ = try world.change("/api/v1/owners/ann") { $0["delegate"] = .string("owner:bob") }
        #expect(try world.admin("POST", "/api/v1/owners/bob/leave").status == 200)
        #expect(try world.admin("POST", "/api/v1/owners/ann/leave")["inherited"] == .array([]))
        #expect(try world.token("agent:root").error == "invalid_client")
    }

    // MARK: RFC 7009

    @Test func holderAndAncestorsRevokeOthersDoNot() throws {
        let world = try World()
        let tokens = try Tokens(world)
        let leaf = tokens.byName[2].token
        #expect(try world.post("/oauth2/revoke", as: "agent:other", [("token", leaf)]).error == "unauthorized_client")
        #expect(try world.post("/oauth2/revoke", as: "agent:leaf", [("token", tokens.byName[1].token)]).status == 400)
        #expect(try tokens.alive(in: world) == Self.all)
        #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", leaf)]).status == 200)
        #expect(try tokens.alive(in: world) == Self.all.subtracting(["leaf"]))
        #expect(
            try world.post(
                "/oauth2/revoke", as: "agent:root",
                [("token", tokens.byName[0].token), ("token_type_hint", "nonsense")]
            ).status == 200)
        #expect(try tokens.alive(in: world) == ["other", "mail"])
    }

    @Test func revokingWhatIsNotAliveSucceedsWithoutEffect() throws {
        let world = try World()
        let token = try world.minted("agent:root")
        for text in ["x", "a.b.c", token + "A", String(repeating: "x", count: 9000)] {
            #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", text)]).status == 200)
        }
        #expect(try world.isActive(token))
        #expect(try world.post("/oauth2/revoke", as: "agent:root", []).error == "invalid_request")
        #expect(try world.post("/oauth2/revoke", as: nil, [("token", token)]).error == "invalid_client")
        #expect(try world.isActive(token))
    }

    // MARK: Changes of the registry

    typealias Edit = @Sendable (inout JSONObject) -> Void

    struct Change: Sendable, CustomTestStringConvertible {
        let name: String
        let path: String
        let kills: Bool
        let edit: Edit
        var testDescription: String { name }

        init(_ name: String, _ path: String, kills: Bool, _ edit: @escaping Edit) {
            (self.name, self.path, self.kills, self.edit) = (name, path, kills, edit)
        }
    }

    static let changes = [
        Change("role: fewer scopes", "roles/reader", kills: true) { $0["scopes"] = .array([]) },
        Change("role: more scopes", "roles/reader", kills: false) {
            $0["scopes"] = .array([.string("tickets.read"), .string("tickets.admin")])
        },
        Change("role: shorter life", "roles/reader", kills: true) { $0["max_token_life"] = .integer(60) },
        Change("role: longer life", "roles/reader", kills: false) { $0["max_token_life"] = .integer(3600) },
        Change("role: life back to the shorter default", "roles/reader", kills: true) { $0["max_token_life"] = nil },
        Change("role: less depth", "roles/reader", kills: true) { $0["max_depth"] = .integer(1) },
        Change("role: new name", "roles/reader", kills: false) { $0["name"] = .string("Reader") },
        Change("agent: scope denied", "agents/root", kills: true) {
            $0["deny"] = .object(["scopes": .array([.string("tickets.write")])])
        },
        Change("agent: resource denied", "agents/root", kills: true) {
            $0["deny"] = .object(["resources": .array([.string("tickets")])])
        },
        Change("agent: fewer scopes", "agents/root", kills: true) { $0["scopes"] = .array([]) },
        Change("agent: fewer details", "agents/root", kills: true) { $0["authorization_details"] = .array([]) },
        Change("agent: fewer delegates", "agents/root", kills: true) { $0["delegates"] = .array([]) },
        Change("agent: no role", "agents/root", kills: true) { $0["roles"] = .array([]) },
        Change("agent: other owner", "agents/root", kills: true) { $0["owner"] = .string("owner:bob") },
        Change("agent: end date", "agents/root", kills: true) { $0["end_date"] = .string("2030-01-01T00:00:00Z") },
        Change("agent: more scopes", "agents/root", kills: false) {
            $0["scopes"] = .array(
                [.string("tickets.write"), .string("mail.send"), .string("tickets.admin")])
        },
        Change("agent: new purpose", "agents/root", kills: false) { $0["purpose"] = .string("q") },
        Change("resource: fewer scopes", "resources/tickets", kills: true) {
            $0["scopes"] = .array(
                [.string("tickets.read"), .string("tickets.write"), .string("tickets.admin")].dropLast())
            $0["routes"] = .array([])
        },
        Change("resource: no types", "resources/tickets", kills: true) {
            $0["authorization_details_types"] = .array([])
        },
        Change("resource: new title", "resources/tickets", kills: false) { $0["title"] = .string("T") },
    ]

    @Test(arguments: changes)
    func takingRightsAwayKillsAndAddingDoesNot(_ each: Change) throws {
        let world = try World()
        let token = try world.minted("agent:root")
        let answer = try world.change("/api/v1/" + each.path, each.edit)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try world.isActive(token) == !each.kills)
    }

    @Test func recreatedResourceIsAnotherOne() throws {
        let world = try World()
        let spec =
            #"{"name":"extra","identifier":"https://extra.example","scopes":["x"],"authentication":"client_secret_basic"}"#
        #expect(try world.admin("POST", "/api/v1/resources", spec).status == 201)
        let basic = (name: "Authorization", value: Wire.basic("extra", try world.secret(of: "extra")))
        let token = try world.post(
            "/oauth2/token", as: nil, [("grant_type", "client_credentials"), ("scope", "mayfly.introspect")],
            headers: [basic]
        ).accessToken
        let bearer = (name: "Authorization", value: "Bearer \(token)")
        #expect(try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: [bearer]).status == 200)
        let removed = try world.admin(
            "DELETE", "/api/v1/resources/extra", headers: [(name: "If-Match", value: "*")])
        #expect(removed.status == 204)
        #expect(try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: [bearer]).status == 401)
        #expect(try world.admin("POST", "/api/v1/resources", spec).status == 201)
        #expect(try world.post("/oauth2/introspect", as: nil, [("token", "x")], headers: [bearer]).status == 401)
    }
}
