package import MayflyModel

/// A changed composition that waits for the owner's word; until then the former one stays in force.
package final class CompositionProposal: Equatable, Sendable {
    /// Seconds for which one waits.
    package static let window: Int64 = 7 * 86_400

    /// Nil to have none from then on.
    package let composition: Composition?
    /// The administrator who wants it.
    package let proposer: String
    package let createdAt: Timestamp
    package let lapsesAt: Timestamp

    init(_ composition: Composition?, by proposer: String, at now: Timestamp) {
        self.composition = composition
        self.proposer = proposer
        createdAt = now
        lapsesAt = now.advanced(bySeconds: Self.window)
    }

    private init(_ composition: Composition?, by proposer: String, at created: Timestamp, until lapses: Timestamp) {
        (self.composition, self.proposer) = (composition, proposer)
        (createdAt, lapsesAt) = (created, lapses)
    }

    /// Whether the owner can still agree; under a clock that was set back, too, not for longer than the window.
    package func isOpen(at now: Timestamp) -> Bool { createdAt <= now && now < lapsesAt }

    package static func == (left: CompositionProposal, right: CompositionProposal) -> Bool {
        left.composition == right.composition && left.proposer.utf8.elementsEqual(right.proposer.utf8)
            && left.createdAt == right.createdAt && left.lapsesAt == right.lapsesAt
    }

    // MARK: JSON

    package var json: JSONObject {
        var object = JSONObject()
        object["composition"] = composition.map { .object($0.json) }
        object["by"] = .string(proposer)
        object["created"] = .string(RFC3339.format(createdAt))
        object["lapses"] = .string(RFC3339.format(lapsesAt))
        return object
    }

    /// The member of a stored agent that holds one, which few have.
    static let member = "pending_composition"

    static func read(in fields: inout FieldReader) throws(FieldError) -> CompositionProposal? {
        guard var object = try fields.object(member) else { return nil }
        let proposal = CompositionProposal(
            try Composition.read(in: &object), by: try object.string("by"),
            at: try object.required("created", try object.timestamp("created")),
            until: try object.required("lapses", try object.timestamp("lapses")))
        try object.finish()
        return proposal
    }
}
