import MayflyBroker
import MayflyClient
import MayflyModel

/// `mayfly agent composition …`: what agents are made of, and their owners' word on a changed one.
enum AgentCompositionCommands {
    static let all = [digest, list, show, approve, deny]

    private static let name = Positional("NAME", "the agent, with or without agent:")

    private static let digest = Command(
        name: "agent composition digest", summary: "Print the digests of what an agent is made of, and their one",
        details: """
            Each part is a file, or the sha256: of one that is elsewhere. The parts go into the agent's registration, and
            the last line is what each of its token requests presents (--composition). Nothing is sent anywhere.
            """,
        options: [
            .value("model", "FILE", "the model's weights, or the text that names it and its version"),
            .value("prompt", "FILE", "the prompt"),
            .value("tools", "FILE", "the manifest of the tools that it may call"),
            .value("image-digest", "DIGEST", "the image that it runs from, by its own digest; or a file"),
        ],
        examples: ["mayfly agent composition digest --prompt prompt.txt --tools tools.json"]
    ) { call throws(CommandError) in
        var digests: [Composition.Part: CompositionDigest] = [:]
        for (option, part) in [
            ("model", Composition.Part.model), ("prompt", .prompt), ("tools", .tools), ("image-digest", .image),
        ] {
            guard let text = call.value(option) else { continue }
            digests[part] = try partDigest(text, option, call)
        }
        guard let composition = Composition(digests) else {
            throw call.usage("no part is given: --model, --prompt, --tools or --image-digest")
        }
        if call.isJSON {
            return Terminal.say(
                JSONText.object([
                    "composition": .object(composition.json), "sha256": .string(composition.digest.text),
                ]))
        }
        Terminal.say("composition:")
        for (part, digest) in composition.parts { Terminal.say("  \(part.rawValue): \(digest.text)") }
        Terminal.say(composition.digest.text)
    }

    private static func partDigest(
        _ text: String, _ option: String, _ call: Invocation
    ) throws(CommandError) -> CompositionDigest {
        if let digest = CompositionDigest(text) { return digest }
        guard !text.hasPrefix(CompositionDigest.prefix) else {
            throw call.usage("--\(option) is a file, or \(CompositionDigest.rule)")
        }
        return CompositionDigest(try LocalFile.digest(text))
    }

    private static let list = Command(
        name: "agent composition list", summary: "List agents whose changed composition waits for its owner",
        details: "An owner sees their own agents, an administrator all of them.", options: Connection.personOptions,
        examples: ["mayfly agent composition list --as support-lead --server https://mayfly.example.com"]
    ) { call throws(CommandError) in
        let session = try Connection.person(call)
        let records = try Connection.attempt { () throws(ClientError) in
            try session.list("/api/v1/compositions", "compositions")
        }
        if call.isJSON { return RecordOutput.list(records, as: "compositions", columns: [], call) }
        let rows = records.map { record -> JSONObject in
            let pending = record["pending"]?.objectValue
            return [
                "agent": record["agent"] ?? .null, "from": record["sha256"] ?? .null,
                "to": pending?["sha256"] ?? .null, "by": pending?["by"] ?? .null,
                "lapses": pending?["lapses"] ?? .null,
            ]
        }
        RecordOutput.list(rows, as: "compositions", columns: ["agent", "from", "to", "by", "lapses"], call)
    }

    private static let show = Command(
        name: "agent composition show", summary: "Show what an agent is made of, and the change that waits",
        positionals: [name], options: Connection.personOptions,
        examples: ["mayfly agent composition show support --as support-lead"]
    ) { call throws(CommandError) in
        let path = try path(call).path
        let session = try Connection.person(call)
        let record = try Connection.attempt { () throws(ClientError) in try session.get(path) }
        RecordOutput.show(record, call)
    }

    private static let approve = vote(
        "approve", "Agree to a changed composition, as the agent's owner with your own key", "approved")
    private static let deny = vote("deny", "Refuse a changed composition, as the owner or an administrator", "denied")

    private static func vote(_ word: String, _ summary: String, _ past: String) -> Command {
        Command(
            name: "agent composition \(word)", summary: summary,
            details: """
                --composition names the change, as agent composition show prints its sha256; none is to have none.
                With a yes every token of the former program ends, and only the new one gets any.
                """,
            positionals: [name],
            options: Connection.personOptions + [
                .value("composition", "DIGEST", "the sha256 of the change that waits, or none"), .reason,
            ],
            examples: [
                "mayfly agent composition \(word) support --as support-lead --composition none --reason \"retired\""
            ]
        ) { call throws(CommandError) in
            let body: JSONObject = [
                "composition": .string(try call.required("composition")),
                "reason": .string(try call.required("reason")),
            ]
            if word == "approve", call.value("as") == nil {
                throw call.usage("--as is missing: owners approve, and administrators can only deny")
            }
            let (path, id) = try path(call)
            let session = try Connection.person(call)
            let record = try Connection.attempt { () throws(ClientError) in
                try session.change("POST", "\(path)/\(word)", body: body)
            }
            RecordOutput.done("\(past): \(id) is \(Table.cell(record["sha256"]?.stringValue ?? ""))", record, call)
        }
    }

    private static func path(_ call: Invocation) throws(CommandError) -> (path: String, id: AgentID) {
        guard let id = AgentID(lenient: try call.requiredArgument("NAME")) else {
            throw call.usage("NAME is not a name: agent: and then 1 to 63 of a-z 0-9 . _ -")
        }
        return ("/api/v1/agents/\(FormBody.segment(id.text))/composition", id)
    }

    /// What `--composition` of a token command presents.
    static func option(_ call: Invocation) throws(CommandError) -> String? {
        guard let text = call.value("composition") else { return nil }
        guard let digest = CompositionDigest(text) else {
            throw call.usage("--composition is \(CompositionDigest.rule)")
        }
        return digest.text
    }

    /// A record of the admin API with the composition that an administrator wants: that which waits, where one does.
    ///
    /// A write of the one in force would withdraw the other.
    static func wanted(in record: JSONObject) -> JSONObject {
        guard let pending = record["pending_composition"]?.objectValue else { return record }
        var wanted = record
        wanted["pending_composition"] = nil
        wanted["composition"] = pending["composition"]
        return wanted
    }
}
