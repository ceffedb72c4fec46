package import MayflyCrypto
package import MayflyModel

/// A registered downstream tool.
///
/// One reference, as an agent is: each decision looks its resource up.
package struct Resource: Record, Equatable {
    private struct Contents: Equatable, Sendable {
        let id: ResourceName
        var spec: ResourceSpec
        var secretDigest: SHA256Digest?
        var keys: [RegisteredKey]
        var epoch: Int64
        let createdAt: Timestamp
        var version: Int64
    }

    private var shared: SharedContents<Contents>

    init(
        id: ResourceName, spec: ResourceSpec, secretDigest: SHA256Digest?, keys: [RegisteredKey], epoch: Int64,
        createdAt: Timestamp, version: Int64
    ) {
        shared = SharedContents(
            Contents(
                id: id, spec: spec, secretDigest: secretDigest, keys: keys, epoch: epoch, createdAt: createdAt,
                version: version))
    }

    package var id: ResourceName { shared.contents.id }

    package var spec: ResourceSpec {
        get { shared.contents.spec }
        set { shared.change { $0.spec = newValue } }
    }

    /// SHA-256 of the generated client secret; nil until one is made.
    package var secretDigest: SHA256Digest? {
        get { shared.contents.secretDigest }
        set { shared.change { $0.secretDigest = newValue } }
    }

    package var keys: [RegisteredKey] {
        get { shared.contents.keys }
        set { shared.change { $0.keys = newValue } }
    }

    package var epoch: Int64 {
        get { shared.contents.epoch }
        set { shared.change { $0.epoch = newValue } }
    }

    package var createdAt: Timestamp { shared.contents.createdAt }

    package var version: Int64 {
        get { shared.contents.version }
        set { shared.change { $0.version = newValue } }
    }

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
        let spec = try ResourceSpec(&fields)
        let secretDigest = try fields.optionalString("secret_sha256")
            .flatMap { Base64URL.decode($0) }.flatMap { SHA256Digest(bytes: $0) }
        let keys = try RegisteredKey.list("keys", in: &fields)
        let createdAt = try fields.required("created", try fields.timestamp("created"))
        let epoch = try fields.integer("epoch", in: 0...Int64.max)
        let version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
        self.init(
            id: spec.name, spec: spec, secretDigest: secretDigest, keys: keys, epoch: epoch, createdAt: createdAt,
            version: version)
    }
}
