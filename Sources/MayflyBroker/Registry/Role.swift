package import MayflyModel

/// A named set of rights that agents share.
package struct Role: Record, Equatable {
    package let id: RoleID
    package var spec: RoleSpec
    package var epoch: Int64
    package var createdAt: Timestamp
    package var version: Int64

    package static let kind = RecordKind.role
    package static func key(of id: RoleID) -> [UInt8] { Array(id.text.utf8) }
}

extension Role {
    package var stored: JSONObject {
        var object = spec.json
        object["created"] = .string(RFC3339.format(createdAt))
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        spec = try RoleSpec(&fields)
        id = spec.id
        createdAt = try fields.required("created", try fields.timestamp("created"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
    }
}

/// What an administrator writes about a role.
package struct RoleSpec: Equatable, Sendable {
    package var id: RoleID
    package var name: String
    package var scopes: ScopeSet
    package var details: [RegisteredDetail]
    /// Seconds; nil leaves the broker's default.
    package var maximumTokenLife: Int64?
    /// Hops below the root token; nil leaves the default of 4.
    package var maximumDepth: Int64?

    package init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.identifier("id")
        name = try fields.optionalString("name", maximum: RegistryLimits.nameLength) ?? id.name
        scopes = try fields.scopes("scopes")
        details = try RegisteredDetail.list("authorization_details", in: &fields)
        maximumTokenLife = try fields.duration("max_token_life", in: 1...RegistryLimits.maximumTokenLife)
        maximumDepth = try fields.optionalInteger("max_depth", in: 0...RegistryLimits.maximumDepth)
    }

    package var json: JSONObject {
        var object: JSONObject = ["id": .string(id.text), "name": .string(name)]
        object["scopes"] = .array(scopes.scopes.map { .string($0.text) })
        object["authorization_details"] = .array(details.map(\.json))
        object["max_token_life"] = maximumTokenLife.map { .integer($0) }
        object["max_depth"] = maximumDepth.map { .integer($0) }
        return object
    }
}
