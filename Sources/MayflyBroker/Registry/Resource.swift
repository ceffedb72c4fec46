package import MayflyCrypto
package import MayflyModel

/// A registered downstream tool.
package struct Resource: Record, Equatable {
    package let id: ResourceName
    package var spec: ResourceSpec
    /// SHA-256 of the generated client secret; nil until one is made.
    package var secretDigest: SHA256Digest?
    package var keys: [RegisteredKey]
    package var epoch: Int64
    package var createdAt: Timestamp
    package var version: Int64

    package static let kind = RecordKind.resource
    package static func key(of id: ResourceName) -> [UInt8] { Array(id.text.utf8) }
}

extension Resource {
    package var stored: JSONObject {
        var object = spec.json
        object["secret_sha256"] = secretDigest.map { .string(Base64URL.encode($0.bytes)) }
        object["keys"] = .array(keys.map { .object($0.json) })
        object["created"] = .string(RFC3339.format(createdAt))
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        spec = try ResourceSpec(&fields)
        id = spec.name
        secretDigest = try fields.optionalString("secret_sha256")
            .flatMap { Base64URL.decode($0) }.flatMap { SHA256Digest(bytes: $0) }
        keys = try RegisteredKey.list("keys", in: &fields)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
    }
}
