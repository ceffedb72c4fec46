package import MayflyModel
import MayflyPolicy

/// One place that is told of what happens, and of what it wants to hear; the operator alone names them.
package struct NoticeRoute: Equatable, Sendable {
    package static let maximumRoutes = 16
    /// Bytes of a route's name.
    package static let maximumNameLength = 63
    /// Of one filter.
    package static let maximumElements = 64

    package let name: String
    /// Names of ledger events; one may end in a star, as `approval.*`.
    package let events: [String]
    /// Only what is about one of these; empty for all.
    package var agents: Set<AgentID> = []
    package var owners: Set<OwnerID> = []
    /// Audiences.
    package var resources: Set<String> = []
    /// Only what policy put into one of these tiers; empty for everything, decided by a policy or not.
    package var tiers: Set<Int> = []
    /// Seconds after which an entry is given up on.
    package var keep: Int64 = 86_400

    package init(name: String, events: [String]) {
        (self.name, self.events) = (name, events)
    }

    /// Whether `pattern` names at least one kind of event.
    package static func isKnown(_ pattern: String) -> Bool {
        LedgerEvent.Kind.allCases.contains { matches(pattern, $0) }
    }

    /// Whether the place is to be told.
    func wants(_ event: LedgerEvent) -> Bool {
        switch event.kind {
        // Nobody is told that somebody could not be told: that would never end.
        case .noticeFailed: return false
        case .noticeTested: return event.target.map { $0.utf8.elementsEqual(target.utf8) } ?? false
        default: break
        }
        guard events.contains(where: { Self.matches($0, event.kind) }) else { return false }
        if !agents.isEmpty {
            guard let agent = event.agent, agents.contains(agent) else { return false }
        }
        if !owners.isEmpty {
            let isAbove = !owners.isDisjoint(with: event.answering)
            guard isAbove || event.owner.map(owners.contains) ?? false else { return false }
        }
        if !resources.isEmpty {
            guard let resource = event.resource, resources.contains(resource) else { return false }
        }
        guard !tiers.isEmpty else { return true }
        // What can be taken back, or was, is in tier 2 and in no other.
        let tier = event.policy?.decision.tier ?? (event.supervision == nil ? nil : .supervised)
        return tier.map { tiers.contains($0.rawValue) } ?? false
    }

    /// How the ledger names the route.
    var target: String { "notice:\(name)" }

    private static func matches(_ pattern: String, _ kind: LedgerEvent.Kind) -> Bool {
        guard pattern.utf8.last == UInt8(ascii: "*") else { return pattern.utf8.elementsEqual(kind.rawValue.utf8) }
        return kind.rawValue.utf8.starts(with: pattern.utf8.dropLast())
    }
}
