import MayflyBroker
import MayflyClient
import MayflyModel

/// `mayfly person …`: people for whom agents act, as an identity provider knows them.
enum PersonCommands {
    static let all = [
        list, change("leave", "A person leaves: tokens on their behalf end, and none is made any more"),
        change("return", "A person who has left comes back; what ended stays ended"),
    ]

    private static let list = Command(
        name: "person list", summary: "List the people who have left, or whose tokens were ended",
        details:
            "Of everybody else the broker knows nothing: who a person is and what they may do says their provider.",
        options: Connection.adminOptions, examples: ["mayfly person list --dir ./broker"]
    ) { call throws(CommandError) in
        let records = try AdminCall(call).list("/api/v1/people", "people")
        RecordOutput.list(records, as: "people", columns: ["id", "state", "changed"], call)
    }

    private static func change(_ step: String, _ summary: String) -> Command {
        Command(
            name: "person \(step)", summary: summary,
            positionals: [Positional("ID", "the person, as person:PROVIDER:SUBJECT")],
            options: Connection.adminOptions + [.reason],
            examples: ["mayfly person \(step) person:corp:24400320 --reason \"left the company\" --dir ./broker"]
        ) { call throws(CommandError) in
            guard let id = PersonID(try call.requiredArgument("ID")) else {
                throw call.usage("ID is not a person: person:, the provider's name, a colon, and the subject")
            }
            let admin = try AdminCall(call)
            let path = "/api/v1/people/\(FormBody.segment(id.text))/\(step)"
            let answer = try admin.change("POST", path, body: admin.reason)
            RecordOutput.done("\(Table.cell(id.text)) \(answer["state"]?.stringValue ?? "")", answer, call)
        }
    }
}
