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

    /// What a condition may name: `agent`, `request`, `context`, `tier` and `now`.
    package static let environment = CELEnvironment([
        .init("agent", .object(agentType)), .init("request", .object(requestType)),
        .init("context", .object(contextType)), .init("tier", .int), .init("now", .timestamp),
    ])

    /// The values for a request of the given tier; the scope that is judged comes in later.
    func activation(tier: RiskTier) -> CELActivation {
        CELActivation([
            .object(agentObject), .object(requestObject(scope: nil)), .object(contextObject),
            .int(Int64(tier.rawValue)), CELTimestamp(now).map { .timestamp($0) },
        ])
    }

    /// The place of `request` in the environment.
    static let requestPlace = 1

    func requestObject(scope: String?) -> CELObject {
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
