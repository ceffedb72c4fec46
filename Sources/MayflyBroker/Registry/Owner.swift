package import MayflyModel
import MayflyPolicy

/// A person who answers for agents, and who may be asked to approve what agents ask for.
///
/// One reference, as an agent is: whatever an agent's token is used for looks at the agent's owner.
package struct Owner: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        case active
        case left
    }

    private struct Contents: Equatable, Sendable {
        let id: OwnerID
        var name: String
        var email: String
        var state: State
        var delegate: OwnerID?
        var groups: [String]
        var keys: [RegisteredKey]
        var epoch: Int64
        var keyEpoch: Int64
        let createdAt: Timestamp
        var version: Int64
    }

    private var shared: SharedContents<Contents>

    init(
        id: OwnerID, name: String, email: String, state: State, delegate: OwnerID?, groups: [String],
        keys: [RegisteredKey], epoch: Int64, keyEpoch: Int64, createdAt: Timestamp, version: Int64
    ) {
        shared = SharedContents(
            Contents(
                id: id, name: name, email: email, state: state, delegate: delegate, groups: groups, keys: keys,
                epoch: epoch, keyEpoch: keyEpoch, createdAt: createdAt, version: version))
    }

    package var id: OwnerID { shared.contents.id }

    package var name: String {
        get { shared.contents.name }
        set { shared.change { $0.name = newValue } }
    }

    package var email: String {
        get { shared.contents.email }
        set { shared.change { $0.email = newValue } }
    }

    package var state: State {
        get { shared.contents.state }
        set { shared.change { $0.state = newValue } }
    }

    /// Who inherits the agents when this owner leaves; nil means that they are offboarded.
    package var delegate: OwnerID? {
        get { shared.contents.delegate }
        set { shared.change { $0.delegate = newValue } }
    }

    /// Groups that approvals ask for, in order, each once.
    package var groups: [String] {
        get { shared.contents.groups }
        set { shared.change { $0.groups = newValue } }
    }

    /// Prove the person when approving; empty for one who has enrolled none.
    package var keys: [RegisteredKey] {
        get { shared.contents.keys }
        set { shared.change { $0.keys = newValue } }
    }

    /// Tokens of this owner's agents that were minted under a smaller epoch are dead.
    package var epoch: Int64 {
        get { shared.contents.epoch }
        set { shared.change { $0.epoch = newValue } }
    }

    /// Sign-ins and votes of this owner under a smaller epoch are void; the owner's agents are not concerned.
    package var keyEpoch: Int64 {
        get { shared.contents.keyEpoch }
        set { shared.change { $0.keyEpoch = newValue } }
    }

    package var createdAt: Timestamp { shared.contents.createdAt }

    /// Counts changes; the ETag.
    package var version: Int64 {
        get { shared.contents.version }
        set { shared.change { $0.version = newValue } }
    }

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
        let state = try fields.required("state", try fields.choice("state", State.self))
        let keys = try RegisteredKey.list("keys", in: &fields)
        let createdAt = try fields.required("created", try fields.timestamp("created"))
        let epoch = try fields.integer("epoch", in: 0...Int64.max)
        // Records from before owners had keys have none.
        let keyEpoch = try fields.optionalInteger("key_epoch", in: 0...Int64.max) ?? 0
        let version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
        self.init(
            id: spec.id, name: spec.name, email: spec.email, state: state, delegate: spec.delegate, groups: spec.groups,
            keys: keys, epoch: epoch, keyEpoch: keyEpoch, createdAt: createdAt, version: version)
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
