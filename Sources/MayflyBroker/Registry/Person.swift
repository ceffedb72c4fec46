package import MayflyModel

/// What was decided about a person of a provider; most people have no record.
package struct Person: Record, Equatable {
    package enum State: String, CaseIterable, Sendable {
        case active
        /// Nothing is given on their behalf any more.
        case left
    }

    package let id: PersonID
    package var state: State
    /// Tokens on their behalf that were minted under a smaller epoch are dead.
    package var epoch: Int64
    /// When it was last decided.
    package var changedAt: Timestamp
    package var version: Int64

    package static let kind = RecordKind.person
    package static func key(of id: PersonID) -> [UInt8] { Array(id.text.utf8) }
}

extension Person {
    package var stored: JSONObject {
        [
            "id": .string(id.text), "state": .string(state.rawValue), "epoch": .integer(epoch),
            "changed": .string(RFC3339.format(changedAt)), "version": .integer(version),
        ]
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        guard let id = PersonID(try fields.string("id")) else {
            throw fields.failure("id", .invalid(rule: "person:, a provider's name, and a subject"))
        }
        self.id = id
        state = try fields.required("state", try fields.choice("state", State.self))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        changedAt = try fields.required("changed", try fields.timestamp("changed"))
        version = try fields.integer("version", in: 0...Int64.max)
        try fields.finish()
    }
}
