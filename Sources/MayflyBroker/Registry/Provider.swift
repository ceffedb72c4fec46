package import MayflyModel

/// Somebody who vouches for workloads by signing tokens: an OpenID provider, a cluster, a SPIFFE trust domain.
package struct Provider: Record, Equatable {
    package let id: ProviderID
    package var spec: ProviderSpec
    /// Tokens of agents that trust this provider and were minted under a smaller epoch are dead.
    package var epoch: Int64
    package var createdAt: Timestamp
    package var version: Int64

    package static let kind = RecordKind.provider
    package static func key(of id: ProviderID) -> [UInt8] { Array(id.text.utf8) }
}

extension Provider {
    package var stored: JSONObject {
        var object = spec.json
        object["created"] = .string(RFC3339.format(createdAt))
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        spec = try ProviderSpec(&fields)
        id = spec.id
        createdAt = try fields.required("created", try fields.timestamp("created"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
    }
}
