import MayflyClient
import MayflyModel

/// `mayfly ledger query|export|tree`: what happened.
enum LedgerCommands {
    static let all = [query, export, tree] + LedgerProofCommands.all + LedgerArchiveCommands.all

    private static let defaultCount: Int64 = 50
    private static let pageSize: Int64 = 500

    private static let query = Command(
        name: "ledger query", summary: "Search the ledger, newest first",
        options: Connection.adminOptions + LedgerOptions.query + [
            .value("limit", "N", "at most so many entries (default \(defaultCount))")
        ],
        examples: [
            "mayfly ledger query --agent support --since 24h --dir ./broker",
            "mayfly ledger query --event action.decided --outcome denied --json --dir ./broker",
        ]
    ) { call throws(CommandError) in
        let limit = try call.integer("limit", in: 1...1_000_000) ?? defaultCount
        let admin = try AdminCall(call)
        let found = try entries(admin, try LedgerOptions.query(call), limit: limit)
        if call.isJSON {
            return Terminal.say(JSONText.object(["entries": .array(found.map { .object($0) })]))
        }
        guard !found.isEmpty else { return Terminal.say("no entries") }
        let rows = found.map { row($0) }
        for line in Table.lines(["INDEX", "TIME", "EVENT", "OUTCOME", "ACTOR", "ABOUT"], rows) { Terminal.say(line) }
    }

    /// Up to `limit` entries, newest first.
    private static func entries(
        _ admin: AdminCall, _ query: [(String, String?)], limit: Int64
    ) throws(CommandError) -> [JSONObject] {
        var found: [JSONObject] = []
        var cursor: String?
        repeat {
            let size = min(pageSize, limit - Int64(found.count))
            let page = try admin.get(
                "/api/v1/ledger", query: query + [("limit", String(size)), ("cursor", cursor)])
            found += (page["entries"]?.arrayValue ?? []).compactMap(\.objectValue)
            let next = page["next_cursor"]?.stringValue
            if next == cursor { break }
            cursor = next
        } while cursor != nil && Int64(found.count) < limit
        return found
    }

    private static func row(_ found: JSONObject) -> [String] {
        let entry = found["entry"]?.objectValue ?? [:]
        func text(_ name: String) -> String { entry[name]?.stringValue ?? "" }
        let about = ["target", "agent", "action", "scope", "resource", "rule", "task", "reason"].compactMap { name in
            let value = text(name)
            return value.isEmpty || value == text("actor") ? nil : "\(name)=\(value)"
        }
        return [
            found["index"]?.stringValue ?? "", text("time"), text("event"), text("outcome"), text("actor"),
            about.joined(separator: " "),
        ]
    }

    private static let export = Command(
        name: "ledger export", summary: "Print every entry as it is stored, one JSON object a line",
        details: "Line N, counted from --from, is entry N byte for byte: what the Merkle tree covers.",
        options: Connection.adminOptions + [.value("from", "INDEX", "begin with this entry (default 0)")],
        examples: ["mayfly ledger export --dir ./broker > ledger.jsonl"]
    ) { call throws(CommandError) in
        let reader = LedgerReader(admin: try AdminCall(call))
        let from = UInt64(try call.integer("from", in: 0...Int64.max) ?? 0)
        try reader.each(from: from, until: nil) { entry throws(CommandError) in
            Terminal.say(String(decoding: entry.bytes, as: UTF8.self))
        }
    }

    private static let tree = Command(
        name: "ledger tree", summary: "Show who handed which rights to whom in one task",
        options: Connection.adminOptions + [.value("task", "TASK", "the task's name")],
        examples: ["mayfly ledger tree --task ticket-1042 --dir ./broker"]
    ) { call throws(CommandError) in
        let task = try call.required("task")
        let admin = try AdminCall(call)
        let found = try entries(admin, [("task", task)], limit: 100_000)
        let tree = DelegationTree(found.reversed().compactMap { $0["entry"]?.objectValue })
        if call.isJSON { return Terminal.say(JSONText.object(["task": .string(task), "tokens": tree.json])) }
        let lines = tree.lines
        guard !lines.isEmpty else {
            throw .refused("no token was issued in that task", next: "see: mayfly ledger query --event token.issued")
        }
        for line in lines { Terminal.say(line) }
    }
}
