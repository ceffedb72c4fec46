import MayflyModel
import MayflyPolicy

/// `mayfly policy …`: versions of the policy.
enum PolicyCommands {
    static let all = [
        check, PolicyApplyCommand.command, list, show, PolicyDiffCommand.command, rollback, shadowStop,
        PolicyExplainCommand.command, PolicySimulateCommand.command,
    ]

    static let rationale = Option.value("rationale", "TEXT", "why; the version and the ledger keep it")

    private static let check = Command(
        name: "policy check", summary: "Check a bundle: its rules, its conditions, and each of its examples",
        details: """
            Needs no broker. Errors end with status 1; warnings name rules that can never decide, and rules about
            the same that say different things.
            """,
        positionals: [Positional("FILE", "the YAML file; - reads standard input")],
        examples: ["mayfly policy check config/policies/support-desk.yaml"]
    ) { call throws(CommandError) in
        let file = try PolicyFile(try call.requiredArgument("FILE"))
        let findings = file.findings()
        if call.isJSON {
            let shown = findings.map { finding -> JSONValue in
                .object(["severity": .string(finding.severity.rawValue), "text": .string(finding.line)])
            }
            Terminal.say(
                JSONText.object([
                    "rules": .integer(Int64(file.bundle.rules.count)),
                    "quotas": .integer(Int64(file.bundle.quotas.count)),
                    "examples": .integer(Int64(file.bundle.examples.count)), "findings": .array(shown),
                ]))
        } else {
            for finding in findings { Terminal.say(Table.cell(finding.line)) }
            Terminal.say(
                "\(file.bundle.name): "
                    + [
                        counted(file.bundle.rules.count, "rule"), counted(file.bundle.quotas.count, "quota"),
                        counted(file.bundle.examples.count, "example"),
                        counted(findings.count { $0.severity == .error }, "error"),
                        counted(findings.count { $0.severity == .warning }, "warning"),
                    ].joined(separator: ", "))
        }
        if findings.contains(where: { $0.severity == .error }) { throw .no }
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private static let list = Command(
        name: "policy list", summary: "List versions of the policy, newest first", options: Connection.adminOptions,
        examples: ["mayfly policy list --dir ./broker"]
    ) { call throws(CommandError) in
        let answer = try AdminCall(call).get("/api/v1/policies")
        if call.isJSON { return Terminal.say(JSONText.object(answer)) }
        let columns = ["number", "state", "name", "rules", "created", "author", "rationale"]
        let rows = (answer["policies"]?.arrayValue ?? []).compactMap(\.objectValue).map { version in
            columns.map { RecordOutput.text(version[$0] ?? .null) }
        }
        for line in Table.lines(columns.map { $0.uppercased() }, rows) { Terminal.say(line) }
        if rows.isEmpty { Terminal.say("no bundle was applied yet: the registry's ceilings are the policy") }
    }

    private static let number = Positional("NUMBER", "the version's number, active or shadow")

    private static let show = Command(
        name: "policy show", summary: "Show one version with its bundle", positionals: [number],
        options: Connection.adminOptions, examples: ["mayfly policy show active --dir ./broker"]
    ) { call throws(CommandError) in
        let name = try call.requiredArgument("NUMBER")
        guard name == "active" || name == "shadow" || Int64(name) != nil else {
            throw call.usage("NUMBER is a version's number, active or shadow")
        }
        let version = try AdminCall(call).get("/api/v1/policies/\(name)")
        Terminal.say(call.isJSON ? JSONText.object(version) : JSONText.indented(.object(version)))
    }

    private static let rollback = Command(
        name: "policy rollback", summary: "Put an earlier version in force again; 0 is the built-in one",
        details: "Tokens that are out are judged by it at their next verification.",
        positionals: [Positional("NUMBER", "the version's number")],
        options: Connection.adminOptions + [
            rationale, .flag("shadow", "ask it beside the one in force, and write down where it differs"),
        ],
        examples: ["mayfly policy rollback 3 --rationale \"version 4 refuses night shifts\" --dir ./broker"]
    ) { call throws(CommandError) in
        guard let number = Int64(try call.requiredArgument("NUMBER")), number >= 0 else {
            throw call.usage("NUMBER is a version's number; see: mayfly policy list")
        }
        try activate(number, shadow: call.flag("shadow"), call)
    }

    private static let shadowStop = Command(
        name: "policy shadow-stop", summary: "Stop asking the version in the shadow",
        options: Connection.adminOptions + [rationale],
        examples: ["mayfly policy shadow-stop --rationale \"seen enough\" --dir ./broker"]
    ) { call throws(CommandError) in
        try activate(0, shadow: true, call)
    }

    private static func activate(_ number: Int64, shadow: Bool, _ call: Invocation) throws(CommandError) {
        let version = try AdminCall(call).change(
            "POST", "/api/v1/policies/\(number)/activate",
            body: [
                "mode": .string(shadow ? "shadow" : "enforce"), "rationale": .string(try call.required("rationale")),
            ])
        let words = !shadow ? "is in force" : number == 0 ? "shadow is empty" : "is in the shadow"
        RecordOutput.done(number == 0 && shadow ? "the \(words)" : "version \(number) \(words)", version, call)
    }
}
