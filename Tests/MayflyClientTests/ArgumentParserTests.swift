import Testing

@testable import mayfly

@Suite struct ArgumentParserTests {
    private static let command = Command(
        name: "thing do", summary: "Do a thing",
        positionals: [Positional("NAME", "what"), Positional("EXTRA", "more", isOptional: true)],
        options: [
            .value("server", "URL", "where"), .list("scope", "SCOPE", "what"), .flag("dry-run", "only show"),
            .value("file", "FILE", "from", short: "f"),
        ]
    ) { _ in }

    private func parse(_ arguments: [String], _ command: Command = command) throws -> Invocation {
        try ArgumentParser.parse(arguments, for: command, environment: ["EMPTY": "", "FULL": "x"])
    }

    private func refusal(_ arguments: [String]) -> [String] {
        do throws(CommandError) {
            _ = try ArgumentParser.parse(arguments, for: Self.command, environment: [:])
            return []
        } catch {
            #expect(error.status == 2)
            return error.lines
        }
    }

    @Test func optionsAndArgumentsComeInAnyOrder() throws {
        let call = try parse(["--scope", "a", "x", "--server=http://h=1", "-f", "p", "--scope", "b", "--dry-run", "y"])
        #expect(call.argument("NAME") == "x")
        #expect(call.argument("EXTRA") == "y")
        #expect(call.values("scope") == ["a", "b"])
        #expect(call.value("server") == "http://h=1")
        #expect(call.value("file") == "p")
        #expect(call.flag("dry-run"))
        #expect(!call.isJSON)
    }

    @Test func anOptionalArgumentMayBeAbsent() throws {
        #expect(try parse(["x"]).argument("EXTRA") == nil)
    }

    private static let refused: [([String], String)] = [
        (["x", "--srver", "u"], "did you mean --server?"), (["x", "--server"], "thing do --help"),
        (["x", "--server", ""], "thing do --help"), (["x", "--server", "a", "--server", "b"], "thing do --help"),
        (["x", "--dry-run=yes"], "thing do --help"), ([], "thing do --help"), (["x", "y", "z"], "thing do --help"),
        (["x", "-q"], "thing do --help"),
    ]

    @Test(arguments: refused)
    func whatIsNotDeclaredIsRefusedWithAHint(_ arguments: [String], _ hint: String) {
        let lines = refusal(arguments)
        #expect(lines.count == 2)
        #expect(lines.last?.contains(hint) == true)
    }

    @Test func anUnknownOptionThatMightHoldASecretIsNotRepeated() {
        let lines = refusal(["x", "--eyJhbGciOiJFUzI1NiJ9.SECRET"])
        #expect(lines.count == 2)
        #expect(!lines.joined().contains("SECRET"))
    }

    @Test(arguments: ["-abcDEF_123", "-"])
    func anArgumentMayBeginWithADash(_ argument: String) throws {
        #expect(try parse([argument]).argument("NAME") == argument)
    }

    @Test func afterTwoDashesEverythingIsAnArgument() throws {
        #expect(try parse(["--", "--server", "y"]).argument("NAME") == "--server")
    }

    @Test func aCommandThatRunsAnotherTakesTheRestAsItIs() throws {
        var command = Self.command
        command.positionals = []
        command.takesRest = true
        let call = try parse(["--dry-run", "--", "sh", "-c", "--json", "--"], command)
        #expect(call.rest == ["sh", "-c", "--json", "--"])
        #expect(!call.isJSON)
    }

    @Test func helpNeedsNoArguments() throws {
        #expect(try parse(["--help"]).flag("help"))
    }

    @Test func anEmptyVariableIsAbsent() throws {
        let call = try parse(["x"])
        #expect(call.variable("EMPTY") == nil)
        #expect(call.variable("FULL") == "x")
    }
}
