internal import MayflyClient
internal import MayflyCrypto
internal import MayflyModel

extension Lane {
    private static let exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let accessToken = "urn:ietf:params:oauth:token-type:access_token"
    private static let ticketType = "urn:ietf:params:oauth:token-type:jwt"

    /// A signed form, ready to be sent, and sent again.
    func form(
        _ event: String, _ task: String, _ fields: [(String, String)], as agent: LaneAgent, to path: String,
        _ effect: SignedForm.Effect
    ) throws -> SignedForm {
        var form = FormBody()
        for (name, value) in fields { form.add(name, value) }
        form.add("client_assertion_type", AssertionMaker.assertionType)
        let credential = AgentCredential(clientID: agent.id, key: agent.key)
        form.add("client_assertion", try client.assertions.assertion(for: credential).compact)
        return SignedForm(
            path: path, body: form.bytes, agent: agent.id, event: event, task: task, effect: effect, made: Self.now())
    }

    /// Sends a form once and answers what came back whole; nil when nothing did.
    func post(_ path: String, _ body: [UInt8], type: String = "application/x-www-form-urlencoded") -> ClientAnswer? {
        try? client.send("POST", path, headers: [(name: "Content-Type", value: type)], body: body)
    }

    /// Sends a form that must succeed, and takes its effect.
    func send(_ form: SignedForm) throws {
        guard let answer = post(form.path, form.body) else {
            cut = .form(form)
            throw Stop.cut
        }
        guard answer.status == 200 else {
            report.broken("\(name): \(form.event) of \(form.agent) answered \(answer.status) \(Self.code(answer))")
            throw Stop.broken
        }
        try take(form, answer)
    }

    func issue() throws {
        guard let agent = agents.randomElement(using: &seed) else { return }
        let task = unique("task")
        try send(
            try form(
                "token.issued", task,
                [
                    ("grant_type", "client_credentials"), ("resource", Site.resource), ("task", task),
                    ("lifetime", "3600"),
                ], as: agent, to: "/oauth2/token", .token(parent: nil, ticket: nil)))
    }

    func makeTicket() throws {
        guard agents.count == 2, let parent = pick(living(heldBy: agents[0].id)) else { return try issue() }
        guard tokens[parent].agents.count < 4 else { return try issue() }
        try send(
            try form(
                "ticket.issued", tokens[parent].task,
                [
                    ("grant_type", Self.exchange), ("subject_token", tokens[parent].text),
                    ("subject_token_type", Self.accessToken), ("requested_token_type", Self.ticketType),
                    ("delegate", agents[1].id),
                ], as: agents[0], to: "/oauth2/token", .ticket(parent: parent, delegate: agents[1].id)))
    }

    /// A ticket that must still be worth something.
    private var freshTicket: Int? {
        let oldest = Self.now() - 15
        return tickets.indices.suffix(50).last {
            !tickets[$0].isUsed && tickets[$0].made >= oldest && !tokens[tickets[$0].parent].isDead
                && agent(tickets[$0].delegate) != nil
        }
    }

    func redeem() throws {
        guard let index = freshTicket, let delegate = agent(tickets[index].delegate) else { return try makeTicket() }
        let parent = tickets[index].parent
        try send(
            try redemption(of: index, as: delegate, .token(parent: parent, ticket: index)))
    }

    func redemption(of ticket: Int, as delegate: LaneAgent, _ effect: SignedForm.Effect) throws -> SignedForm {
        try form(
            "token.delegated", tokens[tickets[ticket].parent].task,
            [
                ("grant_type", Self.exchange), ("subject_token", tickets[ticket].text),
                ("subject_token_type", Self.ticketType),
            ], as: delegate, to: "/oauth2/token", effect)
    }

    func exchangeDirectly() throws {
        guard agents.count == 2, let parent = pick(living(heldBy: agents[0].id)) else { return try issue() }
        guard tokens[parent].agents.count < 4 else { return try issue() }
        try send(
            try form(
                "token.delegated", tokens[parent].task,
                [
                    ("grant_type", Self.exchange), ("subject_token", tokens[parent].text),
                    ("subject_token_type", Self.accessToken), ("requested_token_type", Self.accessToken),
                ], as: agents[1], to: "/oauth2/token", .token(parent: parent, ticket: nil)))
    }

    func revokeOwn() throws {
        guard let agent = agents.randomElement(using: &seed), let index = pick(living(heldBy: agent.id)) else {
            return try issue()
        }
        try send(
            try form(
                "revoked", tokens[index].task, [("token", tokens[index].text)], as: agent, to: "/oauth2/revoke",
                .revocation(token: index)))
        try introspect(index)
    }

    /// Asks about a token, and compares with what must be true.
    func introspect(_ index: Int) throws {
        let answer: JSONObject
        do {
            answer = try client.introspection(of: tokens[index].text, as: site.asker)
        } catch {
            throw stop(error, .question, "introspection")
        }
        report.count("introspections under load")
        if answer["active"]?.boolValue == tokens[index].isDead {
            report.broken("\(name): \(tokens[index].id) is \(tokens[index].isDead ? "alive" : "dead") under load")
        }
    }

    func introspectAny() throws {
        guard let index = pick(Array(tokens.indices.suffix(100))), tokens[index].expires > Self.now() + 60 else {
            return try issue()
        }
        try introspect(index)
    }

    func evaluate() throws {
        guard let agent = agents.randomElement(using: &seed), let index = pick(living(heldBy: agent.id)) else {
            return try issue()
        }
        let question = ActionRequest(action: "use", resourceType: "thing", resourceID: "1")
        let answer: JSONObject
        do {
            answer = try client.decision(question, token: tokens[index].text, as: site.asker)
        } catch {
            throw stop(error, .question, "evaluation")
        }
        report.expect(answer["decision"]?.boolValue == true, "\(name): a living token was denied")
        countDecision(tokens[index].task)
        report.count("decisions answered")
    }

    /// What an error means: a refusal where none was due, or the broker's end.
    func stop(_ error: any Error, _ cut: Cut, _ what: String) -> Stop {
        if case .refused(let refusal)? = error as? ClientError {
            report.broken("\(name): \(what) answered \(refusal.status) \(refusal.code)")
            return .broken
        }
        self.cut = cut
        return .cut
    }

    static func code(_ answer: ClientAnswer) -> String {
        let object = try? JSONParser.parseObject(answer.body)
        return object?["error"]?.stringValue ?? object?["type"]?.stringValue ?? "-"
    }
}
