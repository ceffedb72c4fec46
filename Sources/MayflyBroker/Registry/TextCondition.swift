package import MayflyModel

/// What a text must be: exactly this, or all of it matching an anchored pattern.
///
/// Written as a string, or as `{"pattern": "…"}`. A string is always taken as it is, stars included.
package enum TextCondition: Hashable, Sendable {
    case exactly(String)
    case matching(AnchoredPattern)

    package static let maximumLength = AnchoredPattern.maximumLength

    /// Compares bytes.
    package func holds(for text: String) -> Bool {
        switch self {
        case .exactly(let expected): expected.utf8.elementsEqual(text.utf8)
        case .matching(let pattern): pattern.matches(text)
        }
    }

    package static func == (left: TextCondition, right: TextCondition) -> Bool {
        switch (left, right) {
        case (.exactly(let left), .exactly(let right)): left.utf8.elementsEqual(right.utf8)
        case (.matching(let left), .matching(let right)): left.text.utf8.elementsEqual(right.text.utf8)
        case (.exactly, _), (.matching, _): false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .exactly(let text): hasher.combine(Array(text.utf8))
        case .matching(let pattern): hasher.combine(Array(pattern.text.utf8))
        }
    }

    package var json: JSONValue {
        switch self {
        case .exactly(let text): .string(text)
        case .matching(let pattern): .object(["pattern": .string(pattern.text)])
        }
    }

    /// Takes the member `name`; nil when absent.
    static func read(_ name: String, of fields: inout FieldReader) throws(FieldError) -> TextCondition? {
        var ahead = fields
        guard let value = ahead.take(name) else {
            fields = ahead
            return nil
        }
        guard case .object = value else {
            guard let text = try fields.optionalString(name, maximum: maximumLength), !text.isEmpty else {
                throw fields.failure(name, .invalid(rule: "must not be empty"))
            }
            return .exactly(text)
        }
        guard var object = try fields.object(name) else { return nil }
        guard let pattern = AnchoredPattern(try object.string("pattern", maximum: maximumLength)) else {
            throw object.failure("pattern", .invalid(rule: AnchoredPattern.rule))
        }
        try object.finish()
        return .matching(pattern)
    }
}
