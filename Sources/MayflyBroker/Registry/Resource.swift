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
        var createdAt: Timestamp
        var version: Int64
    }

    /// What the copies of one resource share; it never changes, and a changed one has another.
    private final class Body: Sendable {
        let contents: Contents

        init(_ contents: Contents) {
            self.contents = contents
        }
    }

    private var body: Body

    init(
        id: ResourceName, spec: ResourceSpec, secretDigest: SHA256Digest?, keys: [RegisteredKey], epoch: Int64,
        createdAt: Timestamp, version: Int64
    ) {
        body = Body(
            Contents(
                id: id, spec: spec, secretDigest: secretDigest, keys: keys, epoch: epoch, createdAt: createdAt,
                version: version))
    }

    package var id: ResourceName { body.contents.id }

    package var spec: ResourceSpec {
        get { body.contents.spec }
        set { change { $0.spec = newValue } }
    }

    /// SHA-256 of the generated client secret; nil until one is made.
    package var secretDigest: SHA256Digest? {
        get { body.contents.secretDigest }
        set { change { $0.secretDigest = newValue } }
    }

    package var keys: [RegisteredKey] {
        get { body.contents.keys }
        set { change { $0.keys = newValue } }
    }

    package var epoch: Int64 {
        get { body.contents.epoch }
        set { change { $0.epoch = newValue } }
    }

    package var createdAt: Timestamp {
        get { body.contents.createdAt }
        set { change { $0.createdAt = newValue } }
    }

    package var version: Int64 {
        get { body.contents.version }
        set { change { $0.version = newValue } }
    }

    private mutating func change(_ edit: (inout Contents) -> Void) {
        var contents = body.contents
        edit(&contents)
        body = Body(contents)
    }

    package static func == (left: Resource, right: Resource) -> Bool {
        left.body === right.body || left.body.contents == right.body.contents
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
