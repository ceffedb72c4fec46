package import MayflyModel

/// Who must agree to a request, and for how long the question stands.
package struct ApprovalTerms: Hashable, Sendable {
    package static let maximumQuorum: Int64 = 8
    package static let maximumGroups = 16
    /// Bytes of a group's name.
    package static let maximumGroupLength = 64

    /// Different people who must agree.
    package let quorum: Int64
    /// Groups that they must belong to, any of them; none means every approver.
    package let groups: [String]
    /// Whether the agent's own owner, and whoever registered the request, do not count.
    package let needsFourEyes: Bool
    /// Seconds in which people must have agreed and the agent must have come back.
    package let window: Int64

    package init(quorum: Int64 = 1, groups: [String] = [], needsFourEyes: Bool = true, window: Int64 = 900) {
        self.quorum = quorum
        self.groups = groups
        self.needsFourEyes = needsFourEyes
        self.window = window
    }

    /// Takes the terms; nil when absent.
    static func take(_ name: String, from fields: inout FieldReader) throws(FieldError) -> ApprovalTerms? {
        guard var reader = try fields.object(name) else { return nil }
        return try ApprovalTerms(&reader)
    }

    /// Reads the whole object.
    package init(_ reader: inout FieldReader) throws(FieldError) {
        let groups =
            try reader.strings("groups", maximumCount: Self.maximumGroups, maximumLength: Self.maximumGroupLength) ?? []
        self.init(
            quorum: try reader.optionalInteger("quorum", in: 1...Self.maximumQuorum) ?? 1, groups: groups.sorted(),
            needsFourEyes: try reader.optionalBool("four_eyes") ?? true,
            window: try reader.duration("window", in: 10...86_400) ?? 900)
        try reader.finish()
    }

    package var json: JSONObject {
        [
            "quorum": .integer(quorum), "groups": .array(groups.map { .string($0) }),
            "four_eyes": .bool(needsFourEyes), "window": .integer(window),
        ]
    }
}
