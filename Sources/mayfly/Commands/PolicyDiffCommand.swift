import MayflyModel
import MayflyPolicy

/// `mayfly policy diff`: what two bundles say differently.
enum PolicyDiffCommand: CommandLineCommand {
    static let name = "policy diff"
    static let summary = "Show how two bundles differ, rule by rule"
    static let positionals = [
        Positional("FROM", PolicySource.help), Positional("TO", PolicySource.help),
    ]
    static let options = Connection.adminOptions
    static let examples = [
        "mayfly policy diff active support-desk.yaml --dir ./broker", "mayfly policy diff 3 4 --dir ./broker",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = { () throws(CommandError) in try AdminCall(call) }
        let from = try PolicySource.load(try call.requiredArgument("FROM"), admin).document
        let to = try PolicySource.load(try call.requiredArgument("TO"), admin).document
        let lines = lines(from, to)
        if call.isJSON {
            Terminal.say(JSONText.object(["differences": .array(lines.map { .string($0) })]))
        } else {
            for line in lines { Terminal.say(line) }
            if lines.isEmpty { Terminal.say("no difference") }
        }
    }

    /// `+` for what is new, `-` for what went, `~` for what changed, with the members that did.
    static func lines(_ from: JSONObject, _ to: JSONObject) -> [String] {
        var lines = lines("rule", parts("rules", from), parts("rules", to)) { rule in
            RecordOutput.text(rule["decision"] ?? .null)
        }
        lines += self.lines("quota", parts("quotas", from), parts("quotas", to)) { quota in
            "\(RecordOutput.text(quota["count"] ?? .null)) in \(RecordOutput.text(quota["window"] ?? .null))"
        }
        let rest = members(from, to).filter { $0 != "rules" && $0 != "quotas" }
        if !rest.isEmpty { lines.append("~ bundle: " + rest.joined(separator: ", ")) }
        return lines.map(Table.cell)
    }

    private typealias Part = (id: String, object: JSONObject)

    private static func lines(
        _ kind: String, _ from: [Part], _ to: [Part], _ summary: (JSONObject) -> String
    ) -> [String] {
        var lines: [String] = []
        for (id, part) in to {
            guard let before = from.first(where: { $0.id == id })?.object else {
                lines.append("+ \(kind) \(id): \(summary(part))")
                continue
            }
            let changed = members(before, part)
            if !changed.isEmpty { lines.append("~ \(kind) \(id): " + changed.joined(separator: ", ")) }
        }
        for (id, part) in from where !to.contains(where: { $0.id == id }) {
            lines.append("- \(kind) \(id): \(summary(part))")
        }
        return lines
    }

    private static func parts(_ list: String, _ document: JSONObject) -> [Part] {
        (document[list]?.arrayValue ?? []).compactMap(\.objectValue).compactMap { part in
            part["id"]?.stringValue.map { ($0, part) }
        }
    }

    /// Names of members that differ, those of the new one first.
    private static func members(_ from: JSONObject, _ to: JSONObject) -> [String] {
        to.names.filter { from[$0] != to[$0] } + from.names.filter { to[$0] == nil }
    }
}
