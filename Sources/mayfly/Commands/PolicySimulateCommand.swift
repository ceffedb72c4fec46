import MayflyConfig
import MayflyModel
import MayflyPolicy

/// `mayfly policy simulate`: what a bundle would decide differently.
enum PolicySimulateCommand: CommandLineCommand {
    static let name = "policy simulate"
    static let summary = "Show which decisions would change under another bundle"
    static let details = """
        Replays decisions from the ledger (--since), or a file of requests written like a bundle's examples
        (--requests: a YAML mapping with the list requests). Nothing changes. Agents are taken as they are
        registered now. The ledger has of a request's context what policy knows by name, nothing before a bundle was
        in force, and not the type and id of what an action was about: decisions for which the bundle looks at more
        are counted as uncertain. Quotas are not simulated, and what one refused is left out.
        """
    static let positionals = [Positional("BUNDLE", PolicySource.help)]
    static let options =
        Connection.adminOptions + [
            Option.value("since", "TIME", "decisions from this time on: RFC 3339, or 30s, 15m, 24h, 7d ago"),
            Option.value("requests", "FILE", "requests instead of the ledger; compared with the bundle in force"),
            Option.value("limit", "N", "decisions to replay at most (default 10000)"),
        ]
    static let examples = [
        "mayfly policy simulate support-desk.yaml --since 7d --dir ./broker",
        "mayfly policy simulate support-desk.yaml --requests cases.yaml --dir ./broker",
    ]

    private struct Change {
        let what: String
        let from: String
        let to: String
        let rule: String
    }

    private struct Outcome {
        var seen = 0
        var changes: [Change] = []
        /// Decisions for which the bundle looks at something that is not in the ledger.
        var uncertain = 0
        /// What that is, and for how many decisions.
        var blindSpots: [String: Int] = [:]

        mutating func note(_ spots: [String]) {
            if !spots.isEmpty { uncertain += 1 }
            for spot in spots { blindSpots[spot, default: 0] += 1 }
        }
    }

    static func run(_ call: Invocation) throws(CommandError) {
        let admin = try AdminCall(call)
        let own = { () throws(CommandError) in admin }
        let bundle = try PolicySource.load(try call.requiredArgument("BUNDLE"), own).bundle
        let result: Outcome
        if let path = call.value("requests") {
            let active = try PolicySource.load("active", own).bundle
            result = try replay(file: path, bundle, against: active)
        } else {
            result = try replay(ledger: admin, since: call.value("since") ?? "7d", bundle, call)
        }
        if call.isJSON {
            let changes = result.changes.map { change -> JSONValue in
                .object([
                    "request": .string(change.what), "from": .string(change.from), "to": .string(change.to),
                    "rule": .string(change.rule),
                ])
            }
            return Terminal.say(
                JSONText.object([
                    "replayed": .integer(Int64(result.seen)), "changes": .array(changes),
                    "uncertain": .integer(Int64(result.uncertain)),
                    "not_in_ledger": .array(
                        spots(result).map {
                            .object(["name": .string($0.name), "decisions": .integer(Int64($0.count))])
                        }),
                ]))
        }
        let rows = result.changes.map { [$0.what, $0.from, $0.to, $0.rule] }
        if !rows.isEmpty {
            for line in Table.lines(["REQUEST", "NOW", "THEN", "RULE"], rows) { Terminal.say(line) }
        }
        Terminal.say("\(result.seen) decisions replayed, \(result.changes.count) would change")
        guard result.uncertain > 0 else { return }
        Terminal.say(
            "\(result.uncertain) are uncertain: for them the bundle looks at what the ledger does not have, "
                + spots(result).map { "\($0.name) (\($0.count))" }.joined(separator: ", "))
    }

    private static func spots(_ result: Outcome) -> [(name: String, count: Int)] {
        result.blindSpots.sorted { $0.key < $1.key }.map { (Table.cell($0.key), $0.value) }
    }

    private static func replay(
        file path: String, _ bundle: PolicyBundle, against active: PolicyBundle
    ) throws(CommandError) -> Outcome {
        let bytes = try LocalFile.read(path, maximum: YAMLDocument.maximumBytes)
        var result = Outcome()
        do throws(YAMLError) {
            let yaml = try YAMLDocument.parse(bytes, file: path == "-" ? "(standard input)" : path)
            var fields = try yaml.reader()
            do throws(FieldError) {
                for (value, place) in try fields.values("requests", maximumCount: 100_000) ?? [] {
                    var reader = try FieldReader(value, path: place)
                    let facts = try PolicyFacts(&reader)
                    result.seen += 1
                    note("\(place)", active.decide(facts).outcome.name, bundle.decide(facts), &result.changes)
                }
                try fields.finish()
            } catch {
                throw yaml.located(error)
            }
        } catch {
            throw .usage("\(error)", next: "correct the file")
        }
        return result
    }

    private static func replay(
        ledger admin: AdminCall, since: String, _ bundle: PolicyBundle, _ call: Invocation
    ) throws(CommandError) -> Outcome {
        let since = try LedgerOptions.time(since, "since", call)
        let limit = Int(clamping: try call.integer("limit", in: 1...1_000_000) ?? 10_000)
        var replay = try PolicyReplay(admin)
        var result = Outcome()
        var cursor: String?
        repeat {
            let page = try admin.get(
                "/api/v1/ledger", query: [("since", since), ("limit", "500"), ("cursor", cursor)])
            for element in page["entries"]?.arrayValue ?? [] where result.seen < limit {
                guard let row = element.objectValue, let entry = row["entry"]?.objectValue,
                    let question = try replay.question(entry), !question.isByQuota
                else { continue }
                result.seen += 1
                let facts = question.facts
                let what =
                    "\(RecordOutput.text(row["index"] ?? .null)) \(facts.agent.id) "
                    + "\(facts.action ?? facts.scopes.joined(separator: " ")) at \(facts.resource)"
                note(what, question.decision, bundle.decide(facts), &result.changes)
                result.note(bundle.blindSpots(facts, gaps: question.gaps))
            }
            cursor = page["next_cursor"]?.stringValue
        } while cursor != nil && result.seen < limit
        return result
    }

    private static func note(
        _ what: String, _ before: String, _ decision: PolicyDecision, _ changes: inout [Change]
    ) {
        guard before != decision.outcome.name else { return }
        changes.append(Change(what: what, from: before, to: decision.outcome.name, rule: decision.rule))
    }
}
