import MayflyClient
import MayflyModel

/// `mayfly approval …`: what agents want approved, for the people who decide.
enum ApprovalCommands {
    static let all = [list, show, approve, deny]

    private static let id = Positional("ID", "the request's id, as approval list prints it")

    private static let options = Connection.personOptions

    private static let list = Command(
        name: "approval list", summary: "List requests for approval, the oldest first",
        details: "An owner sees what they may vote on or answer for, an administrator everything.",
        options: options + [.value("state", "STATE", "only pending, approved, denied, expired, used or superseded")],
        examples: ["mayfly approval list --as finance-lead --state pending --server https://mayfly.example.com"]
    ) { call throws(CommandError) in
        let session = try Connection.person(call)
        let records = try Connection.attempt { () throws(ClientError) in
            try session.list("/api/v1/approvals", "approvals", query: [("state", call.value("state"))])
        }
        RecordOutput.list(
            records, as: "approvals",
            columns: [
                "id", "state", "operation", "action", "agent", "owner", "resource", "scopes", "task", "expires",
            ], keepsOrder: true, call)
    }

    private static let show = Command(
        name: "approval show", summary: "Show exactly what is asked for, and who has voted",
        details: """
            The message is the client's own words; nobody vouches for it. The rest is what would be granted: a token, or
            with the operation action one action on one thing, of which context holds all that the tool stated.
            """,
        positionals: [id], options: options,
        examples: ["mayfly approval show 6XWlXcUJt7ylA2rVb0rlAZ8Wc1c --as finance-lead"]
    ) { call throws(CommandError) in
        let session = try Connection.person(call)
        let path = try path(call)
        let record = try Connection.attempt { () throws(ClientError) in try session.get(path) }
        RecordOutput.show(record, call)
    }

    private static let approve = vote(
        "approve", "Agree to exactly one request, as an owner with your own key", "approved")
    private static let deny = vote("deny", "Refuse a request, as an owner or an administrator", "denied")

    private static func vote(_ word: String, _ summary: String, _ past: String) -> Command {
        Command(
            name: "approval \(word)", summary: summary, positionals: [id],
            options: options + [.reason],
            examples: [
                "mayfly approval \(word) 6XWlXcUJt7ylA2rVb0rlAZ8Wc1c --as finance-lead --reason \"checked with the customer\""
            ]
        ) { call throws(CommandError) in
            let reason = try call.required("reason")
            if word == "approve", call.value("as") == nil {
                throw call.usage("--as is missing: owners approve, and administrators can only deny")
            }
            let session = try Connection.person(call)
            let path = try path(call) + "/" + word
            let record = try Connection.attempt { () throws(ClientError) in
                try session.change("POST", path, body: ["reason": .string(reason)])
            }
            let state = Table.cell(record["state"]?.stringValue ?? "")
            RecordOutput.done(
                state == past ? "\(past)" : "your word is counted; the request is \(state) until others have agreed",
                record, call)
        }
    }

    private static func path(_ call: Invocation) throws(CommandError) -> String {
        "/api/v1/approvals/" + FormBody.escaped(try call.requiredArgument("ID"))
    }
}
