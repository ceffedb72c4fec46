/// The help, made from what the commands declare.
enum HelpText {
    /// The help of one command.
    static func of(_ command: Command) -> String {
        var usage = "mayfly \(command.name)"
        for positional in command.positionals {
            usage += positional.isOptional ? " [\(positional.name)]" : " \(positional.name)"
        }
        usage += " [options]"
        if command.takesRest { usage += " -- CMD [ARG...]" }
        var sections = [command.summary + ".", "usage: " + usage]
        if !command.details.isEmpty { sections.insert(command.details, at: 1) }
        if !command.positionals.isEmpty {
            sections.append(list("arguments:", command.positionals.map { ($0.name, $0.help) }))
        }
        sections.append(list("options:", command.allOptions.map { ($0.synopsis, $0.help) }))
        if !command.examples.isEmpty {
            sections.append((["examples:"] + command.examples.map { "  " + $0 }).joined(separator: "\n"))
        }
        return sections.joined(separator: "\n\n")
    }

    /// The list of commands, or of those whose name begins with `prefix`.
    static func list(of commands: [Command], under prefix: String = "") -> String {
        let shown = commands.filter { prefix.isEmpty || $0.name.hasPrefix(prefix + " ") }
        let head = "usage: mayfly \(prefix.isEmpty ? "" : prefix + " ")COMMAND [options]"
        let foot = "Each command explains itself with --help. MAYFLY_SERVER names the broker, as --server does."
        return [head, list("commands:", shown.map { ($0.name, $0.summary) }), foot].joined(separator: "\n\n")
    }

    private static func list(_ title: String, _ rows: [(String, String)]) -> String {
        let width = rows.map { $0.0.count }.max() ?? 0
        let lines = rows.map { name, help in
            "  " + name + String(repeating: " ", count: width - name.count + 2) + help
        }
        return ([title] + lines).joined(separator: "\n")
    }
}
