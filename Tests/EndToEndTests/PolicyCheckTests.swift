import MayflyModel
import Testing

/// What `mayfly policy check` says about bundles as people write them: where, what would do, and nothing of the file.
@Suite struct PolicyCheckTests {
    /// One change to the worked bundle, where it is complained about, and what is said.
    struct Case: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        /// Line and column; the text that the line holds tells the line, and column 0 leaves the place open, since a
        /// quote that is not closed is noticed at the next one.
        let line: String
        let column: Int
        let says: String

        var testDescription: String { new }
    }

    private static let condition = "has(context.records) && context.records > 1000"

    static let cases: [Case] = [
        Case(
            old: "    decision: allow\n    rationale: Answering", new: "   decision: allow\n    rationale: Answering",
            line: "   decision: allow", column: 4, says: "begin each element of the list in the column of the first"),
        Case(
            old: "  - id: read-articles", new: "\t- id: read-articles", line: "read-articles", column: 1,
            says: "indent with spaces"),
        Case(
            old: "policy: support-desk", new: "policy: 'support-desk", line: "policy: 'support", column: 0,
            says: "that begins at"),
        Case(
            old: "[\"tickets:read\", \"tickets:reply\"]\n    decision", new: "[\"tickets:read\"\n    decision",
            line: "decision: allow", column: 5, says: "close the bracket"),
        Case(
            old: "Answering customers", new: "Answering: customers", line: "Answering: customers", column: 25,
            says: "put text that holds a colon in quotes"),
        Case(old: "min_depth: 2", new: "min_depht: 2", line: "min_depht", column: 7, says: "accepted here: agents"),
        Case(old: "id: read-articles", new: "id: read-and-reply", line: "", column: 9, says: "rules[1].id: repeats"),
        Case(old: "id: read-articles", new: "id: read articles", line: "read articles", column: 9, says: "a-z 0-9"),
        Case(
            old: "resources: [tickets]", new: "resources: tickets", line: "resources: tickets", column: 18,
            says: "must be an array"),
        Case(
            old: "scopes: [\"articles:read\"]", new: "scopes: []", line: "scopes: []", column: 15,
            says: "leave it out to match everything"),
        Case(
            old: "decision: remediate", new: "decision: repair", line: "decision: repair", column: 15,
            says: "must be one of: allow, allow_with_constraints"),
        Case(
            old: "window: 15m", new: "window: a while", line: "window: a while", column: 52, says: "a span such as 300s"
        ),
        Case(
            old: "max_calls: 20", new: "max_calls: -1", line: "max_calls: -1", column: 18,
            says: "max_calls: must be a whole number from 1 on"),
        Case(
            old: "max_calls: 20", new: "max_calls: 20\n      hours: {from: 8}", line: "hours: {from", column: 14,
            says: "must be a list of hours such as"),
        Case(
            old: "amount: \"500.00\"", new: "amount: 500.00", line: "amount: 500.00", column: 17,
            says: "the amount in quotes"),
        Case(
            old: "    rationale: Articles are public inside the company.\n", new: "", line: "- id: read-articles",
            column: 5, says: "rules[1].rationale: is required"),
        Case(
            old: "decision: allow\n", new: "decision: &d allow\n", line: "&d", column: 15,
            says: "write the value out"),
        Case(
            old: "# What must come out", new: "---\n# What must come out", line: "---", column: 1,
            says: "one file holds one document"),
        Case(
            old: condition, new: "context.records >> 1000", line: ">> 1000", column: 11,
            says: "at line 1, column 18 of the condition: expected a value"),
        Case(
            old: condition, new: "(context.records > 1000", line: "(context", column: 11,
            says: "column 24 of the condition: the expression ends too early"),
        Case(
            old: condition, new: "context.records > 'x'", line: "> 'x'", column: 11,
            says: "> is not defined for int and string"),
        Case(
            old: condition, new: "context.records", line: "when: \"context.records\"", column: 11,
            says: "must be bool and is int; compare it"),
        Case(
            old: condition, new: "sk_live_51H8 == 1", line: "sk_live", column: 11,
            says: "there is no variable of this name; there are: agent, request, context, tier, now"),
        Case(
            old: condition, new: "context.sk_live_51H8 == 1", line: "sk_live", column: 11,
            says: "there is no field of this name; there are: "),
        Case(
            old: "expect: {decision: allow,", new: "expect: {decision: alow,", line: "alow", column: 24,
            says: "examples[0].expect.decision: must be one of"),
    ]

    @Test(arguments: cases)
    func aMistakeIsNamedWithItsPlaceAndWhatWouldDo(_ mistake: Case) throws {
        let good = try Files.text(Files.repository + "/config/policies/support-desk.yaml")
        let text = Self.replace(mistake.old, with: mistake.new, in: good)
        #expect(text != good)
        let said = try check(text)
        #expect(said.status == 2, "\(said)")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let number =
            mistake.line.isEmpty
            ? lines.lastIndex { $0.contains(mistake.new) } : lines.firstIndex { $0.contains(mistake.line) }
        let place = "bad.yaml:\((number ?? 0) + 1):\(mistake.column)"
        if mistake.column > 0 { #expect(said.errors.contains(place + ": "), "\(said.errors)") }
        #expect(said.errors.contains(mistake.says), "\(said.errors)")
        #expect(said.errors.contains("the policy in force has not changed"))
        for secret in ["sk_live", "51H8", "a while", "repair", "alow", "Answering"] {
            #expect(!said.errors.contains(secret), "\(said.errors)")
        }
    }

    @Test func whatIsNoBundleAtAllIsNamed() throws {
        #expect(try check("# later\n").errors.contains("bad.yaml says nothing"))
        #expect(try check("- a\n").errors.contains("must be an object"))
        #expect(
            try check("policy: caf\u{E9}\n".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }).errors.contains(
                "save the file as UTF-8"))
        #expect(
            try check("policy: t\nsk_live_abcdefghijklmnopqrstuvwxyz0123456789x: 1\n").errors.contains(
                "?: is not known"))
    }

    @Test func aBundleThatNoRequestCouldHoldIsAnError() throws {
        let reason = String(repeating: "r", count: 500)
        func bundle(_ rules: Int) -> String {
            "policy: t\nrules:\n"
                + (0..<rules).map {
                    "  - {id: r\($0), match: {scopes: [s\($0)]}, decision: allow, rationale: \(reason)}\n"
                }
                .joined()
        }
        #expect(try check(bundle(1500)).status == 0)
        let large = try check(bundle(1950))
        #expect(large.status == 1)
        #expect(large.output.contains("in one request") && large.output.contains("1 error, 0 warnings"), "\(large)")
    }

    @Test func anExampleSaysWhatCameOutOnce() throws {
        let good = try Files.text(Files.repository + "/config/policies/support-desk.yaml")
        let wrong = Self.replace("expect: {decision: allow,", with: "expect: {decision: deny,", in: good)
        let said = try check(wrong)
        #expect(said.status == 1)
        let words =
            "comes out as allow by read-and-reply in tier 1, and is expected to be deny by read-and-reply in tier 1"
        #expect(said.output.contains(words + "; correct the example or the rules"), "\(said.output)")
        let unknown = try check(Self.replace("rule: read-and-reply, tier: 1", with: "rule: reed, tier: 1", in: good))
        #expect(unknown.output.contains("the bundle has no rule of that name"), "\(unknown.output)")
    }

    private static func replace(_ old: String, with new: String, in text: String) -> String {
        guard let place = text.firstRange(of: old) else { return text }
        return String(text[..<place.lowerBound]) + new + String(text[place.upperBound...])
    }

    private func check(_ text: String) throws -> CommandResult { try check(Array(text.utf8)) }

    private func check(_ bytes: [UInt8]) throws -> CommandResult {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bad.yaml"
        try Files.write(bytes, to: path, mode: 0o644)
        return try CommandResult.run(try RunningMayfly.program(), ["policy", "check", path], in: folder)
    }
}
