import MayflyModel

/// `mayfly ledger archive|archives`: old entries in files of their own.
enum LedgerArchiveCommands {
    static let all = [archive, archives]

    private static let archive = Command(
        name: "ledger archive", summary: "Move the oldest entries out of the store, into compressed files that verify",
        details: """
            Whole tiles of 256 entries go, and the newest 256 entries always stay. Everything that reads the ledger still
            finds the archived entries as long as the files are in the broker's archive folder.
            """,
        options: Connection.adminOptions + [
            .value("keep", "N", "archive all but the newest N entries"),
            .value("before", "TIME", "archive what is older than this time: RFC 3339, or 90d, 24h ago"),
        ],
        examples: [
            "mayfly ledger archive --before 90d --dir ./broker", "mayfly ledger archive --keep 1000000 --dir ./broker",
        ]
    ) { call throws(CommandError) in
        let body = try cut(call)
        let admin = try AdminCall(call)
        var written: [JSONObject] = []
        var isMore = true
        while isMore {
            let answer = try admin.change("POST", "/api/v1/ledger/archives", body: body)
            guard let archive = answer["archive"]?.objectValue else { break }
            written.append(archive)
            isMore = answer["more"] == .bool(true)
        }
        if call.isJSON {
            return Terminal.say(JSONText.object(["archives": .array(written.map { .object($0) })]))
        }
        guard !written.isEmpty else { return Terminal.say("nothing to archive: no full tile of 256 entries may go") }
        RecordOutput.list(written, as: "archives", columns: ["file", "first", "last", "size"], call)
    }

    private static func cut(_ call: Invocation) throws(CommandError) -> JSONObject {
        let keep = try call.integer("keep", in: 0...Int64.max)
        let before = try call.value("before").map { text throws(CommandError) in
            try LedgerOptions.time(text, "before", call)
        }
        switch (keep, before) {
        case (.some(let count), nil): return ["keep": .integer(count)]
        case (nil, .some(let time)): return ["before": .string(time)]
        default: throw call.usage("exactly one of --keep and --before is needed")
        }
    }

    private static let archives = Command(
        name: "ledger archives", summary: "List the files of archived entries, and whether each is in its place",
        options: Connection.adminOptions, examples: ["mayfly ledger archives --dir ./broker"]
    ) { call throws(CommandError) in
        let answer = try AdminCall(call).get("/api/v1/ledger/archives")
        let archives = (answer["archives"]?.arrayValue ?? []).compactMap(\.objectValue)
        RecordOutput.list(
            archives, as: "archives", columns: ["file", "first", "last", "until", "size", "present"], call)
    }
}
