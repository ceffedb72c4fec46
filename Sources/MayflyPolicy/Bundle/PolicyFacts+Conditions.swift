import MayflyModel

/// How a condition sees the facts.
extension PolicyFacts {
    private static let agentType = CELObjectType(
        name: "agent",
        fields: [
            .init("id", .string), .init("kind", .string), .init("risk", .string), .init("owner", .string),
            .init("roles", .list(.string)), .init("purpose", .string), .init("created", .timestamp),
            .init("ends", .timestamp, isOptional: true),
        ])

    private static let requestType = CELObjectType(
        name: "request",
        fields: [
            .init("phase", .string), .init("resource", .string), .init("scope", .string, isOptional: true),
            .init("scopes", .list(.string)), .init("action", .string, isOptional: true),
            .init("type", .string, isOptional: true), .init("id", .string, isOptional: true), .init("depth", .int),
            .init("chain", .list(.string)), .init("task", .string),
        ])

    private static let contextType = CELObjectType(
        name: "context",
        fields: [
            .init("env", .string, isOptional: true), .init("amount", .double, isOptional: true),
            .init("currency", .string, isOptional: true), .init("records", .int, isOptional: true),
            .init("sensitivity", .string, isOptional: true), .init("data", .list(.string)),
            .init("reversibility", .string, isOptional: true), .init("regulations", .list(.string)),
            .init("properties", .map(.string, .dyn)),
        ])

    private static let behaviourType = CELObjectType(
        name: behaviourName,
        fields: [.init("known", .bool), .init("anomaly", .double, isOptional: true)]
            + BehaviourSign.allCases.map { .init($0.text, .double, isOptional: true) })

    private static let ownerType = CELObjectType(
        name: "owner", fields: [.init("id", .string), .init("groups", .list(.string))])

    /// The variable whose facts are looked up only for a bundle that reads it.
    static let behaviourName = "behaviour"

    /// What a condition may name: `agent`, `request`, `context`, `tier`, `now`, `behaviour` and `owner`.
    package static let environment = CELEnvironment([
        .init("agent", .object(agentType)), .init("request", .object(requestType)),
        .init("context", .object(contextType)), .init("tier", .int), .init("now", .timestamp),
        .init(behaviourName, .object(behaviourType)), .init("owner", .object(ownerType)),
    ])

    /// The values for a request of the given tier; the scope that is judged comes in later.
    func activation(tier: RiskTier) -> CELActivation {
        CELActivation([
            .object(agentObject), .object(requestObject(scope: nil)), .object(contextObject),
            .int(Int64(tier.rawValue)), CELTimestamp(now).map { .timestamp($0) },
            .object(behaviourObject(scope: nil)), .object(ownerObject),
        ])
    }

    /// Puts in what depends on the scope that is judged.
    func judge(scope: String?, in activation: inout CELActivation) {
        activation.values[Self.requestPlace] = .object(requestObject(scope: scope))
        if behaviour != nil { activation.values[Self.behaviourPlace] = .object(behaviourObject(scope: scope)) }
    }

    /// The places of `request` and `behaviour` in the environment.
    private static let requestPlace = 1
    private static let behaviourPlace = 5

    /// Without scores for an agent of which too little is known: a condition that reads one has no value then.
    private func behaviourObject(scope: String?) -> CELObject {
        guard let behaviour, behaviour.isKnown else { return Self.unknownBehaviour }
        let scores = BehaviourSign.allCases.map { sign in
            sign == .newScope ? behaviour.newness(of: scope) : behaviour[sign]
        }
        return CELObject(
            slots: [.bool(true), .double(behaviour.anomaly(for: scope).value)] + scores.map { .double($0.value) })
    }

    private static let unknownBehaviour = CELObject(
        slots: [.bool(false), nil] + BehaviourSign.allCases.map { _ in nil })

    private func requestObject(scope: String?) -> CELObject {
        CELObject(slots: [
            .string(phase.rawValue), .string(resource), scope.map { .string($0) }, Self.list(scopes),
            action.map { .string($0) }, thingType.map { .string($0) }, thingID.map { .string($0) }, .int(depth),
            Self.list(chain), .string(task),
        ])
    }

    private var agentObject: CELObject {
        CELObject(slots: [
            .string(agent.id), .string(agent.kind), .string(agent.risk), .string(agent.owner), Self.list(agent.roles),
            .string(agent.purpose), CELTimestamp(agent.createdAt).map { .timestamp($0) },
            agent.endsAt.flatMap { CELTimestamp($0) }.map { .timestamp($0) },
        ])
    }

    private var ownerObject: CELObject {
        CELObject(slots: [.string(agent.owner), Self.list(agent.ownerGroups)])
    }

    private var contextObject: CELObject {
        CELObject(slots: [
            context.environment.map { .string($0) },
            // The nearest double: conditions compare, they do not add up. Tiers and limits compare exactly.
            context.cost.flatMap { Double($0.amount.text) }.map { .double($0) },
            context.cost.map { .string($0.currency) }, context.records.map { .int($0) },
            context.sensitivity.map { .string($0.rawValue) }, Self.list(context.data),
            context.reversibility.map { .string($0.rawValue) }, Self.list(context.regulations),
            .map(CELMap(context.properties)),
        ])
    }

    private static func list(_ texts: [String]) -> CELValue { .list(texts.map { .string($0) }) }
}
