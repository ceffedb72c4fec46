import MayflyBroker
import MayflyModel

/// `mayfly trust test`: what a provider's token would be taken for, and which condition fails.
enum TrustCommands {
    static let all = [test]

    private static let test = Command(
        name: "trust test", summary: "Explain what a workload's token would be taken for; nothing is used up",
        details: """
            Says which agent the token vouches for, or what is wrong: with the token, or with which part of which
            agent's trust conditions. The exit status is 0 when an agent was found.
            A token on the command line can be seen by other users of this machine; - reads standard input.
            """,
        positionals: [Positional("TOKEN", "the token, or a file with it after @, or - for standard input")],
        options: Connection.adminOptions + [
            .value("type", "TYPE", "jwt-bearer or jwt-spiffe; without it the token's subject says which"),
            .value("client-id", "AGENT", "the agent that the workload says it is"),
        ],
        examples: [
            "mayfly trust test @/var/run/secrets/tokens/mayfly --dir ./broker",
            "mayfly trust test - --client-id agent:deployer --dir ./broker < token.jwt",
        ]
    ) { call throws(CommandError) in
        let token = try token(try call.requiredArgument("TOKEN"))
        var body: JSONObject = ["token": .string(token)]
        body["type"] = call.value("type").map { .string($0) }
        body["client_id"] = call.value("client-id").map { .string($0) }
        let answer = try AdminCall(call).change("POST", "/api/v1/trust/test", body: body)
        if call.isJSON {
            Terminal.say(JSONText.object(answer))
        } else {
            for line in lines(answer) { Terminal.say(line) }
        }
        guard answer["accepted"]?.boolValue == true || answer["person"] != nil else {
            let explanation = answer["explanation"]?.stringValue ?? "the broker gave no reason"
            throw .refused(
                "the token is not taken: \(Table.cell(explanation))", next: "see the parts that fail, if any")
        }
    }

    private static func token(_ argument: String) throws(CommandError) -> String {
        guard argument == "-" || argument.hasPrefix("@") else { return argument }
        let path = argument == "-" ? "-" : String(argument.dropFirst())
        let text = String(decoding: try LocalFile.read(path, maximum: 16 * 1024), as: UTF8.self)
        return String(text.drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
    }

    /// The agent first, then each condition with its parts: what it demands, and what the token says.
    static func lines(_ answer: JSONObject) -> [String] {
        var lines: [String] = []
        if let agent = answer["agent"]?.stringValue { lines.append("taken for \(Table.cell(agent))") }
        if let person = answer["person"]?.stringValue {
            let roles = (answer["roles"]?.stringArrayValue ?? []).joined(separator: ", ")
            lines.append("agents may act for \(Table.cell(person)) within \(Table.cell(roles))")
        }
        if let provider = answer["provider"]?.stringValue { lines.append("provider  \(Table.cell(provider))") }
        for condition in (answer["conditions"]?.arrayValue ?? []).compactMap(\.objectValue) {
            let agent = Table.cell(condition["agent"]?.stringValue ?? "")
            let index = condition["index"]?.integerValue ?? 0
            let word = condition["holds"]?.boolValue == true ? "holds" : "fails"
            lines.append("\(agent) trust[\(index)] \(word)")
            let rows = (condition["items"]?.arrayValue ?? []).compactMap(\.objectValue).map { item in
                (
                    item["holds"]?.boolValue == true ? "  ok" : "  no",
                    "\(Table.cell(item["name"]?.stringValue ?? "")) must be \(shown(item["expected"])), "
                        + "is \(shown(item["found"]))"
                )
            }
            lines += Table.pairs(rows)
        }
        return lines
    }

    private static func shown(_ value: JSONValue?) -> String {
        guard let value else { return "not there" }
        if let pattern = value.objectValue?["pattern"]?.stringValue { return "like \(Table.cell(pattern))" }
        return Table.cell(JSONText.line(value))
    }
}
