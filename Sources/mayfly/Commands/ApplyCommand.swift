import MayflyBroker
import MayflyConfig
import MayflyModel

/// `mayfly apply`: makes the registry what a file says.
enum ApplyCommand: CommandLineCommand {
    static let name = "apply"
    static let summary = "Create and update owners, resources, providers, roles and agents as a YAML file says"
    static let details = """
        All of the file takes effect, or nothing. What the file does not name stays.
        The file is checked here first: a misspelt key is reported with its line.
        """
    static let options =
        Connection.adminOptions + [
            Option.value("file", "FILE", "the YAML file; - reads standard input", short: "f"),
            Option.flag("dry-run", "show what would change, and change nothing"),
        ]
    static let examples = [
        "mayfly apply -f registry.yaml --dry-run --dir ./broker",
        "mayfly apply -f registry.yaml --dir ./broker",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let document = try document(try call.required("file"))
        let admin = try AdminCall(call)
        let answer = try admin.change(
            "POST", "/api/v1/apply", query: [("dry_run", call.flag("dry-run") ? "true" : nil)], body: document)
        if call.isJSON { return Terminal.say(JSONText.object(answer)) }
        for line in try lines(answer) { Terminal.say(line) }
    }

    /// The file as a JSON object, checked as the broker will check it.
    private static func document(_ path: String) throws(CommandError) -> JSONObject {
        let bytes = try LocalFile.read(path, maximum: YAMLDocument.maximumBytes)
        do throws(YAMLError) {
            let document = try YAMLDocument.parse(bytes, file: path == "-" ? "(standard input)" : path)
            let reader = try document.reader()
            do throws(FieldError) {
                _ = try RegistryDocument.writes(reader)
            } catch {
                throw document.located(error)
            }
            return document.value.objectValue ?? [:]
        } catch {
            throw .usage("\(error)", next: "correct the file and apply it again; nothing was changed")
        }
    }

    /// One line for each record that differs, and how many there were of each sort.
    static func lines(_ answer: JSONObject) throws(CommandError) -> [String] {
        var rows: [(String, String)] = []
        var counts = ["create": 0, "update": 0, "unchanged": 0]
        for change in answer["changes"]?.arrayValue ?? [] {
            guard let object = change.objectValue, let target = object["target"]?.stringValue,
                let step = object["step"]?.stringValue, let count = counts[step]
            else { throw .failed("the broker's answer cannot be read", next: "is the broker of the same version?") }
            counts[step] = count + 1
            let members = object["members"]?.stringArrayValue ?? []
            switch step {
            case "create": rows.append(("+ " + Table.cell(target), "new"))
            case "update": rows.append(("~ " + Table.cell(target), members.joined(separator: ", ")))
            default: break
            }
        }
        let isDryRun = answer["dry_run"]?.boolValue ?? false
        let words = isDryRun ? ["to create", "to update"] : ["created", "updated"]
        let sum = "\(counts["create", default: 0]) \(words[0]), \(counts["update", default: 0]) \(words[1]), "
        let tail = "\(counts["unchanged", default: 0]) unchanged" + (isDryRun ? " (dry run)" : "")
        return Table.pairs(rows.sorted { $0.0.dropFirst(2) < $1.0.dropFirst(2) }) + [sum + tail]
    }
}
