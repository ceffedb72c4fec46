import Testing

@testable import mayfly

@Suite struct CommandTableTests {
    private static let commands = Mayfly.commands.commands

    /// The words of an example, quotes removed, up to a redirection.
    private func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": (isQuoted, word) = (!isQuoted, word ?? "")
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return Array(words.prefix { $0 != "<" && $0 != ">" })
    }

    @Test func commandNamesAreUnique() {
        #expect(Set(Self.commands.map(\.name)).count == Self.commands.count)
    }

    @Test(arguments: commands.map(\.name))
    func theExamplesOfACommandAreItsOwnAndParse(_ name: String) throws {
        let command = try #require(Self.commands.first { $0.name == name })
        #expect(!command.examples.isEmpty)
        for example in command.examples {
            let arguments = Array(words(example).dropFirst())
            #expect(Mayfly.commands.command(for: arguments)?.name == name)
            _ = try ArgumentParser.parse(
                arguments.dropFirst(command.words.count), for: command, environment: [:])
        }
    }

    @Test(arguments: commands.map(\.name))
    func theHelpShowsEveryOptionOnce(_ name: String) throws {
        let command = try #require(Self.commands.first { $0.name == name })
        let help = HelpText.of(command)
        let names = command.allOptions.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.contains("json") && names.contains("help"))
        for option in command.allOptions { #expect(help.contains("  " + option.synopsis)) }
        for example in command.examples { #expect(help.contains(example)) }
    }

    @Test func theLongestNameWins() {
        #expect(Mayfly.commands.command(for: ["agent", "list", "--json"])?.name == "agent list")
        #expect(Mayfly.commands.command(for: ["agent"]) == nil)
    }

    private static let lines: [(String, Int32)] = [
        ("--help", 0), ("agent", 0), ("agent list --help", 0), ("agent lst", 2), ("agnet list", 2), ("nonsense", 2),
        ("agent list --nope", 2), ("token inspect not-a-token", 1),
        ("ledger check-proof /nonexistent --entry x --key k", 2), ("exec --agent a", 2),
        ("agent list --admin-key /nonexistent.pem", 3), ("token request --agent a --key /nonexistent.pem", 3),
        ("apply --file /nonexistent.yaml", 3),
    ]

    @Test(arguments: lines)
    func theExitStatusSaysWhatKindOfFailureItWas(_ line: String, _ status: Int32) {
        let arguments = line.split(separator: " ").map(String.init)
        #expect(Mayfly.commands.run(arguments, environment: [:]) == status)
    }
}
