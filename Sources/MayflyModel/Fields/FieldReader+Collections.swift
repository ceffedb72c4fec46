extension FieldReader {
    /// Elements up to which looking for a duplicate is quicker one by one than by hash.
    private static let shortCount = 16

    /// Takes an array of strings, each of at most `maximumLength` bytes; nil when absent, duplicates refused.
    package mutating func strings(
        _ name: String, maximumCount: Int, maximumLength: Int
    ) throws(FieldError) -> [String]? {
        guard let elements = try elements(name, maximumCount: maximumCount) else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(elements.count)
        // By bytes: two strings that Unicode calls equivalent are two values. A few are compared sooner than hashed.
        let isShort = elements.count <= Self.shortCount
        var seen: Set<[UInt8]> = []
        for (index, value) in elements.enumerated() {
            let text = try Self.text(value, at: path.member(name).element(index), maximum: maximumLength)
            let isNew =
                isShort
                ? !strings.contains { JSONObject.same($0, text) } : seen.insert(Array(text.utf8)).inserted
            guard isNew else {
                throw FieldError(path: path.member(name).element(index), problem: .duplicate)
            }
            strings.append(text)
        }
        return strings
    }

    /// Takes an array of identifiers; nil when absent, duplicates refused.
    package mutating func identifiers<Kind: IdentifierKind>(
        _ name: String, maximumCount: Int, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self
    ) throws(FieldError) -> [Identifier<Kind>]? {
        guard let elements = try elements(name, maximumCount: maximumCount) else { return nil }
        var identifiers: [Identifier<Kind>] = []
        identifiers.reserveCapacity(elements.count)
        let isShort = elements.count <= Self.shortCount
        var seen: Set<Identifier<Kind>> = []
        for (index, value) in elements.enumerated() {
            let identifier: Identifier<Kind> = try Self.identifier(value, at: path.member(name).element(index))
            let isNew = isShort ? !identifiers.contains(identifier) : seen.insert(identifier).inserted
            guard isNew else { throw FieldError(path: path.member(name).element(index), problem: .duplicate) }
            identifiers.append(identifier)
        }
        return identifiers
    }

    /// Takes an array of anything, each element with its place; nil when absent.
    package mutating func values(
        _ name: String, maximumCount: Int
    ) throws(FieldError) -> [(value: JSONValue, path: FieldPath)]? {
        guard let elements = try elements(name, maximumCount: maximumCount) else { return nil }
        guard !elements.isEmpty else { return [] }
        let place = path.member(name)
        return elements.enumerated().map { index, element in (element, place.element(index)) }
    }

    private mutating func elements(_ name: String, maximumCount: Int) throws(FieldError) -> [JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .array(let elements) = value else { throw failure(name, .wrongType(expected: "an array")) }
        guard elements.count <= maximumCount else { throw failure(name, .tooMany(maximum: maximumCount)) }
        return elements
    }

    /// Takes an object to be read by a reader of its own, which needs its own `finish()`; nil when absent.
    package mutating func object(_ name: String) throws(FieldError) -> FieldReader? {
        guard let value = take(name) else { return nil }
        return try FieldReader(value, path: path.member(name))
    }

    /// The text of one string value of at most `maximum` bytes, without control characters.
    ///
    /// The place is worked out for an error only.
    static func text(
        _ value: JSONValue, at path: @autoclosure () -> FieldPath, maximum: Int
    ) throws(FieldError) -> String {
        guard case .string(let text) = value else {
            throw FieldError(path: path(), problem: .wrongType(expected: "a string"))
        }
        guard text.utf8.count <= maximum else { throw FieldError(path: path(), problem: .tooLong(maximum: maximum)) }
        guard !holdsControl(text) else {
            throw FieldError(path: path(), problem: .invalid(rule: "must not contain control characters"))
        }
        return text
    }

    /// Whether some character is of Unicode's category Cc: U+0000 to U+001F and U+007F to U+009F.
    private static func holdsControl(_ text: String) -> Bool {
        let bytes = text.utf8.span
        var isAfterC2 = false
        for index in bytes.indices {
            let byte = bytes[index]
            // U+0080 to U+009F are C2 80 to C2 9F.
            if byte < 0x20 || byte == 0x7F || isAfterC2 && byte < 0xA0 { return true }
            isAfterC2 = byte == 0xC2
        }
        return false
    }

    /// One identifier in its full form, prefix included.
    static func identifier<Kind: IdentifierKind>(
        _ value: JSONValue, at path: @autoclosure () -> FieldPath
    ) throws(FieldError) -> Identifier<Kind> {
        guard case .string(let text) = value else {
            throw FieldError(path: path(), problem: .wrongType(expected: "a string"))
        }
        guard let identifier = Identifier<Kind>(text) else {
            let prefix = Kind.prefix.isEmpty ? "" : "\(Kind.prefix) and then "
            throw FieldError(
                path: path(),
                problem: .invalid(
                    rule: "must be \(prefix)1 to \(IdentifierLimits.maximumNameLength) of a-z 0-9 . _ -, "
                        + "the first a letter or digit"))
        }
        return identifier
    }
}
