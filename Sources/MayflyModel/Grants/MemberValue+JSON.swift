extension MemberValue {
    /// Reads the JSON shape that `member` declares, or nil for any other shape or a value out of bounds.
    ///
    /// A set is an array of strings; a decimal is a string, never a JSON fraction; money is
    /// `{"amount": "12.50", "currency": "EUR"}`; a path is a string such as `/a/b`; a flag is a boolean.
    package static func read(_ json: JSONValue, as member: DetailMember) -> MemberValue? {
        switch (member.order, member.unit) {
        case (.set, _): readSet(json)
        case (.path, _): json.stringValue.flatMap(readPath)
        case (.flag, _): json.boolValue.map(MemberValue.flag)
        case (_, .text): json.stringValue.flatMap(ExactText.init).map(MemberValue.text)
        case (_, .integer): json.integerValue.map(MemberValue.integer)
        case (_, .decimal): json.stringValue.flatMap(DecimalNumber.init).map(MemberValue.decimal)
        case (_, .money): Money(json).map { .money($0.amount, currency: $0.currency) }
        case (_, nil): nil
        }
    }

    /// The canonical JSON shape; `read` gives the same value back.
    package var json: JSONValue {
        switch self {
        case .set(let set): .array(set.elements.map { .string($0.text) })
        case .text(let text): .string(text.text)
        case .integer(let number): .integer(number)
        case .decimal(let number): .string(number.text)
        case .money(let amount, let currency):
            Money(amount: amount, currency: currency).json
        case .path(let segments): .string("/" + segments.map(\.text).joined(separator: "/"))
        case .flag(let flag): .bool(flag)
        }
    }

    private static func readSet(_ json: JSONValue) -> MemberValue? {
        guard let texts = json.arrayValue, (1...maximumSetElements).contains(texts.count) else { return nil }
        let elements = texts.compactMap { $0.stringValue.flatMap(ExactText.init) }
        guard elements.count == texts.count else { return nil }
        return .set(SortedSet(elements))
    }

    /// Refuses every second spelling of a place (`.`, `..`, `//`, a slash at the end) and what a tool might decode into
    /// one (`%`, backslash).
    private static func readPath(_ text: String) -> MemberValue? {
        guard let whole = ExactText(text), whole.text.utf8.first == UInt8(ascii: "/") else { return nil }
        guard !text.utf8.contains(UInt8(ascii: "%")), !text.utf8.contains(UInt8(ascii: "\\")) else { return nil }
        guard text.utf8.count > 1 else { return .path([]) }
        // Split as bytes: by Character, a slash with a combining mark would not separate.
        let parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= maximumPathSegments else { return nil }
        var segments: [ExactText] = []
        for part in parts {
            guard let segment = ExactText(String(Substring(part))), segment.text != ".", segment.text != ".." else {
                return nil
            }
            segments.append(segment)
        }
        return .path(segments)
    }
}
