/// Chooses the command for a command line and runs it.
struct CommandTable: Sendable {
    let commands: [Command]

    /// Runs what `arguments`, without the program's own name, ask for; answers the exit status.
    func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        do throws(CommandError) {
            try dispatch(arguments, environment)
            return 0
        } catch {
            for line in error.lines { Terminal.complain(line) }
            return error.status
        }
    }

    private func dispatch(_ arguments: [String], _ environment: [String: String]) throws(CommandError) {
        guard let first = arguments.first else {
            throw .usage("a command is missing", next: "see: mayfly --help")
        }
        guard first != "--help", first != "help" else {
            Terminal.say(HelpText.list(of: commands))
            return
        }
        guard let command = command(for: arguments) else { return try explain(arguments) }
        let call = try ArgumentParser.parse(
            arguments.dropFirst(command.words.count), for: command, environment: environment)
        if call.flag("help") {
            Terminal.say(HelpText.of(command))
        } else {
            try command.run(call)
        }
    }

    /// The command of most words that begins the line.
    func command(for arguments: [String]) -> Command? {
        commands.filter { arguments.starts(with: $0.words.map(String.init)) }.max { $0.words.count < $1.words.count }
    }

    /// A group without a command shows what is in it; anything else is refused with a hint.
    private func explain(_ arguments: [String]) throws(CommandError) {
        let words = Array(arguments.prefix { !$0.hasPrefix("-") })
        let group = words.first ?? ""
        if commands.contains(where: { $0.name.hasPrefix(group + " ") }), !group.isEmpty {
            if words.count == 1 {
                Terminal.say(HelpText.list(of: commands, under: group))
                return
            }
            throw unknown("\(group) \(words[1])", "mayfly \(group) --help")
        }
        throw unknown(words.prefix(2).joined(separator: " "), "mayfly --help")
    }

    private func unknown(_ name: String, _ help: String) -> CommandError {
        let hint = Suggestion.nearest(to: name, among: commands.map(\.name)).map { "did you mean \"\($0)\"? " } ?? ""
        return .usage("there is no such command", next: "\(hint)see: \(help)")
    }
}
