package import MayflyModel

/// A request that would pass where the one that was made does not.
package struct Remedy: Equatable, Sendable {
    /// Bytes of the advice.
    package static let maximumAdvice = 512

    /// Scopes to ask for instead; nil to keep those that were asked for.
    package let scopes: ScopeSet?
    /// Members of the context to change, for example `{"env": "staging"}`.
    package let context: JSONObject
    /// What to do, for a person.
    package let advice: String?

    static func take(_ name: String, from fields: inout FieldReader) throws(FieldError) -> Remedy? {
        guard var reader = try fields.object(name) else { return nil }
        var scopes: ScopeSet?
        if let texts = try reader.strings("scopes", maximumCount: ScopeSet.maximumCount, maximumLength: 128) {
            let read = texts.compactMap { Scope($0) }
            guard read.count == texts.count else {
                throw reader.failure("scopes", .invalid(rule: "a scope is visible ASCII without \" and \\"))
            }
            scopes = ScopeSet(read)
        }
        let context = try reader.policyContext("context").properties
        let remedy = Remedy(
            scopes: scopes, context: context, advice: try reader.optionalString("advice", maximum: maximumAdvice))
        try reader.finish()
        return remedy
    }

    package var json: JSONObject {
        var object: JSONObject = [:]
        object["scope"] = scopes.map { .string($0.text) }
        if !context.isEmpty { object["context"] = .object(context) }
        object["advice"] = advice.map { .string($0) }
        return object
    }
}
