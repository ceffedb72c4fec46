import MayflyModel
import MayflyPolicy

/// `mayfly policy apply`: a new version of the policy, in force or in the shadow.
enum PolicyApplyCommand: CommandLineCommand {
    static let name = "policy apply"
    static let summary = "Add a version of the policy from a YAML file, and put it in force"
    static let details = """
        The file is checked first, its examples too; with an error nothing changes. Tokens that are out are judged
        by the new version at their next verification.
        """
    static let positionals = [Positional("FILE", "the YAML file; - reads standard input")]
    static let options =
        Connection.adminOptions + [
            PolicyCommands.rationale,
            Option.flag("shadow", "ask it beside the one in force, and write down where it differs"),
            Option.flag("dry-run", "show how it differs from the one in force, and change nothing"),
        ]
    static let examples = [
        "mayfly policy apply support-desk.yaml --rationale \"refunds past 100 need a person\" --dir ./broker",
        "mayfly policy apply support-desk.yaml --rationale \"trial\" --shadow --dir ./broker",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let file = try PolicyFile(try call.requiredArgument("FILE"))
        let findings = file.findings()
        for finding in findings { Terminal.complain(Table.cell(finding.line)) }
        guard !findings.contains(where: { $0.severity == .error }) else {
            throw .refused("the bundle was not applied", next: "correct what is named above")
        }
        let admin = try AdminCall(call)
        let active = try admin.get("/api/v1/policies/active")
        if call.flag("dry-run") {
            for line in PolicyDiffCommand.lines(active["bundle"]?.objectValue ?? [:], file.document) {
                Terminal.say(line)
            }
            return
        }
        var body: JSONObject = [
            "bundle": .object(file.document), "rationale": .string(try call.required("rationale")),
            "mode": .string(call.flag("shadow") ? "shadow" : "enforce"),
        ]
        // What somebody else put in force meanwhile is not replaced unseen.
        body["expected"] = active["digest"]
        let version = try admin.change("POST", "/api/v1/policies", body: body)
        let number = RecordOutput.text(version["number"] ?? .null)
        RecordOutput.done(
            "version \(number) of the policy is \(call.flag("shadow") ? "in the shadow" : "in force")", version, call)
    }
}
