import MayflyCrypto
package import MayflyModel
package import MayflyPolicy

/// One version of the policy as it was applied: immutable, numbered, with who applied it and why.
///
/// One reference, since each decision takes it out of the state.
package final class PolicyVersion: Record {
    /// The number of the built-in bundle, which is in force until another is applied.
    package static let builtInNumber: Int64 = 0
    /// Versions that are kept; the oldest that is neither in force nor in the shadow goes first.
    package static let maximumKept = 64
    /// Bytes of the bundles of all kept versions together, as JSON; those in force and in the shadow stay all the same.
    ///
    /// In memory a bundle takes some 15 times as much.
    package static let maximumKeptBytes = 4_194_304
    /// Bytes of one bundle as JSON, so that with what stands beside it it fits into one record.
    package static let maximumBytes = StoreLimits.valueBytes - 8192

    /// From 1, in the order of applying.
    package let id: Int64
    package let bundle: PolicyBundle
    /// SHA-256 of the bundle's JSON, base64url; `registry` for the built-in one.
    package let digest: String
    package let author: String
    package let rationale: String
    package let createdAt: Timestamp
    /// The bundle as it was sent, member for member.
    package let document: JSONObject
    /// Bytes of the bundle as JSON.
    let size: Int

    package static let kind = RecordKind.policy
    package static func key(of id: Int64) -> [UInt8] { Array(String(id).utf8) }

    package init(
        number: Int64, bundle: PolicyBundle, document: JSONObject, author: String, rationale: String,
        createdAt: Timestamp
    ) {
        id = number
        self.bundle = bundle
        self.document = document
        let bytes = JSONWriter.bytes(of: .object(document))
        (digest, size) = (Self.digest(of: bytes), bytes.count)
        self.author = author
        self.rationale = rationale
        self.createdAt = createdAt
    }

    private init(builtIn bundle: PolicyBundle, digest: String) {
        id = Self.builtInNumber
        self.bundle = bundle
        self.digest = digest
        author = "broker"
        rationale = "built in"
        createdAt = Timestamp(milliseconds: 0)
        document = [:]
        size = 0
    }

    /// In force until a bundle is applied, and what `rollback 0` goes back to.
    package static let registry = PolicyVersion(builtIn: .registry, digest: TokenClaims.registryBundle)
    /// In force when the version that should be is missing.
    static let closed = PolicyVersion(builtIn: .closed, digest: "closed")

    /// How a bundle is named in tokens, decisions and the ledger.
    package static func digest(of document: JSONObject) -> String {
        digest(of: JSONWriter.bytes(of: .object(document)))
    }

    private static func digest(of bytes: [UInt8]) -> String {
        Base64URL.encode(SHA256.digest(of: bytes).bytes)
    }

    package var stored: JSONObject {
        [
            "number": .integer(id), "author": .string(author), "rationale": .string(rationale),
            "created": .string(RFC3339.format(createdAt)), "bundle": .object(document),
        ]
    }

    /// Reads what `stored` wrote; a bundle that this program no longer understands is an error, and nothing starts.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.integer("number", in: 1...Int64.max)
        author = try fields.string("author")
        rationale = try fields.string("rationale", maximum: RegistryLimits.textLength)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        guard case .object(let document)? = fields.take("bundle") else { throw fields.failure("bundle", .missing) }
        try fields.finish()
        self.document = document
        let bytes = JSONWriter.bytes(of: .object(document))
        (digest, size) = (Self.digest(of: bytes), bytes.count)
        bundle = try PolicyBundle(FieldReader(document, path: FieldPath.root.member("bundle")))
    }
}

extension Tables {
    /// The version in force.
    package var policy: PolicyVersion { version(at: .policy) ?? .registry }

    /// The version that is asked beside it and enforced nowhere; nil for none.
    package var shadowPolicy: PolicyVersion? { version(at: .shadowPolicy) }

    private func version(at name: Setting.Name) -> PolicyVersion? {
        guard let number = settings[name]?.value, number != PolicyVersion.builtInNumber else { return nil }
        // A version in force is never removed; if it is missing all the same, nothing is allowed.
        return policies[number] ?? .closed
    }
}
