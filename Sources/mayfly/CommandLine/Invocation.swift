/// What was asked of a command: its options and arguments, checked against what it declares.
struct Invocation: Sendable {
    let command: Command
    /// By option name; a flag has one empty value.
    fileprivate(set) var given: [String: [String]] = [:]
    fileprivate(set) var arguments: [String: String] = [:]
    /// What follows `--`.
    fileprivate(set) var rest: [String] = []
    /// The process's environment.
    let environment: [String: String]

    var isJSON: Bool { flag("json") }

    func flag(_ name: String) -> Bool {
        value(name) != nil
    }

    func value(_ name: String) -> String? {
        values(name).first
    }

    func values(_ name: String) -> [String] {
        precondition(command.allOptions.contains { $0.name == name }, "the command does not declare --\(name)")
        return given[name] ?? []
    }

    /// Whether the command has an option of that name.
    func takes(_ name: String) -> Bool {
        command.allOptions.contains { $0.name == name }
    }

    /// The value of an option that the command cannot do without.
    func required(_ name: String) throws(CommandError) -> String {
        guard let value = value(name) else { throw usage("--\(name) is missing") }
        return value
    }

    /// A number within `range`; nil when the option is not given.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(CommandError) -> Int64? {
        guard let text = value(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw usage("--\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The argument in that place; nil only for an optional one.
    func argument(_ name: String) -> String? {
        precondition(command.positionals.contains { $0.name == name }, "the command does not declare \(name)")
        return arguments[name]
    }

    /// The argument in a place that the parser has made sure of.
    func requiredArgument(_ name: String) throws(CommandError) -> String {
        guard let argument = argument(name) else { throw usage("\(name) is missing") }
        return argument
    }

    /// An environment variable; an empty one counts as absent.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func usage(_ what: String) -> CommandError {
        .usage(what, next: "see: mayfly \(command.name) --help")
    }
}

/// Reads a command's options and arguments.
struct ArgumentParser {
    private var call: Invocation
    private var positionals: [String] = []

    /// Reads what follows the command's own words.
    static func parse(
        _ arguments: some Collection<String>, for command: Command, environment: [String: String]
    ) throws(CommandError) -> Invocation {
        var parser = ArgumentParser(call: Invocation(command: command, environment: environment))
        var remaining = Array(arguments)[...]
        while let argument = remaining.popFirst() {
            if argument == "--" {
                try parser.takeRest(Array(remaining))
                break
            }
            if Self.isOption(argument) {
                try parser.takeOption(argument, &remaining)
            } else {
                parser.positionals.append(argument)
            }
        }
        // Who asks for help need not have the arguments right.
        if parser.call.given["help"] == nil { try parser.placeArguments() }
        return parser.call
    }

    private var command: Command { call.command }

    /// Whether a word is `-x`, `-x=V` or `--name`.
    ///
    /// A longer word with one dash is an argument: key ids and `jti`s may begin with one.
    private static func isOption(_ argument: String) -> Bool {
        let name = argument.prefix { $0 != "=" }
        return argument.hasPrefix("--") || (argument.hasPrefix("-") && name.count == 2)
    }

    private mutating func takeRest(_ rest: [String]) throws(CommandError) {
        if command.takesRest {
            call.rest = rest
        } else {
            positionals += rest
        }
    }

    private mutating func takeOption(
        _ argument: String, _ remaining: inout ArraySlice<String>
    ) throws(CommandError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let spelled = String(parts[0])
        let attached = parts.count == 2 ? String(parts[1]) : nil
        guard let option = command.allOptions.first(where: { Self.matches($0, spelled) }) else {
            throw unknown(spelled)
        }
        switch option.kind {
        case .flag:
            guard attached == nil else { throw call.usage("--\(option.name) takes no value") }
            call.given[option.name] = [""]
        case .value, .list:
            guard let value = attached ?? remaining.popFirst(), !value.isEmpty else {
                throw call.usage("--\(option.name) needs a value")
            }
            if case .value = option.kind, call.given[option.name] != nil {
                throw call.usage("--\(option.name) is given twice")
            }
            call.given[option.name, default: []].append(value)
        }
    }

    private static func matches(_ option: Option, _ spelled: String) -> Bool {
        spelled == "--" + option.name || option.short.map { spelled == "-\($0)" } ?? false
    }

    private func unknown(_ spelled: String) -> CommandError {
        let names = command.allOptions.map { "--" + $0.name }
        let hint = Suggestion.nearest(to: spelled, among: names).map { "did you mean \($0)? " } ?? ""
        // What was typed might be a misplaced secret, so it is repeated only when it looks like an option.
        let shown = Suggestion.isPlainOption(spelled) ? spelled : "an option"
        return .usage(
            "\(shown) is not known to mayfly \(command.name)",
            next: "\(hint)see: mayfly \(command.name) --help")
    }

    private mutating func placeArguments() throws(CommandError) {
        var remaining = positionals[...]
        for positional in command.positionals {
            if let argument = remaining.popFirst() {
                call.arguments[positional.name] = argument
            } else if !positional.isOptional {
                throw call.usage("\(positional.name) is missing: \(positional.help)")
            }
        }
        guard remaining.isEmpty else { throw call.usage("there are too many arguments") }
    }
}
