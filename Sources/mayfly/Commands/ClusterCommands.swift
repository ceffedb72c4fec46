import MayflyModel

/// `mayfly cluster status`: the brokers that share one store.
enum ClusterCommands {
    static let all = [status]

    private static let status = Command(
        name: "cluster status", summary: "Show the brokers that share one store, and how far each is",
        details: """
            What the broker that is asked saw when it last looked, a moment ago. LEASE is over for a node that may not
            answer: it has lost touch with the database, or has gone without a word. Exit status 1 when there is one.
            LEADS marks the one that cleans up and tells notices. APPLIED counts the commits in a node's memory, LAG those
            that it may lack: what concerns all reaches it at once, and the rest within half a lease.
            """,
        options: Connection.adminOptions,
        examples: [
            "mayfly cluster status --dir ./broker",
            "mayfly cluster status --server http://10.0.0.2:8480 --issuer https://mayfly.example.com"
                + " --admin-key admin.pem",
        ]
    ) { call throws(CommandError) in
        let answer = try AdminCall(call).get("/api/v1/cluster")
        if call.isJSON {
            Terminal.say(JSONText.object(answer))
        } else {
            for line in lines(answer) { Terminal.say(line) }
        }
        if nodes(answer).contains(where: { !isAlive($0) }) { throw .no }
    }

    /// What is shown to people.
    static func lines(_ answer: JSONObject) -> [String] {
        func text(_ name: String) -> String { RecordOutput.text(answer[name] ?? .null) }
        let entries = text("ledger_size") + " entries"
        guard answer["shared"] == .bool(true) else {
            return Table.pairs([("revision", text("revision")), ("ledger", entries)])
                + ["this broker has its store for itself"]
        }
        let lease = answer["lease_seconds"]?.integerValue.map { RecordOutput.span($0) } ?? ""
        let rows = nodes(answer).map { node in
            [
                RecordOutput.text(node["name"] ?? .null), RecordOutput.text(node["address"] ?? .null),
                isAlive(node) ? "alive" : "over", node["leader"] == .bool(true) ? "yes" : "",
                RecordOutput.text(node["applied"] ?? .null), RecordOutput.text(node["lag"] ?? .null),
            ]
        }
        return Table.pairs([
            ("asked", text("node")), ("revision", text("revision")), ("commits", text("commits")), ("ledger", entries),
            ("lease", lease),
        ]) + Table.lines(["NODE", "ADDRESS", "LEASE", "LEADS", "APPLIED", "LAG"], rows)
    }

    private static func nodes(_ answer: JSONObject) -> [JSONObject] {
        (answer["nodes"]?.arrayValue ?? []).compactMap(\.objectValue)
    }

    private static func isAlive(_ node: JSONObject) -> Bool { node["alive"] == .bool(true) }
}
