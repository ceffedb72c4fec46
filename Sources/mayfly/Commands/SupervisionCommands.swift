import MayflyClient
import MayflyModel

/// `mayfly supervision …`: what was let through in tier 2, for the people who can take it back.
enum SupervisionCommands {
    static let all = [list, show, reverse]

    private static let id = Positional("ID", "its id, as supervision list prints it")

    private static let list = Command(
        name: "supervision list", summary: "List what was let through in tier 2, the oldest first",
        details: "An owner sees what their agents did or handed on, an administrator everything.",
        options: Connection.personOptions + [.value("state", "STATE", "only open, reversed or final")],
        examples: ["mayfly supervision list --as support-lead --state open --server https://mayfly.example.com"]
    ) { call throws(CommandError) in
        let session = try Connection.person(call)
        let records = try Connection.attempt { () throws(ClientError) in
            try session.list("/api/v1/supervisions", "supervisions", query: [("state", call.value("state"))])
        }
        RecordOutput.list(
            records, as: "supervisions",
            columns: ["id", "state", "agent", "resource", "scope", "action", "cost", "task", "reversible_until"],
            keepsOrder: true, call)
    }

    private static let show = Command(
        name: "supervision show", summary: "Show what was let through, and what became of it",
        positionals: [id], options: Connection.personOptions,
        examples: ["mayfly supervision show 8a1bQzq0nS8vJ3gXUu0e0w --as support-lead"]
    ) { call throws(CommandError) in
        let session = try Connection.person(call)
        let path = try path(call)
        RecordOutput.show(try Connection.attempt { () throws(ClientError) in try session.get(path) }, call)
    }

    private static let reverse = Command(
        name: "supervision reverse", summary: "Take it back: its token ends, and everything below it",
        details:
            "The tool is told by its webhook, if one is configured, and when it asks. What it did, it must undo itself.",
        positionals: [id], options: Connection.personOptions + [.reason],
        examples: [
            "mayfly supervision reverse 8a1bQzq0nS8vJ3gXUu0e0w --as support-lead --reason \"paid to the wrong account\""
        ]
    ) { call throws(CommandError) in
        let reason = try call.required("reason")
        let session = try Connection.person(call)
        let path = try path(call) + "/reverse"
        let record = try Connection.attempt { () throws(ClientError) in
            try session.change("POST", path, body: ["reason": .string(reason)])
        }
        RecordOutput.done("taken back; the token has ended, and everything below it", record, call)
    }

    private static func path(_ call: Invocation) throws(CommandError) -> String {
        "/api/v1/supervisions/" + FormBody.escaped(try call.requiredArgument("ID"))
    }
}
