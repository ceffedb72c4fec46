import MayflyCrypto
import MayflyModel
import Testing

@testable import mayfly

@Suite struct OutputTests {
    @Test func columnsAreAligned() {
        #expect(
            Table.lines(["ID", "STATE"], [["a", "active"], ["longer", ""]]) == [
                "ID      STATE", "a       active", "longer  -",
            ])
    }

    @Test(arguments: ["a\u{1B}[2J", "a\nb", "a\u{202E}b", "\u{9B}31m"])
    func textFromElsewhereCannotMoveTheCursor(_ text: String) {
        let cell = Table.cell(text)
        #expect(cell.contains("?"))
        #expect(!cell.unicodeScalars.contains { [.control, .format].contains($0.properties.generalCategory) })
    }

    @Test(arguments: [
        (#"{"amount":"75.5","currency":"USD"}"#, "75.5 USD"),
        (#"{"amount":"75.5","currency":"USD","more":1}"#, #"{"amount":"75.5","currency":"USD","more":1}"#),
        (#"{"amount":75,"currency":"USD"}"#, #"{"amount":75,"currency":"USD"}"#),
        (#"["a",{"b":1}]"#, #"a, {"b":1}"#),
    ])
    func amountsAreShownAsPeopleWriteThem(_ json: String, _ text: String) throws {
        #expect(RecordOutput.text(try JSONParser.parse(Array(json.utf8))) == text)
    }

    @Test(arguments: [(1, "1s"), (60, "1m"), (90, "90s"), (3600, "1h"), (5400, "90m"), (2_592_000, "30d"), (0, "0s")])
    func spansAreShownAsTheFileHasThem(_ seconds: Int64, _ text: String) {
        #expect(RecordOutput.span(seconds) == text)
    }

    @Test func indentedJSONIsTheSameValue() throws {
        let value = try JSONParser.parse(Array(#"{"a":[1,{"b":[]}],"c":{},"d":"x\ny","e":null}"#.utf8))
        let text = JSONText.indented(value)
        #expect(try JSONParser.parse(Array(text.utf8)) == value)
        #expect(text.split(separator: "\n").count > 5)
    }

    @Test func applyShowsWhatDiffersAndCounts() throws {
        let answer = try JSONParser.parseObject(
            Array(
                #"""
                {"dry_run":true,"changes":[
                {"target":"owner:a","step":"unchanged","members":[]},
                {"target":"agent:z","step":"create","members":[]},
                {"target":"agent:b","step":"update","members":["scopes","risk"]}]}
                """#.utf8))
        #expect(
            try ApplyCommand.lines(answer) == [
                "~ agent:b  scopes, risk", "+ agent:z  new", "1 to create, 1 to update, 1 unchanged (dry run)",
            ])
    }

    @Test func aClusterIsShownWithItsLeasesAndHowFarEachNodeIs() throws {
        let answer = try JSONParser.parseObject(
            Array(
                #"""
                {"shared":true,"node":"a","revision":41,"commits":57,"lease_seconds":2,"ledger_size":44,"nodes":[
                {"name":"a","address":"127.0.0.1:1","session":"1","self":true,"alive":true,"leader":true,
                 "applied":57,"lag":0,"renewals":9},
                {"name":"b","address":"127.0.0.1:2","session":"2","self":false,"alive":false,"leader":false,
                 "applied":54,"lag":3,"renewals":7}]}
                """#.utf8))
        #expect(
            ClusterCommands.lines(answer) == [
                "asked     a", "revision  41", "commits   57", "ledger    44 entries", "lease     2s",
                "NODE  ADDRESS      LEASE  LEADS  APPLIED  LAG", "a     127.0.0.1:1  alive  yes    57       0",
                "b     127.0.0.1:2  over   -      54       3",
            ])
        let alone = try JSONParser.parseObject(
            Array(#"{"shared":false,"revision":3,"ledger_size":2,"nodes":[]}"#.utf8))
        #expect(
            ClusterCommands.lines(alone) == [
                "revision  3", "ledger    2 entries", "this broker has its store for itself",
            ])
    }

    @Test func aDelegationTreeFollowsTheChains() throws {
        func entry(_ text: String) throws -> JSONObject { try JSONParser.parseObject(Array(text.utf8)) }
        let tree = DelegationTree([
            try entry(
                #"{"event":"token.issued","agent":"agent:a","token":"1","scope":"s t","chain":[{"jti":"1"}]}"#),
            try entry(#"{"event":"ticket.issued","agent":"agent:a","token":"k","chain":[{"jti":"1"}]}"#),
            try entry(
                #"{"event":"token.delegated","agent":"agent:b","token":"2","scope":"s","chain":[{"jti":"1"},{"jti":"2"}]}"#
            ),
            try entry(#"{"event":"action.decided","outcome":"allowed","token":"2"}"#),
            try entry(#"{"event":"action.decided","outcome":"denied","token":"2"}"#),
            // Its parent is not among the entries: it stands on its own, and a loop cannot arise.
            try entry(
                #"{"event":"token.issued","agent":"agent:c","token":"3","chain":[{"jti":"9"},{"jti":"3"}]}"#),
        ])
        #expect(
            tree.lines == [
                "AGENT      TOKEN  SCOPE  RESOURCE  CALLS", "agent:a    1      s t    -         -",
                "  agent:b  2      s      -         1 allowed, 1 denied", "agent:c    3      -      -         -",
            ])
    }

    private static let scripts: [(String, Int32)] = [
        ("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("test \"$A\" = b", 0),
    ]

    @Test(arguments: scripts)
    func aChildsExitStatusIsPassedOn(_ script: String, _ status: Int32) throws {
        #expect(
            try ChildProcess.run(["sh", "-c", script], environment: ["A": "b", "PATH": "/usr/bin:/bin"]) == status)
    }

    @Test func aProgramThatIsNotThereIsALocalFailure() {
        do throws(CommandError) {
            _ = try ChildProcess.run(["/nonexistent/program"], environment: [:])
            Issue.record("there is no such program")
        } catch {
            #expect(error.status == 3)
        }
    }
}
