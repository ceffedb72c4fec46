package import MayflyModel

/// What one person said of one request.
package struct ApprovalVote: Equatable, Sendable {
    package let approver: OwnerID
    package let approves: Bool
    /// In the person's own words.
    package let reason: String
    package let at: Timestamp
    /// The epoch under which it was cast; a later end of the owner's sign-ins voids it.
    package let epoch: Int64

    package var json: JSONObject {
        [
            "approver": .string(approver.text), "vote": .string(approves ? "approve" : "deny"),
            "reason": .string(reason), "at": .string(RFC3339.format(at)), "epoch": .integer(epoch),
        ]
    }

    package init(approver: OwnerID, approves: Bool, reason: String, at: Timestamp, epoch: Int64) {
        self.approver = approver
        self.approves = approves
        self.reason = reason
        self.at = at
        self.epoch = epoch
    }

    /// Reads what `json` wrote.
    init(_ fields: inout FieldReader) throws(FieldError) {
        approver = try fields.identifier("approver")
        switch try fields.string("vote") {
        case "approve": approves = true
        case "deny": approves = false
        default: throw fields.failure("vote", .invalid(rule: "approve or deny"))
        }
        reason = try fields.string("reason", maximum: RegistryLimits.textLength)
        at = try fields.required("at", try fields.timestamp("at"))
        epoch = try fields.integer("epoch", in: 0...Int64.max)
        try fields.finish()
    }
}
