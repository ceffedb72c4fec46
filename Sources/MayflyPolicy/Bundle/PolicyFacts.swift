package import MayflyModel

/// All that a policy can know of one request.
package struct PolicyFacts: Equatable, Sendable {
    /// The agent that asks, or that holds the token, as it is registered.
    package struct AgentFacts: Equatable, Sendable {
        package var id: String
        package var kind: String
        package var risk: String
        package var owner: String
        /// The groups of whoever answers for it.
        package var ownerGroups: [String]
        package var roles: [String]
        package var purpose: String
        package var createdAt: Timestamp
        package var endsAt: Timestamp?

        package init(
            id: String, kind: String, risk: String, owner: String, ownerGroups: [String] = [], roles: [String],
            purpose: String = "", createdAt: Timestamp, endsAt: Timestamp? = nil
        ) {
            self.id = id
            self.kind = kind
            self.risk = risk
            self.owner = owner
            self.ownerGroups = ownerGroups
            self.roles = roles
            self.purpose = purpose
            self.createdAt = createdAt
            self.endsAt = endsAt
        }
    }

    package var phase: PolicyPhase
    package var agent: AgentFacts
    /// The resource's short name.
    package var resource: String
    /// What is asked for at the mint, and what the action takes at a tool; each is judged by itself.
    package var scopes: [String]
    /// The action that a tool asks about, and the kind and id of the thing.
    package var action: String?
    package var thingType: String?
    package var thingID: String?
    /// Hops below the root of the chain.
    package var depth: Int64
    /// Agents from the root of the chain to this one.
    package var chain: [String]
    package var task: String
    package var context: PolicyContext
    package var now: Timestamp
    /// How usual the request is for the agent; nil when nobody has looked, because the bundle does not ask.
    package var behaviour: BehaviourFacts?

    package init(
        phase: PolicyPhase, agent: AgentFacts, resource: String, scopes: [String], action: String? = nil,
        thingType: String? = nil, thingID: String? = nil, depth: Int64 = 0, chain: [String] = [], task: String = "",
        context: PolicyContext = PolicyContext(), now: Timestamp, behaviour: BehaviourFacts? = nil
    ) {
        self.phase = phase
        self.agent = agent
        self.resource = resource
        self.scopes = scopes
        self.action = action
        self.thingType = thingType
        self.thingID = thingID
        self.depth = depth
        self.chain = chain
        self.task = task
        self.context = context
        self.now = now
        self.behaviour = behaviour
    }
}
