import MayflyModel
import MayflyPolicy

/// Turns entries of the ledger back into the questions that policy was asked.
///
/// The entry holds what the request was about, and what it said of the case as far as policy knows it by name. Agents
/// are taken as they are registered now.
struct PolicyReplay {
    let admin: AdminCall
    private var agents: [String: PolicyFacts.AgentFacts?] = [:]
    private var ownerGroups: [String: [String]] = [:]
    private var resources: [String: String] = [:]

    /// Events that policy decides.
    static let events: Set<String> = ["token.issued", "token.delegated", "token.refused", "action.decided"]

    init(_ admin: AdminCall) throws(CommandError) {
        self.admin = admin
        for resource in try admin.list("/api/v1/resources", "resources") {
            guard let url = resource["identifier"]?.stringValue, let name = resource["name"]?.stringValue else {
                continue
            }
            resources[url] = name
        }
    }

    /// A question that policy was asked, and what it decided.
    struct Question {
        let facts: PolicyFacts
        let decision: String
        /// Whether a quota refused what rules had allowed, so that the decision is not theirs.
        let isByQuota: Bool
        /// What the entry does not say of the question.
        let gaps: FactGaps
    }

    /// The question behind an entry, and the decision that it records; nil for one that policy did not decide.
    mutating func question(
        _ entry: JSONObject
    ) throws(CommandError) -> Question? {
        func text(_ name: String) -> String? { entry[name]?.stringValue }
        guard let event = text("event"), Self.events.contains(event), let id = text("agent"),
            let resource = text("resource").flatMap({ resources[$0] }), let agent = try facts(of: id)
        else { return nil }
        let recorded = entry["facts"]?.objectValue
        // What was refused for another reason than policy did not come to it.
        guard recorded != nil || event != "token.refused" && text("decision") == "allow" else { return nil }
        var context = recorded ?? [:]
        context["phase"] = nil
        context["depth"] = nil
        var behaviour: BehaviourFacts?
        if let recorded = context["behaviour"]?.objectValue {
            var reader = FieldReader(recorded)
            behaviour = try? BehaviourFacts(&reader)
        }
        context["behaviour"] = nil
        let chain = (entry["chain"]?.arrayValue ?? []).compactMap { $0.objectValue?["agent"]?.stringValue }
        let facts = PolicyFacts(
            phase: event == "action.decided" ? .action : .mint, agent: agent, resource: resource,
            scopes: text("scope").map { $0.split(separator: " ").map(String.init) } ?? [], action: text("action"),
            depth: recorded?["depth"]?.integerValue ?? Int64(max(0, chain.count - 1)), chain: chain,
            task: text("task") ?? "", context: (try? PolicyContext(context)) ?? PolicyContext(),
            now: text("time").flatMap { RFC3339.parse($0) } ?? Timestamp(milliseconds: 0), behaviour: behaviour)
        var gaps = FactGaps()
        gaps.lacksContext = recorded == nil
        if facts.phase == .action { gaps.requestFields = ["type", "id"] }
        gaps.lacksBehaviour = behaviour == nil
        if chain.isEmpty { gaps.requestFields.insert("chain") }
        return Question(
            facts: facts, decision: text("decision") ?? "",
            isByQuota: (text("rule") ?? "").utf8.starts(with: PolicyQuota.rulePrefix.utf8), gaps: gaps)
    }

    /// An agent as it is registered now; nil for one that is not.
    mutating func facts(of id: String) throws(CommandError) -> PolicyFacts.AgentFacts? {
        if let known = agents[id] { return known }
        guard let name = AgentID(lenient: id) else { return nil }
        let record = try admin.get("/api/v1/agents/\(name.text)")
        var facts = PolicyFacts.AgentFacts(record)
        if let owner = facts?.owner { facts?.ownerGroups = try groups(of: owner) }
        agents[id] = .some(facts)
        return facts
    }

    private mutating func groups(of owner: String) throws(CommandError) -> [String] {
        if let known = ownerGroups[owner] { return known }
        let groups = try admin.get("/api/v1/owners/\(owner)")["groups"]?.stringArrayValue ?? []
        ownerGroups[owner] = groups
        return groups
    }

    /// The short name of a resource that is given by name or by URL.
    func resource(_ name: String) -> String { resources[name] ?? name }
}

extension PolicyFacts.AgentFacts {
    /// An agent as the registry answers it.
    fileprivate init?(_ record: JSONObject) {
        guard let id = record["id"]?.stringValue, let owner = record["owner"]?.stringValue else { return nil }
        self.init(
            id: id, kind: record["kind"]?.stringValue ?? "agent", risk: record["risk"]?.stringValue ?? "medium",
            owner: owner, roles: record["roles"]?.stringArrayValue ?? [],
            purpose: record["purpose"]?.stringValue ?? "",
            createdAt: record["created"]?.stringValue.flatMap { RFC3339.parse($0) } ?? Timestamp(milliseconds: 0),
            endsAt: record["end_date"]?.stringValue.flatMap { RFC3339.parse($0) })
    }
}
