package import MayflyModel

/// A person who answers for agents.
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
    /// Tokens of this owner's agents that were minted under a smaller epoch are dead.
    package var epoch: Int64
    package var createdAt: Timestamp
    /// Counts changes; the ETag.
    package var version: Int64

    package static let kind = RecordKind.owner
    package static func key(of id: OwnerID) -> [UInt8] { Array(id.text.utf8) }
}

extension Owner {
    package var stored: JSONObject {
        var object: JSONObject = [
            "id": .string(id.text), "name": .string(name), "email": .string(email), "state": .string(state.rawValue),
        ]
        object["delegate"] = delegate.map { .string($0.text) }
        object["created"] = .string(RFC3339.format(createdAt))
        object["epoch"] = .integer(epoch)
        object["version"] = .integer(version)
        return object
    }

    /// Reads what `stored` wrote.
    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        let spec = try OwnerSpec(&fields)
        state = try fields.required("state", try fields.choice("state", State.self))
        createdAt = try fields.required("created", try fields.timestamp("created"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
        (id, name, email, delegate) = (spec.id, spec.name, spec.email, spec.delegate)
    }
}

/// What an administrator writes about an owner.
package struct OwnerSpec: Equatable, Sendable {
    package var id: OwnerID
    package var name: String
    package var email: String
    package var delegate: OwnerID?

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
    }
}
