import MayflyModel

/// `mayfly agent behaviour`: what is usual for an agent.
enum AgentBehaviourCommand: CommandLineCommand {
    static let name = "agent behaviour"
    static let summary = "Show what is usual for an agent"
    static let details = """
        What the broker has learned of the agent: how often, of late more than long ago, it used which scope and
        resource and shared rights with whom, at which hours of the day in UTC, and how many requests it makes within
        minutes. See docs/behaviour.md.
        """
    static let positionals = [Positional("NAME", "the agent, with or without agent:")]
    static let options = Connection.adminOptions
    static let examples = ["mayfly agent behaviour support --dir ./broker"]

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        let (path, id) = try admin.path("agents", "NAME", AgentID.self)
        let report = try admin.get("\(path)/behaviour")
        if call.isJSON { return Terminal.say(JSONText.object(report)) }
        for line in lines(report, id) { Terminal.say(line) }
    }

    static func lines(_ report: JSONObject, _ id: AgentID) -> [String] {
        let requests = text(report["requests"])
        var lines = Table.pairs([
            ("agent", id.text),
            (
                "known",
                report["known"]?.boolValue == true
                    ? "yes" : "no: \(requests) of \(text(report["requests_needed"])) requests"
            ),
            ("requests allowed", requests), ("last seen", text(report["last_seen"])),
            ("active days", text(report["active_days"])),
        ])
        for (head, member) in [("SCOPE", "scopes"), ("RESOURCE", "resources"), ("PARTNER", "partners")] {
            let rows = (report[member]?.arrayValue ?? []).compactMap(\.objectValue)
                .map { [text($0["name"]), text($0["count"])] }
            if !rows.isEmpty { lines += [""] + Table.lines([head, "COUNT"], rows) }
        }
        let paces = [("token", "mint"), ("action", "action")].compactMap { word, member in
            report[member]?.objectValue.map { pace in
                [word]
                    + ["recent", "recent_refused", "peak_today", "peak_usual", "weeks", "weeks_refused"]
                    .map { text(pace[$0]) }
            }
        }
        if !paces.isEmpty {
            lines +=
                [""]
                + Table.lines(
                    ["REQUEST", "LAST MINUTES", "REFUSED", "PEAK TODAY", "USUAL PEAK", "EARLIER DAYS", "REFUSED THEN"],
                    paces)
        }
        if let hours = report["hours"]?.arrayValue, let active = activeHours(hours) {
            lines += [""] + Table.pairs([("usual hours", active)])
        }
        return lines
    }

    /// The hours at which there was some request, with their days; nil for none.
    private static func activeHours(_ hours: [JSONValue]) -> String? {
        let active = hours.enumerated().filter { $0.element != .integer(0) }
            .map { "\($0.offset < 10 ? "0" : "")\($0.offset)h: \(text($0.element))" }
        return active.isEmpty ? nil : active.joined(separator: ", ") + " days"
    }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .integer(let number): String(number)
        case .number(let literal): literal
        case .string(let text): text
        default: ""
        }
    }
}
