import MayflyModel

/// Lets agents that name the same owner, roles, resources or scopes hold one copy of them.
///
/// Filled while a registry is read and then let go of; what it handed out stays shared.
struct SharedValues: Sendable {
    /// Values of one kind that are remembered; a registry in which no two agents are alike must not be held twice.
    static let capacity = 8192

    private var owners: [OwnerID: OwnerID] = [:]
    private var roles: [[RoleID]: [RoleID]] = [:]
    private var resources: [[ResourceName]: [ResourceName]] = [:]
    private var scopes: [ScopeSet: ScopeSet] = [:]
    private var compositions: [Composition: Composition] = [:]

    mutating func share(_ spec: inout AgentSpec) {
        spec.owner = Self.shared(spec.owner, in: &owners)
        spec.roles = Self.shared(spec.roles, in: &roles)
        spec.resources = Self.shared(spec.resources, in: &resources)
        spec.scopes = Self.shared(spec.scopes, in: &scopes)
        spec.deniedScopes = Self.shared(spec.deniedScopes, in: &scopes)
        spec.composition = spec.composition.map { Self.shared($0, in: &compositions) }
    }

    private static func shared<Value: Hashable>(_ value: Value, in known: inout [Value: Value]) -> Value {
        if let same = known[value] { return same }
        if known.count < capacity { known[value] = value }
        return value
    }
}
