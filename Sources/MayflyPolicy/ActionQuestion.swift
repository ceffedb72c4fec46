package import MayflyModel

/// What a tool asks about a token: whether it may do an action on a thing (AuthZEN 1.0 §5).
package struct ActionQuestion: Equatable, Sendable {
    package var action: String
    /// The kind of thing; when the resource declares an authorization detail type of that name, a detail must cover it.
    package var type: String?
    package var identifier: String?
    /// Properties of action, resource and context together, by member name.
    package var properties: JSONObject

    package init(action: String, type: String? = nil, identifier: String? = nil, properties: JSONObject = [:]) {
        self.action = action
        self.type = type
        self.identifier = identifier
        self.properties = properties
    }
}
