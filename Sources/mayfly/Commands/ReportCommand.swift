import MayflyCrypto
import MayflyModel

/// `mayfly report`: what governance did, from the ledger.
enum ReportCommand: CommandLineCommand {
    static let name = "report"
    static let summary = "Report decisions, approvals, limits and the ledger's completeness"
    static let details = """
        Counts the ledger's entries of a stretch of time. A day with a sudden drop of refusals is one whose rate is less
        than half of the seven days before: something may have stopped refusing. What the numbers are evidence for
        stands in docs/compliance.md.
        """
    static let options =
        Connection.adminOptions + [
            Option.value("since", "TIME", "from this time on: RFC 3339, or 24h, 30d ago (default 30d)"),
            Option.value("until", "TIME", "before this time"),
            Option.value("html", "FILE", "write a page with charts, which loads nothing"),
        ]
    static let examples = [
        "mayfly report --since 30d --dir ./broker", "mayfly report --since 90d --html report.html --dir ./broker",
    ]

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        let since = try LedgerOptions.time(call.value("since") ?? "30d", "since", call)
        let until = try call.value("until").map { text throws(CommandError) in
            try LedgerOptions.time(text, "until", call)
        }
        var report = try read(admin, since: since, until: until)
        let now = RFC3339.format(SystemClock().now())
        report.until = min(until.flatMap(RFC3339.parse).map(RFC3339.format) ?? now, now)
        if let path = call.value("html") {
            let period = "\(since) to \(until ?? now), \(report.entries) entries"
            try LocalFile.write(Array(ReportPage.html(report, period: period).utf8), to: path)
            return Terminal.say("written to \(path)")
        }
        if call.isJSON { return Terminal.say(JSONText.object(report.json)) }
        for section in report.sections where !section.rows.isEmpty {
            Terminal.say(section.title)
            for line in Table.lines(section.head, section.rows) { Terminal.say("  " + line) }
            Terminal.say("")
        }
    }

    private static func read(
        _ admin: AdminCall, since: String, until: String?
    ) throws(CommandError) -> GovernanceReport {
        var report = GovernanceReport()
        var cursor: String?
        repeat {
            let page = try admin.get(
                "/api/v1/ledger", query: [("since", since), ("until", until), ("limit", "500"), ("cursor", cursor)])
            for element in page["entries"]?.arrayValue ?? [] {
                if let entry = element.objectValue?["entry"]?.objectValue { report.take(entry) }
            }
            cursor = page["next_cursor"]?.stringValue
        } while cursor != nil
        return report
    }
}
