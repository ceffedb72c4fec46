extension FieldReader {
    /// Takes an array of strings, each of at most `maximumLength` bytes; nil when absent, duplicates refused.
    package mutating func strings(
        _ name: String, maximumCount: Int, maximumLength: Int
    ) throws(FieldError) -> [String]? {
        guard let elements = try values(name, maximumCount: maximumCount) else { return nil }
        var strings: [String] = []
        // Keyed by bytes: two strings that Unicode calls equivalent are two values.
        var seen: Set<[UInt8]> = []
        for (value, path) in elements {
            let text = try Self.text(value, at: path, maximum: maximumLength)
            guard seen.insert(Array(text.utf8)).inserted else { throw FieldError(path: path, problem: .duplicate) }
            strings.append(text)
        }
        return strings
    }

    /// Takes an array of identifiers; nil when absent, duplicates refused.
    package mutating func identifiers<Kind: IdentifierKind>(
        _ name: String, maximumCount: Int, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) throws(FieldError) -> [Identifier<Kind>]? {
        guard let elements = try values(name, maximumCount: maximumCount) else { return nil }
        var identifiers: [Identifier<Kind>] = []
        var seen: Set<Identifier<Kind>> = []
        for (value, path) in elements {
            let identifier: Identifier<Kind> = try Self.identifier(value, at: path)
            guard seen.insert(identifier).inserted else { throw FieldError(path: path, problem: .duplicate) }
            identifiers.append(identifier)
        }
        return identifiers
    }

    /// Takes an array of anything, each element with its place; nil when absent.
    package mutating func values(
        _ name: String, maximumCount: Int
    ) throws(FieldError) -> [(value: JSONValue, path: FieldPath)]? {
        guard let value = take(name) else { return nil }
        guard case .array(let elements) = value else { throw failure(name, .wrongType(expected: "an array")) }
        guard elements.count <= maximumCount else { throw failure(name, .tooMany(maximum: maximumCount)) }
        let place = path.member(name)
        return elements.enumerated().map { index, element in (element, place.element(index)) }
    }

    /// Takes an object to be read by a reader of its own, which needs its own `finish()`; nil when absent.
    package mutating func object(_ name: String) throws(FieldError) -> FieldReader? {
        guard let value = take(name) else { return nil }
        return try FieldReader(value, path: path.member(name))
    }

    /// The text of one string value of at most `maximum` bytes, without control characters.
    static func text(_ value: JSONValue, at path: FieldPath, maximum: Int) throws(FieldError) -> String {
        guard case .string(let text) = value else {
            throw FieldError(path: path, problem: .wrongType(expected: "a string"))
        }
        guard text.utf8.count <= maximum else { throw FieldError(path: path, problem: .tooLong(maximum: maximum)) }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw FieldError(path: path, problem: .invalid(rule: "must not contain control characters"))
        }
        return text
    }

    /// One identifier in its full form, prefix included.
    static func identifier<Kind: IdentifierKind>(
        _ value: JSONValue, at path: FieldPath
    ) throws(FieldError) -> Identifier<Kind> {
        guard case .string(let text) = value else {
            throw FieldError(path: path, problem: .wrongType(expected: "a string"))
        }
        guard let identifier = Identifier<Kind>(text) else {
            let prefix = Kind.prefix.isEmpty ? "" : "\(Kind.prefix) and then "
            throw FieldError(
                path: path,
                problem: .invalid(
                    rule: "must be \(prefix)1 to \(IdentifierLimits.maximumNameLength) of a-z 0-9 . _ -, "
                        + "the first a letter or digit"))
        }
        return identifier
    }
}
