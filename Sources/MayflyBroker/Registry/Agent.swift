package import MayflyModel

/// A registered agent.
package struct Agent: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        /// Registered, no key enrolled yet.
        case pending
        case active
        case suspended
        /// For good: the record stays as a tombstone, and the name is never given again.
        case offboarded
    }

    package let id: AgentID
    package var spec: AgentSpec
    package var state: State
    package var keys: [RegisteredKey]
    /// Tokens with this agent in their chain that were minted under a smaller epoch are dead.
    package var epoch: Int64
    package var createdAt: Timestamp
    /// To the minute; nil when the agent never got a token.
    package var lastUsed: Timestamp?
    package var version: Int64

    package static let kind = RecordKind.agent
    package static func key(of id: AgentID) -> [UInt8] { Array(id.text.utf8) }
}

extension Agent {
    package var stored: JSONObject {
        var object = spec.json
        object["state"] = .string(state.rawValue)
        object["keys"] = .array(keys.map { .object($0.json) })
        object["created"] = .string(RFC3339.format(createdAt))
        object["last_used"] = lastUsed.map { .string(RFC3339.format($0)) }
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        spec = try AgentSpec(&fields)
        id = spec.id
        state = try fields.required("state", try fields.choice("state", State.self))
        keys = try RegisteredKey.list("keys", in: &fields)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        lastUsed = try fields.timestamp("last_used")
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
    }
}
