/// One command of the command line, as data.
struct Command: Sendable {
    /// The words that choose it, for example `agent list`.
    let name: String
    /// One line for the list of commands.
    let summary: String
    /// What the summary leaves out; may be empty.
    var details = ""
    var positionals: [Positional] = []
    /// Without `--json` and `--help`, which every command has.
    var options: [Option] = []
    /// Whole command lines.
    var examples: [String] = []
    /// Whether `-- CMD ARG…` ends the line.
    var takesRest = false
    let run: @Sendable (Invocation) throws(CommandError) -> Void

    static let common = [
        Option.flag("json", "print JSON for programs"),
        Option.flag("help", "show this help"),
    ]

    var words: [Substring] { name.split(separator: " ") }
    var allOptions: [Option] { options + Self.common }
}

/// A command in a file of its own.
protocol CommandLineCommand: SendableMetatype {
    /// The words that choose it, for example `serve`.
    static var name: String { get }
    static var summary: String { get }
    static var details: String { get }
    static var positionals: [Positional] { get }
    static var options: [Option] { get }
    static var examples: [String] { get }
    static func run(_ call: Invocation) throws(CommandError)
}

extension CommandLineCommand {
    static var details: String { "" }
    static var positionals: [Positional] { [] }
    static var examples: [String] { [] }

    static var command: Command {
        Command(
            name: name, summary: summary, details: details, positionals: positionals, options: options,
            examples: examples
        ) { call throws(CommandError) in try run(call) }
    }
}
