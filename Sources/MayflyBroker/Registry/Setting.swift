package import MayflyModel

/// One value of the broker's own.
package struct Setting: Record, Equatable {
    package enum Name: String, CaseIterable, Sendable {
        /// Tokens minted under a smaller epoch are dead: the kill switch.
        case epoch
        /// The latest moment that the broker has written down; time never runs back past it.
        case lastTime
        /// The number of the policy version in force; 0 for the built-in one.
        case policy
        /// The number of the version that is asked beside it; 0 for none.
        case shadowPolicy
        /// Tokens that were made from other tokens in this second or before are dead: what they were made from may have
        /// been forged with a compromised key.
        case delegationFloor
    }

    package let id: Name
    package let value: Int64

    package static let kind = RecordKind.setting
    package static func key(of id: Name) -> [UInt8] { Array(id.rawValue.utf8) }

    package var stored: JSONObject { ["name": .string(id.rawValue), "value": .integer(value)] }

    init(id: Name, value: Int64) {
        (self.id, self.value) = (id, value)
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.required("name", try fields.choice("name", Name.self))
        value = try fields.integer("value", in: Int64.min...Int64.max)
        try fields.finish()
    }
}
