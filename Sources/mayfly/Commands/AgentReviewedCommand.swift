import MayflyBroker
import MayflyClient
import MayflyModel

/// `mayfly agent reviewed`: somebody has looked at an agent, and says so.
enum AgentReviewedCommand: CommandLineCommand {
    static let name = "agent reviewed"
    static let summary = "Record that an agent was reviewed"
    static let details = """
        The owner who answers for the agent, with --as, or an administrator. The next review is due after the agent's or
        the broker's interval, or at --next. An agent that was suspended for its review stays so until it is resumed.
        What to look at: mayfly agent review NAME.
        """
    static let positionals = [Positional("NAME", "the agent, with or without agent:")]
    static let options =
        Connection.personOptions + [
            .reason,
            Option.value("next", "TIME", "when the next review is due, for administrators: RFC 3339, or a date"),
        ]
    static let examples = [
        "mayfly agent reviewed support --reason \"scopes match the work\" --dir ./broker",
        "mayfly agent reviewed support --as support-lead --reason \"one scope dropped\" --server https://mayfly.example.com",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        guard let id = AgentID(lenient: try call.requiredArgument("NAME")) else {
            throw call.usage("NAME is not a name: agent: and then 1 to 63 of a-z 0-9 . _ -")
        }
        var body: JSONObject = ["reason": .string(try call.required("reason"))]
        body["next_review"] = call.value("next").map { .string($0) }
        let session = try Connection.person(call)
        let record = try Connection.attempt { () throws(ClientError) in
            try session.change("POST", "/api/v1/agents/\(FormBody.segment(id.text))/reviews", body: body)
        }
        let due = record["lifecycle"]?.objectValue?["review_due"]?.stringValue
        let next = due.map { "the next review is due \(Table.cell($0))" } ?? "no next review is set"
        let isSuspended = record["state"]?.stringValue == Agent.State.suspended.rawValue
        let resume = isSuspended ? "; it is suspended: mayfly agent resume \(id.name)" : ""
        RecordOutput.done("reviewed \(id); \(next)\(resume)", record, call)
    }
}
