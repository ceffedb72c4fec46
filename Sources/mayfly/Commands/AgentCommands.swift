import MayflyBroker
import MayflyClient
import MayflyModel

/// `mayfly agent …`: registered agents.
enum AgentCommands {
    static let all =
        [
            list, show, create, update, AgentReviewCommand.command, AgentReviewedCommand.command,
            AgentBehaviourCommand.command,
        ] + AgentCompositionCommands.all + KeyCommands.agents
        + steps

    private static let name = Positional("NAME", "the agent, with or without agent:")

    private static let specOptions =
        [
            Option.value("owner", "NAME", "the person who answers for it"),
            Option.value("purpose", "TEXT", "what it is for"),
            Option.value("title", "TEXT", "a name for people"),
            Option.value("kind", "KIND", "assistant, agent or worker"),
            Option.value("risk", "RISK", "low, medium, high or critical"),
            Option.list("role", "NAME", "a role that it has; may be repeated"),
            Option.list("resource", "NAME", "a resource that it may use; may be repeated"),
            Option.list("scope", "SCOPE", "a scope that it may get; may be repeated"),
            Option.list("delegate", "ID", "agent:NAME or role:NAME to whom it may delegate; may be repeated"),
            Option.value("review-every", "SPAN", "how often somebody has to review it, for example 90d"),
            Option.value("end-date", "TIME", "RFC 3339; it gets no token from then on"),
        ] + CertificateOptions.registration

    private static let list = Command(
        name: "agent list", summary: "List agents",
        options: Connection.adminOptions + [
            .value("owner", "NAME", "only this owner's"),
            .value("state", "STATE", "only pending, active, suspended or offboarded"),
            .value("review", "STANDING", "only ahead, due or overdue"),
        ],
        examples: ["mayfly agent list --dir ./broker --state active"]
    ) { call throws(CommandError) in
        let records = try AdminCall(call).list(
            "/api/v1/agents", "agents",
            query: [
                ("owner", call.value("owner")), ("state", call.value("state")),
                ("review", call.value("review")),
            ])
        RecordOutput.list(
            call.isJSON ? records : records.map(withReview), as: "agents",
            columns: ["id", "state", "owner", "risk", "roles", "last_used", "review"], call)
    }

    /// The record with its review in one member for people: nothing while the date is ahead.
    private static func withReview(_ record: JSONObject) -> JSONObject {
        let lifecycle = record["lifecycle"]?.objectValue
        var shown = record
        guard let review = lifecycle?["review"]?.stringValue, review != ReviewStanding.ahead.rawValue else {
            return shown
        }
        shown["review"] = .string("\(review) since \(lifecycle?["review_due"]?.stringValue?.prefix(10) ?? "")")
        return shown
    }

    private static let show = Command(
        name: "agent show", summary: "Show one agent", positionals: [name], options: Connection.adminOptions,
        examples: ["mayfly agent show support --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        RecordOutput.show(try admin.get(try admin.path("agents", "NAME", AgentID.self).path), call)
    }

    private static let create = Command(
        name: "agent create", summary: "Register an agent",
        details: "Authorization details and deny lists are written in a file: see mayfly apply.",
        positionals: [name], options: Connection.adminOptions + specOptions,
        examples: [
            "mayfly agent create support --owner support-lead --purpose \"answers tickets\" --role reader --dir ./broker"
        ]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (_, id) = try admin.path("agents", "NAME", AgentID.self)
        guard call.value("owner") != nil, call.value("purpose") != nil else {
            throw call.usage("--owner and --purpose are needed: somebody answers for each agent")
        }
        var spec: JSONObject = ["id": .string(id.text)]
        try overlay(call, on: &spec)
        let record = try admin.change("POST", "/api/v1/agents", body: spec)
        // With a certificate it has nothing to enrol.
        let isReady = record["state"]?.stringValue == Agent.State.active.rawValue
        RecordOutput.done(
            "created \(id)" + (isReady ? "" : "; next: mayfly agent enroll-code \(id.name)"), record, call)
    }

    private static let update = Command(
        name: "agent update", summary: "Change an agent's registration",
        details: "What is not named stays. A list that is named takes the place of the old one.",
        positionals: [name], options: Connection.adminOptions + specOptions,
        examples: ["mayfly agent update support --risk high --dir ./broker"]
    ) { call throws(CommandError) in
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("agents", "NAME", AgentID.self)
        let (record, tag) = try admin.tagged(path)
        var fields = FieldReader(AgentCompositionCommands.wanted(in: record))
        guard var spec = (try? AgentSpec(&fields))?.json else {
            throw .failed("the broker's record cannot be read", next: "is the broker of the same version?")
        }
        let before = spec
        try overlay(call, on: &spec)
        guard spec != before else { throw call.usage("nothing would change: name an option with a new value") }
        let changed = try admin.change("PUT", path, body: spec, ifMatch: tag)
        RecordOutput.done("updated \(id)", changed, call)
    }

    /// Puts what the options say into a registration.
    private static func overlay(_ call: Invocation, on spec: inout JSONObject) throws(CommandError) {
        func text(_ option: String, _ member: String, _ prefix: String = "") {
            guard let value = call.value(option) else { return }
            spec[member] = .string(value.hasPrefix(prefix) ? value : prefix + value)
        }
        func list(_ option: String, _ member: String, _ prefix: String = "") {
            let values = call.values(option)
            guard !values.isEmpty else { return }
            spec[member] = .array(values.map { .string($0.hasPrefix(prefix) ? $0 : prefix + $0) })
        }
        text("owner", "owner", OwnerKindTag.prefix)
        text("purpose", "purpose")
        text("title", "name")
        text("kind", "kind")
        text("risk", "risk")
        text("review-every", "review_every")
        text("end-date", "end_date")
        list("role", "roles", RoleKindTag.prefix)
        list("resource", "resources")
        list("delegate", "delegates")
        let scopes = call.values("scope").flatMap { $0.split(separator: " ") }
        if !scopes.isEmpty { spec["scopes"] = .array(scopes.map { .string(String($0)) }) }
        try CertificateOptions.overlay(call, on: &spec)
    }

    private static let steps = [
        step("suspend", "Suspend an agent and end its tokens", "suspended"),
        step("resume", "Let a suspended agent ask for tokens again", "resumed"),
        step("offboard", "End an agent for good: keys, codes and tokens", "offboarded"),
    ]

    private static func step(_ word: String, _ summary: String, _ past: String) -> Command {
        Command(
            name: "agent \(word)", summary: summary, positionals: [name],
            options: Connection.adminOptions + [.reason],
            examples: ["mayfly agent \(word) support --reason \"project ended\" --dir ./broker"]
        ) { call throws(CommandError) in
            let admin = try AdminCall(call)
            let (path, id) = try admin.path("agents", "NAME", AgentID.self)
            let record = try admin.change("POST", "\(path)/\(word)", body: admin.reason)
            RecordOutput.done("\(past) \(id)", record, call)
        }
    }
}
