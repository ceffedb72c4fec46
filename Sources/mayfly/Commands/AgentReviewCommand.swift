import MayflyModel

/// `mayfly agent review`: least privilege from what was really used.
enum AgentReviewCommand: CommandLineCommand {
    static let name = "agent review"
    static let summary = "Show what an agent was allowed, what it used, and what it could lose"
    static let details = """
        Looks at the ledger of the time that --since names. --patch prints the agent's registration without what it
        did not use, for mayfly apply; a scope that a role gives is denied to this agent, since the role may serve
        others. A scope counts as used when an action took it; at a resource that asks about no action, when a token
        had it.
        """
    static let positionals = [Positional("NAME", "the agent, with or without agent:")]
    static let options =
        Connection.adminOptions + [
            Option.value("since", "TIME", "from this time on: RFC 3339, or 24h, 30d ago (default 30d)"),
            Option.flag("patch", "print the narrower registration, for mayfly apply"),
        ]
    static let examples = [
        "mayfly agent review support --since 30d --dir ./broker",
        "mayfly agent review support --patch --dir ./broker > narrower.yaml",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("agents", "NAME", AgentID.self)
        let since = try LedgerOptions.time(call.value("since") ?? "30d", "since", call)
        let agent = try admin.get(path)
        var roles: [JSONObject] = []
        for role in agent["roles"]?.stringArrayValue ?? [] { roles.append(try admin.get("/api/v1/roles/\(role)")) }
        var review = AgentReview(
            agent: agent, roles: roles, resources: try admin.list("/api/v1/resources", "resources"))
        let entries = try count(into: &review, admin, agent: id, since: since)
        if call.flag("patch") {
            guard let narrower = review.narrower else {
                Terminal.complain("\(id) used everything; there is nothing to take away")
                return
            }
            return Terminal.say(JSONText.indented(.object(narrower)))
        }
        let quotas = try QuotaOutput.uses(of: id.text, admin)
        if call.isJSON {
            var object = json(review, id, since, entries)
            object["quotas"] = .array(quotas.map { .object($0) })
            return Terminal.say(JSONText.object(object))
        }
        if !quotas.isEmpty {
            for line in QuotaOutput.lines(quotas) { Terminal.say(line) }
            Terminal.say("")
        }
        show(review, id, since, entries)
    }

    private static func count(
        into review: inout AgentReview, _ admin: AdminCall, agent: AgentID, since: String
    ) throws(CommandError) -> Int {
        var cursor: String?
        var entries = 0
        repeat {
            let page = try admin.get(
                "/api/v1/ledger",
                query: [("agent", agent.text), ("since", since), ("limit", "500"), ("cursor", cursor)])
            for element in page["entries"]?.arrayValue ?? [] {
                guard let entry = element.objectValue?["entry"]?.objectValue else { continue }
                review.take(entry)
                entries += 1
            }
            cursor = page["next_cursor"]?.stringValue
        } while cursor != nil
        return entries
    }

    private static func show(_ review: AgentReview, _ id: AgentID, _ since: String, _ entries: Int) {
        let rows = review.scopes.map { scope in
            [
                scope.resource, scope.name, scope.isOwn ? "own" : scope.roles.joined(separator: " "),
                String(scope.minted), String(scope.used),
            ]
        }
        for line in Table.lines(["RESOURCE", "SCOPE", "FROM", "TOKENS", "ACTIONS"], rows) { Terminal.say(line) }
        Terminal.say("")
        let lifecycle = review.agent["lifecycle"]?.objectValue
        let due = lifecycle?["review_due"]?.stringValue ?? "not set"
        let standing = lifecycle?["review"]?.stringValue ?? ""
        let pairs = [
            ("since", since), ("entries", String(entries)), ("refused tokens", String(review.refused)),
            ("denied actions", String(review.denied)),
            ("last review", lifecycle?["reviewed"]?.stringValue ?? review.agent["last_review"]?.stringValue ?? "none"),
            ("next review", standing.isEmpty ? due : "\(due) (\(standing))"),
            ("end date", review.agent["end_date"]?.stringValue ?? "not set"),
            ("could lose scopes", review.idleScopes.map { "\($0.name) at \($0.resource)" }.joined(separator: ", ")),
            ("could lose resources", review.idleResources.joined(separator: ", ")),
            ("could lose delegates", review.idleDelegates.joined(separator: ", ")),
        ]
        for line in Table.pairs(pairs) { Terminal.say(line) }
        if review.narrower != nil {
            Terminal.say("next: mayfly agent review \(id.name) --patch > narrower.yaml; mayfly apply -f narrower.yaml")
        }
        if standing == "due" || standing == "overdue" {
            Terminal.say("then: mayfly agent reviewed \(id.name) --reason \"…\"")
        }
    }

    private static func json(
        _ review: AgentReview, _ id: AgentID, _ since: String, _ entries: Int
    ) -> JSONObject {
        var object: JSONObject = [
            "agent": .string(id.text), "since": .string(since), "entries": .integer(Int64(entries)),
            "scopes": .array(
                review.scopes.map { scope in
                    .object([
                        "resource": .string(scope.resource), "scope": .string(scope.name), "own": .bool(scope.isOwn),
                        "roles": .array(scope.roles.map { .string($0) }), "tokens": .integer(Int64(scope.minted)),
                        "actions": .integer(Int64(scope.used)),
                    ])
                }),
            "refused": .integer(Int64(review.refused)), "denied": .integer(Int64(review.denied)),
            "could_lose": .object([
                "scopes": .array(review.idleScopes.map { .string("\($0.resource) \($0.name)") }),
                "resources": .array(review.idleResources.map { .string($0) }),
                "delegates": .array(review.idleDelegates.map { .string($0) }),
            ]),
        ]
        object["lifecycle"] = review.agent["lifecycle"]
        object["end_date"] = review.agent["end_date"]
        return object
    }
}
