import MayflyModel

/// What a kind of entry must state, and how often it did.
struct Completeness {
    /// The event, with what of it this is about where its entries differ.
    let label: String
    let required: [String]
    private(set) var entries = 0
    private(set) var complete = 0
    private(set) var missing: [String: Int] = [:]

    /// What every entry states.
    private static let common = ["v", "time", "event", "outcome", "retention", "actor"]
    private static let decided = [
        "subject", "agent", "owner", "resource", "decision", "rule", "task", "trace", "token",
    ]
    private static let rest = "all others"

    static let all: [Completeness] = [
        Completeness("token.issued", decided),
        Completeness("token.issued, to people", ["subject", "resource", "decision", "rule", "scope", "token"]),
        Completeness("token.delegated", decided + ["chain"]),
        Completeness("ticket.issued", decided),
        Completeness("token.refused", ["decision", "rule", "reason"]),
        Completeness("client.refused", ["decision", "rule"]),
        Completeness("action.decided, allowed", decided + ["scope", "chain"]),
        Completeness("action.decided, denied", ["resource", "decision", "rule"]),
        Completeness("registry.changed", ["action", "target", "sha256"]),
        Completeness("policy.changed", ["action", "target", "bundle"]),
        Completeness("revoked", ["target"]),
        Completeness("approval.raised", ["agent", "owner", "resource", "approval", "sha256"]),
        Completeness("approval.voted", ["agent", "decision", "approval", "reason", "seconds", "sha256"]),
        Completeness("agent.reviewed", ["agent", "owner", "reason", "sha256"]),
        Completeness(rest, []),
    ]

    private init(_ label: String, _ more: [String]) {
        self.label = label
        required = Self.common + more
    }

    /// Counts one entry where it belongs.
    static func check(_ entry: JSONObject, in kinds: inout [Completeness]) {
        let label = label(of: entry)
        guard let index = kinds.firstIndex(where: { $0.label == label }) ?? kinds.indices.last else { return }
        let missing = kinds[index].required.filter { entry[$0] == nil }
        kinds[index].entries += 1
        if missing.isEmpty { kinds[index].complete += 1 }
        for name in missing { kinds[index].missing[name, default: 0] += 1 }
    }

    private static func label(of entry: JSONObject) -> String {
        let event = entry["event"]?.stringValue ?? ""
        switch event {
        case "token.issued":
            return GovernanceReport.isPeople(entry["actor"]?.stringValue ?? "") ? "\(event), to people" : event
        case "action.decided": return "\(event), \(entry["outcome"]?.stringValue == "allowed" ? "allowed" : "denied")"
        default: return event
        }
    }
}
