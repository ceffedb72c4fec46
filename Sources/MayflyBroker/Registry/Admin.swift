package import MayflyModel

/// A person who may change the registry, known by public keys only.
package struct Admin: Record, Equatable {
    package let id: AdminID
    package var keys: [RegisteredKey]
    package var createdAt: Timestamp

    package init(id: AdminID, keys: [RegisteredKey], createdAt: Timestamp) {
        self.id = id
        self.keys = keys
        self.createdAt = createdAt
    }

    package static let kind = RecordKind.admin
    package static func key(of id: AdminID) -> [UInt8] { Array(id.text.utf8) }

    package var stored: JSONObject {
        [
            "id": .string(id.text), "keys": .array(keys.map { .object($0.json) }),
            "created": .string(RFC3339.format(createdAt)),
        ]
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.identifier("id")
        keys = try RegisteredKey.list("keys", in: &fields)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        try fields.finish()
    }
}
