import MayflyModel

/// What an agent was allowed, what it used of it, and what it could do without.
///
/// Allowed is what the registry lets it ask for now: its own scopes and those of its roles, at its resources. Used is
/// what the ledger of the time looked at says: a scope that an action took, a resource that it had a token for, an
/// agent that it handed rights to.
struct AgentReview {
    struct Scope {
        let resource: String
        let name: String
        /// Roles that give it; empty for one of the agent's own.
        let roles: [String]
        let isOwn: Bool
        var minted = 0
        var used = 0
    }

    let agent: JSONObject
    private(set) var scopes: [Scope]
    private(set) var resources: [String: Int]
    private(set) var delegates: [String: Int]
    private(set) var refused = 0
    private(set) var denied = 0
    private let names: [String: String]

    /// The agent's record, its roles, and all resources, as the admin API answers them.
    init(agent: JSONObject, roles: [JSONObject], resources known: [JSONObject]) {
        self.agent = agent
        let own = agent["scopes"]?.stringArrayValue ?? []
        let deny = agent["deny"]?.objectValue
        let deniedScopes = deny?["scopes"]?.stringArrayValue ?? []
        let deniedResources = deny?["resources"]?.stringArrayValue ?? []
        let allowed = (agent["resources"]?.stringArrayValue ?? []).filter { !deniedResources.contains($0) }
        var names: [String: String] = [:]
        var scopes: [Scope] = []
        for resource in known {
            guard let name = resource["name"]?.stringValue, let url = resource["identifier"]?.stringValue else {
                continue
            }
            names[url] = name
            guard allowed.contains(name) else { continue }
            for scope in resource["scopes"]?.stringArrayValue ?? [] where !deniedScopes.contains(scope) {
                let giving = roles.filter { $0["scopes"]?.stringArrayValue?.contains(scope) ?? false }
                    .compactMap { $0["id"]?.stringValue }
                guard own.contains(scope) || !giving.isEmpty else { continue }
                scopes.append(Scope(resource: name, name: scope, roles: giving, isOwn: own.contains(scope)))
            }
        }
        self.names = names
        self.scopes = scopes
        resources = Dictionary(uniqueKeysWithValues: allowed.map { ($0, 0) })
        delegates = Dictionary(
            (agent["delegates"]?.stringArrayValue ?? []).map { ($0, 0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Counts one entry of the ledger that names the agent.
    mutating func take(_ entry: JSONObject) {
        func text(_ name: String) -> String { entry[name]?.stringValue ?? "" }
        let resource = names[text("resource")] ?? ""
        let named = text("scope").split(separator: " ").map(String.init)
        switch text("event") {
        case "token.issued", "token.delegated":
            resources[resource]? += 1
            for index in scopes.indices where scopes[index].resource == resource && named.contains(scopes[index].name) {
                scopes[index].minted += 1
            }
        case "ticket.issued": delegates[text("target")]? += 1
        case "token.refused": refused += 1
        case "action.decided":
            guard text("outcome") == "allowed" else {
                denied += 1
                return
            }
            for index in scopes.indices where scopes[index].resource == resource && named.contains(scopes[index].name) {
                scopes[index].used += 1
            }
        default: break
        }
    }

    /// Scopes that no action took; without any action at all, those that no token had.
    var idleScopes: [Scope] {
        // A tool that checks tokens by itself asks about no action: then having had a token is use enough.
        scopes.filter { scope in
            let asks = scopes.contains { $0.resource == scope.resource && $0.used > 0 }
            return asks ? scope.used == 0 : scope.minted == 0
        }
    }

    var idleResources: [String] { resources.filter { $0.value == 0 }.map(\.key).sorted() }
    var idleDelegates: [String] { delegates.filter { $0.value == 0 && !$0.key.hasPrefix("role:") }.map(\.key).sorted() }

    /// The agent's registration without what it did not use, as `mayfly apply` takes it; nil when all of it was used.
    ///
    /// A scope that a role gives is denied to the agent: the role may serve others.
    var narrower: JSONObject? {
        let idle = idleScopes
        guard !idle.isEmpty || !idleResources.isEmpty || !idleDelegates.isEmpty else { return nil }
        var spec = AgentCompositionCommands.wanted(in: agent)
        for name in ["state", "keys", "created", "last_used", "lifecycle", "epoch", "version"] { spec[name] = nil }
        let busy = scopes.filter { scope in !idle.contains { $0.resource == scope.resource && $0.name == scope.name } }
        let dropped = Set(idle.map(\.name)).subtracting(busy.map(\.name))
        func without(_ member: String, _ gone: some Sequence<String>) -> JSONValue {
            let gone = Set(gone)
            return .array((agent[member]?.stringArrayValue ?? []).filter { !gone.contains($0) }.map { .string($0) })
        }
        spec["scopes"] = without("scopes", dropped)
        spec["resources"] = without("resources", idleResources)
        spec["delegates"] = without("delegates", idleDelegates)
        var deny = agent["deny"]?.objectValue ?? [:]
        let denied = deny["scopes"]?.stringArrayValue ?? []
        let byRole = idle.filter { !$0.roles.isEmpty && dropped.contains($0.name) }.map(\.name)
        deny["scopes"] = .array(Array(Set(denied + byRole)).sorted().map { .string($0) })
        spec["deny"] = .object(deny)
        // A detail at a resource that goes would be refused.
        spec["authorization_details"] = .array(
            (agent["authorization_details"]?.arrayValue ?? []).filter { detail in
                !idleResources.contains(detail.objectValue?["resource"]?.stringValue ?? "")
            })
        return ["agents": .array([.object(spec)])]
    }
}
