/// Decoded name and value pairs of a form or a query, in the order they were sent.
///
/// OAuth's rule is built in: an empty parameter counts as absent and a repeated one is an error (RFC 6749 §3.1, §3.2).
package struct FormFields: Equatable, Sendable {
    /// One decoded pair.
    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Every pair, empty and repeated ones included.
    package let fields: [Field]

    package init(_ fields: [Field] = []) {
        self.fields = fields
    }

    package var isEmpty: Bool { fields.isEmpty }

    /// The value of a parameter that may be sent once; nil when absent or empty, `repeatedField` when sent twice.
    package func value(_ name: String) throws(HTTPSyntaxError) -> String? {
        var found: String?
        for field in fields where Self.same(field.name, name) {
            guard found == nil else { throw .repeatedField }
            found = field.value
        }
        guard let found, !found.isEmpty else { return nil }
        return found
    }

    /// The values of a parameter that may repeat, such as `resource` (RFC 8707 §2); empty ones are left out.
    package func values(_ name: String) -> [String] {
        fields.filter { Self.same($0.name, name) && !$0.value.isEmpty }.map(\.value)
    }

    /// Whether the parameter was sent at all, even empty.
    package func contains(_ name: String) -> Bool {
        fields.contains { Self.same($0.name, name) }
    }

    /// Compares bytes: `String ==` would take canonically equivalent spellings for one name.
    private static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
