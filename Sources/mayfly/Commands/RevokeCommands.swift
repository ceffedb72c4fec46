import MayflyBroker
import MayflyModel

/// `mayfly revoke …`: the kill switches.
enum RevokeCommands {
    static let all =
        [
            revoke("token", "a token's jti", "a token and everything below it", "01J9ZK6R2Q"),
            revoke("task", "the task's name", "every token of a task", "ticket-1042"),
            revoke("trace", "the trace id", "every token of a trace", "4bf92f3577b34da6a3ce929d0e0e4736"),
            revoke(
                "agent", "the agent", "every token that an agent holds or passed on", "support", AgentKindTag.prefix),
            revoke("owner", "the owner", "every token of an owner's agents", "ana", OwnerKindTag.prefix),
            revoke("role", "the role", "every token of the agents of a role", "reader", RoleKindTag.prefix),
            revoke("resource", "the resource", "every token for a resource", "tickets"),
            revoke(
                "provider", "the identity provider", "every token of the agents that trust a provider", "github",
                ProviderKindTag.prefix),
            revoke(
                "person", "the person, as person:PROVIDER:SUBJECT", "every token on behalf of a person",
                "person:corp:24400320", PersonID.prefix),
            everything,
        ]

    private static func revoke(
        _ kind: String, _ help: String, _ what: String, _ example: String, _ prefix: String = ""
    ) -> Command {
        Command(
            name: "revoke \(kind)", summary: "End \(what)", positionals: [Positional("ID", help)],
            options: Connection.adminOptions + [.reason],
            examples: ["mayfly revoke \(kind) \(example) --reason \"leaked\" --dir ./broker"]
        ) { call throws(CommandError) in
            let id = try call.requiredArgument("ID")
            try send([kind: .string(id.hasPrefix(prefix) ? id : prefix + id)], call)
        }
    }

    private static let everything = Command(
        name: "revoke everything", summary: "The kill switch: end every token there is",
        details: "Agents keep their registrations and keys, and may ask for new tokens. A reason is needed.",
        options: Connection.adminOptions + [.reason],
        examples: ["mayfly revoke everything --reason \"incident 7\" --dir ./broker"]
    ) { call throws(CommandError) in
        _ = try call.required("reason")
        try send(["everything": .bool(true)], call)
    }

    private static func send(_ target: JSONObject, _ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        var body = target
        body["reason"] = admin.reason["reason"]
        let answer = try admin.change("POST", "/api/v1/revocations", body: body)
        RecordOutput.done("revoked \(Table.cell(answer["revoked"]?.stringValue ?? ""))", answer, call)
    }
}
