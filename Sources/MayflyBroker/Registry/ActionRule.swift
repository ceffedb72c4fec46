package import MayflyModel

/// What a token must hold for one named action of a resource.
package struct ActionRule: Equatable, Sendable {
    package let name: String
    /// Nil when the action is covered by authorization details alone.
    package let scope: Scope?
    /// True for an action that changes nothing, so that a read-only grant covers it.
    package let readOnly: Bool

    package static let maximumNameLength = 128

    var json: JSONObject {
        var object: JSONObject = ["name": .string(name)]
        object["scope"] = scope.map { .string($0.text) }
        object["read_only"] = readOnly ? .bool(true) : nil
        return object
    }

    static func list(_ member: String, in fields: inout FieldReader) throws(FieldError) -> [ActionRule] {
        var rules: [ActionRule] = []
        for (value, path) in try fields.values(member, maximumCount: RegistryLimits.actionsPerResource) ?? [] {
            var reader = try FieldReader(value, path: path)
            let name = try reader.string("name", maximum: maximumNameLength)
            guard !rules.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw reader.failure("name", .duplicate)
            }
            let scope = try reader.optionalScope("scope")
            rules.append(
                ActionRule(name: name, scope: scope, readOnly: try reader.optionalBool("read_only") ?? false))
            try reader.finish()
        }
        return rules
    }
}

extension FieldReader {
    mutating func optionalScope(_ name: String) throws(FieldError) -> Scope? {
        guard let text = try optionalString(name, maximum: 128) else { return nil }
        guard let scope = Scope(text) else {
            throw failure(name, .invalid(rule: "a scope is 1 to 128 visible ASCII characters without \" and \\"))
        }
        return scope
    }
}
