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
        let old = rules(from)
        let new = rules(to)
        var lines: [String] = []
        for (id, rule) in new {
            guard let before = old.first(where: { $0.id == id })?.rule else {
                lines.append("+ rule \(id): \(RecordOutput.text(rule["decision"] ?? .null))")
                continue
            }
            let changed = members(before, rule)
            if !changed.isEmpty { lines.append("~ rule \(id): " + changed.joined(separator: ", ")) }
        }
        for (id, rule) in old where !new.contains(where: { $0.id == id }) {
            lines.append("- rule \(id): \(RecordOutput.text(rule["decision"] ?? .null))")
        }
        let rest = members(from, to).filter { $0 != "rules" }
        if !rest.isEmpty { lines.append("~ bundle: " + rest.joined(separator: ", ")) }
        return lines.map(Table.cell)
    }

    private static func rules(_ document: JSONObject) -> [(id: String, rule: JSONObject)] {
        (document["rules"]?.arrayValue ?? []).compactMap(\.objectValue).compactMap { rule in
            rule["id"]?.stringValue.map { ($0, rule) }
        }
    }

    /// Names of members that differ, those of the new one first.
    private static func members(_ from: JSONObject, _ to: JSONObject) -> [String] {
        to.names.filter { from[$0] != to[$0] } + from.names.filter { to[$0] == nil }
    }
}
