package import MayflyModel
import MayflyPolicy

/// A person who answers for agents, and who may be asked to approve what agents ask for.
package struct Owner: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        case active
        case left
    }

    package let id: OwnerID
    package var name: String
    package var email: String
    package var state: State
    /// Who inherits the agents when this owner leaves; nil means that they are offboarded.
    package var delegate: OwnerID?
    /// Groups that approvals ask for, in order, each once.
    package var groups: [String]
    /// Prove the person when approving; empty for one who has enrolled none.
    package var keys: [RegisteredKey]
    /// Tokens of this owner's agents that were minted under a smaller epoch are dead.
    package var epoch: Int64
    /// Sign-ins and votes of this owner under a smaller epoch are void; the owner's agents are not concerned.
    package var keyEpoch: Int64
    package var createdAt: Timestamp
    /// Counts changes; the ETag.
    package var version: Int64

    /// The smallest epoch that a sign-in or a vote of this owner may carry, the broker's own left aside.
    var signInEpoch: Int64 { max(epoch, keyEpoch) }

    package static let kind = RecordKind.owner
    package static func key(of id: OwnerID) -> [UInt8] { Array(id.text.utf8) }
}

extension Owner {
    package var stored: JSONObject {
        var object: JSONObject = [
            "id": .string(id.text), "name": .string(name), "email": .string(email), "state": .string(state.rawValue),
        ]
        object["delegate"] = delegate.map { .string($0.text) }
        object["groups"] = .array(groups.map { .string($0) })
        object["keys"] = .array(keys.map { .object($0.json) })
        object["created"] = .string(RFC3339.format(createdAt))
        object["epoch"] = .integer(epoch)
        object["key_epoch"] = .integer(keyEpoch)
        object["version"] = .integer(version)
        return object
    }

    /// Reads what `stored` wrote.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        let spec = try OwnerSpec(&fields)
        state = try fields.required("state", try fields.choice("state", State.self))
        keys = try RegisteredKey.list("keys", in: &fields)
        createdAt = try fields.required("created", try fields.timestamp("created"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        // Records from before owners had keys have none.
        keyEpoch = try fields.optionalInteger("key_epoch", in: 0...Int64.max) ?? 0
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
        (id, name, email, delegate, groups) = (spec.id, spec.name, spec.email, spec.delegate, spec.groups)
    }
}

/// What an administrator writes about an owner.
package struct OwnerSpec: Equatable, Sendable {
    package var id: OwnerID
    package var name: String
    package var email: String
    package var delegate: OwnerID?
    /// In order, each once.
    package var groups: [String]

    package init(_ fields: inout FieldReader) throws(FieldError) {
        id = try fields.identifier("id")
        name = try fields.string("name", maximum: RegistryLimits.nameLength)
        email = try fields.string("email", maximum: RegistryLimits.emailLength)
        guard email.utf8.contains(UInt8(ascii: "@")) else {
            throw fields.failure("email", .invalid(rule: "an e-mail address holds an @"))
        }
        delegate = try fields.optionalIdentifier("delegate")
        guard delegate != id else {
            throw fields.failure("delegate", .invalid(rule: "an owner cannot inherit from itself"))
        }
        let names =
            try fields.strings(
                "groups", maximumCount: RegistryLimits.groupsPerOwner,
                maximumLength: ApprovalTerms.maximumGroupLength) ?? []
        guard names.allSatisfy(Self.isGroup) else {
            throw fields.failure("groups", .invalid(rule: "a group's name is 1 to 64 of a-z 0-9 . _ -"))
        }
        groups = Set(names).sorted()
    }

    private static func isGroup(_ name: String) -> Bool {
        !name.utf8.isEmpty
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            }
    }
}
