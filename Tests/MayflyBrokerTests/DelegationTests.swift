internal import MayflyModel
internal import Testing

/// Tickets, direct exchange, and what comes of them.
struct DelegationTests {
    private func claims(_ world: World, _ token: String) throws -> JSONObject {
        let answer = try world.introspect(token)
        #expect(answer["active"] == .bool(true), "\(answer.text)")
        return answer.json
    }

    @Test func redeemedTicketKeepsTheRootAndNamesEachActor() throws {
        let world = try World()
        let root = try world.minted("agent:root", [("resource", "tickets"), ("task", "t"), ("lifetime", "100")])
        let child = try world.delegated(from: "agent:root", parent: root, to: "agent:child")
        world.clock.advance(30)
        let leaf = try world.delegated(from: "agent:child", parent: child, to: "agent:leaf")
        let (first, last) = (try claims(world, root), try claims(world, leaf))
        #expect(last["sub"] == .string("agent:root"))
        #expect(last["client_id"] == .string("agent:leaf"))
        #expect(
            last["act"]
                == .object(["sub": .string("agent:leaf"), "act": .object(["sub": .string("agent:child")])]))
        #expect(last["exp"] == first["exp"])
        #expect(last["txn"] == first["txn"])
        #expect(last["mayfly"] == .object(["task": .string("t")]))
        #expect(last["scope"] == .string("tickets.read"))
        #expect(first["act"] == nil)
    }

    @Test func ticketIsGoodOnce() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child")
        #expect(ticket.string("issued_token_type") == World.jwtType)
        #expect(ticket.string("token_type") == "N_A")
        #expect(try world.redeem("agent:child", ticket: ticket.accessToken).status == 200)
        #expect(try world.redeem("agent:child", ticket: ticket.accessToken).error == "invalid_request")
        let again = try World(restarting: world)
        #expect(try again.redeem("agent:child", ticket: ticket.accessToken).error == "invalid_request")
    }

    @Test func ticketRedeemedEightTimesAtOnceSucceedsOnce() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        for _ in 0..<8 {
            let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
            let statuses = concurrently(8) { _ in (try? world.redeem("agent:child", ticket: ticket).status) ?? 0 }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 400 }.count == 7)
        }
    }

    @Test func ticketIsForOneRedeemer() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        for wrong in ["agent:other", "agent:root", "agent:leaf"] {
            #expect(try world.redeem(wrong, ticket: ticket).error == "invalid_request")
        }
        #expect(try world.redeem("agent:child", ticket: ticket).status == 200)
    }

    @Test func ticketLivesAMinuteAndNeverPastItsParent() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child")
        #expect(ticket["expires_in"] == .integer(60))
        world.clock.advance(60)
        #expect(try world.redeem("agent:child", ticket: ticket.accessToken).error == "invalid_request")
        let brief = try world.minted("agent:root", [("resource", "tickets"), ("lifetime", "20")])
        #expect(try world.ticket("agent:root", parent: brief, for: "agent:child")["expires_in"] == .integer(20))
    }

    @Test func ticketNeedsAHolderAndADelegateOfTheToken() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let narrow = try world.minted("agent:root", [("resource", "tickets"), ("delegates", "agent:other")])
        let none = try world.minted("agent:root", [("resource", "tickets"), ("delegates", "none")])
        #expect(try world.ticket("agent:child", parent: root, for: "agent:leaf").error == "invalid_request")
        #expect(try world.ticket("agent:root", parent: root, for: "agent:leaf").error == "invalid_target")
        #expect(try world.ticket("agent:root", parent: root, for: "agent:nobody").error == "invalid_target")
        #expect(try world.ticket("agent:root", parent: root, for: "root").error == "invalid_request")
        #expect(try world.ticket("agent:root", parent: narrow, for: "agent:child").error == "invalid_target")
        #expect(try world.ticket("agent:root", parent: narrow, for: "agent:other").status == 200)
        #expect(try world.ticket("agent:root", parent: none, for: "agent:other").error == "invalid_target")
        #expect(
            try world.token("agent:root", [("resource", "tickets"), ("delegates", "agent:leaf")]).error
                == "invalid_request")
    }

    @Test(arguments: ["suspend", "offboard"], ["agent:root", "agent:child"])
    func ticketDiesWithItsHolderAndItsRedeemer(_ step: String, _ who: String) throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        #expect(try world.admin("POST", "/api/v1/agents/\(who)/\(step)").status == 200)
        #expect(try world.redeem("agent:child", ticket: ticket).status != 200)
    }

    @Test func ticketDiesWithItsParent() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let ticket = try world.ticket("agent:root", parent: root, for: "agent:child").accessToken
        #expect(try world.post("/oauth2/revoke", as: "agent:root", [("token", root)]).status == 200)
        #expect(try world.redeem("agent:child", ticket: ticket).error == "invalid_request")
    }

    // MARK: Direct exchange

    private func direct(_ token: String, _ more: Form = []) -> Form {
        [
            ("grant_type", World.exchange), ("subject_token", token), ("subject_token_type", World.accessTokenType),
        ] + more
    }

    @Test func tokenIsExchangedOnlyByWhomItNames() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        #expect(try world.post("/oauth2/token", as: "agent:child", direct(root)).status == 200)
        for thief in ["agent:leaf", "agent:root"] {
            #expect(try world.post("/oauth2/token", as: thief, direct(root)).error == "invalid_request")
        }
        let closed = try world.minted("agent:root", [("resource", "tickets"), ("delegates", "none")])
        for anyone in ["agent:child", "agent:other", "agent:leaf", "agent:root"] {
            #expect(try world.post("/oauth2/token", as: anyone, direct(closed)).error == "invalid_request")
        }
    }

    @Test func actorTokenMustBeTheClientsOwn() throws {
        let world = try World()
        let (root, child) = (try world.minted("agent:root"), try world.minted("agent:child"))
        let type = ("actor_token_type", World.accessTokenType)
        let form = direct(root)
        #expect(
            try world.post("/oauth2/token", as: "agent:child", form + [("actor_token", child), type]).status == 200)
        for wrong in [root, try world.minted("agent:other"), "x", child + "A"] {
            let answer = try world.post("/oauth2/token", as: "agent:child", form + [("actor_token", wrong), type])
            #expect(answer.error == "invalid_request")
        }
        #expect(try world.post("/oauth2/token", as: "agent:child", form + [("actor_token", child)]).status == 400)
        #expect(try world.post("/oauth2/token", as: "agent:child", form + [type]).status == 400)
    }

    /// Dropping or emptying a parameter of an exchange never makes it another grant.
    @Test(arguments: ["subject_token", "subject_token_type", "grant_type", "requested_token_type", "delegate"])
    func incompleteExchangeIsRefused(_ name: String) throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let full = World.ticketForm(root, "agent:child")
        let dropped = full.filter { $0.0 != name }
        let emptied = full.map { $0.0 == name ? ($0.0, "") : $0 }
        let twice = full + full.filter { $0.0 == name }
        for form in [dropped, emptied, twice] {
            let answer = try world.post("/oauth2/token", as: "agent:root", form)
            #expect(answer.status == 400)
            #expect(answer.error == "invalid_request")
            #expect(answer["access_token"] == nil)
        }
    }

    @Test func taskAndResourceBelongToTheParent() throws {
        let world = try World()
        let root = try world.minted("agent:root", [("resource", "tickets"), ("task", "t")])
        let form = direct(root)
        #expect(try world.post("/oauth2/token", as: "agent:child", form + [("task", "u")]).error == "invalid_request")
        #expect(try world.post("/oauth2/token", as: "agent:child", form + [("task", "t")]).status == 200)
        #expect(
            try world.post("/oauth2/token", as: "agent:child", form + [("resource", "mail")]).error == "invalid_target")
        #expect(
            try world.post("/oauth2/token", as: "agent:child", form + [("audience", World.tickets)]).status == 200)
    }

    @Test func delegateNeverGetsMoreThanEitherSideHas() throws {
        let world = try World()
        let root = try world.minted("agent:root")
        let form = direct(root)
        // The child may have tickets.admin, the root may not; the root has a refund, the child has none.
        let all = try world.post("/oauth2/token", as: "agent:child", form)
        #expect(all.string("scope") == "tickets.read tickets.write")
        #expect(all["authorization_details"] == nil)
        let wide = try world.post("/oauth2/token", as: "agent:child", form + [("scope", "tickets.admin")])
        #expect(wide.error == "invalid_scope")
        let refund = try world.post(
            "/oauth2/token", as: "agent:child", form + [("authorization_details", #"[{"type":"refund"}]"#)])
        #expect(refund.error == "invalid_authorization_details")
        let narrow = try world.minted("agent:root", [("resource", "tickets"), ("scope", "tickets.read")])
        let below = try world.post("/oauth2/token", as: "agent:child", direct(narrow))
        #expect(below.string("scope") == "tickets.read")
        let above = try world.post("/oauth2/token", as: "agent:child", direct(narrow, [("scope", "tickets.write")]))
        #expect(above.error == "invalid_scope")
    }

    @Test func chainStopsAtTheDepthOfItsRoles() throws {
        let world = try World()
        #expect(try world.change("/api/v1/roles/reader") { $0["max_depth"] = .integer(1) }.status == 200)
        let root = try world.minted("agent:root")
        let child = try world.delegated(from: "agent:root", parent: root, to: "agent:child")
        #expect(try world.ticket("agent:child", parent: child, for: "agent:leaf").error == "invalid_request")
        #expect(try world.post("/oauth2/token", as: "agent:leaf", direct(child)).error == "invalid_request")
        #expect(try world.change("/api/v1/roles/reader") { $0["max_depth"] = .integer(0) }.status == 200)
        let bare = try world.minted("agent:root")
        #expect(try world.ticket("agent:root", parent: bare, for: "agent:child").error == "invalid_request")
    }
}
