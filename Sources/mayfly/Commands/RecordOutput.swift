import MayflyModel

/// Shows records of the admin API.
enum RecordOutput {
    /// One record: JSON, or one member a line.
    static func show(_ record: JSONObject, _ call: Invocation) {
        if call.isJSON { return Terminal.say(JSONText.object(record)) }
        let pairs = record.members.map { ($0.name, text($0.value)) }
        for line in Table.pairs(pairs) { Terminal.say(line) }
    }

    /// Many records: JSON, or a table of the named members, by the first of them unless the order of the answer says
    /// something.
    static func list(
        _ records: [JSONObject], as name: String, columns: [String], keepsOrder: Bool = false, _ call: Invocation
    ) {
        if call.isJSON { return Terminal.say(JSONText.object([name: .array(records.map { .object($0) })])) }
        guard !records.isEmpty else { return Terminal.say("no \(name)") }
        let rows = records.map { record in columns.map { text(record[$0] ?? .null) } }
        let sorted = keepsOrder ? rows : rows.sorted { ($0.first ?? "") < ($1.first ?? "") }
        let head = columns.map { column in
            String(column.map { $0 == "_" ? " " : $0 }).uppercased()
        }
        for line in Table.lines(head, sorted) { Terminal.say(line) }
    }

    /// The result of a change: JSON, or one sentence.
    static func done(_ sentence: String, _ answer: JSONObject, _ call: Invocation) {
        Terminal.say(call.isJSON ? JSONText.object(answer) : sentence)
    }

    /// A value in one cell.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .array(let elements): elements.map(element).joined(separator: ", ")
        case .object(let object): money(object) ?? JSONText.line(value)
        case .bool, .integer, .number: JSONText.line(value)
        }
    }

    /// An amount with its currency as people write it; nil for anything else.
    private static func money(_ object: JSONObject) -> String? {
        guard object.members.count == 2, let amount = object["amount"]?.stringValue,
            let currency = object["currency"]?.stringValue
        else { return nil }
        return "\(amount) \(currency)"
    }

    /// Seconds in the largest unit that divides them, as the configuration writes spans.
    static func span(_ seconds: Int64) -> String {
        for (unit, name) in [(Int64(86_400), "d"), (3600, "h"), (60, "m")] where seconds > 0 && seconds % unit == 0 {
            return "\(seconds / unit)\(name)"
        }
        return "\(seconds)s"
    }

    /// Of a key its id and label are enough; the rest is there with `--json`.
    private static func element(_ value: JSONValue) -> String {
        guard let object = value.objectValue else { return text(value) }
        guard let keyID = object["kid"]?.stringValue else { return JSONText.line(value) }
        return object["label"]?.stringValue.map { "\(keyID) (\($0))" } ?? keyID
    }
}
