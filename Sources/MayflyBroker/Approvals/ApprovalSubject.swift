package import MayflyCrypto
package import MayflyModel

/// Exactly what people are asked to approve, in full: whoever asks for anything else asks anew.
///
/// Left out is what says nothing of the rights: the trace id, the moment, the client's assertion, and which of several
/// tickets or tokens of the same chain is presented.
package struct ApprovalSubject: Equatable, Sendable {
    package var asked: Asked
    /// Who is to hold the token, or holds the one that the action is to be done with.
    package var agent: AgentID
    package var owner: OwnerID
    package var resource: ResourceName
    /// What the token would grant, or what the action takes of it.
    package var scopes: ScopeSet
    /// What the request, or the tool, says of the case at hand, members in the order of their names.
    package let context: JSONObject
    /// Agents of the chain above, the root first; empty for an agent's own task.
    package var chain: [AgentID]
    /// Nil when the caller left the name to the broker; an action has that of its token.
    package var task: String?
    /// The digest text of the policy that asks.
    package var bundle: String
    /// On whose behalf; nil for an agent's own task.
    package var person: PersonID?

    /// A token that is to be made.
    package init(
        operation: Operation = .issue, agent: AgentID, owner: OwnerID, resource: ResourceName, scopes: ScopeSet,
        details: [JSONValue] = [], context: JSONObject = [:], chain: [AgentID] = [], task: String? = nil,
        delegates: [Delegate] = [], life: Int64, composition: CompositionDigest? = nil, bundle: String
    ) {
        self.init(
            .token(
                Rights(
                    operation: operation, details: details, delegates: delegates, life: life,
                    composition: composition)), agent: agent, owner: owner, resource: resource, scopes: scopes,
            context: context, chain: chain, task: task, bundle: bundle)
    }

    package init(
        _ asked: Asked, agent: AgentID, owner: OwnerID, resource: ResourceName, scopes: ScopeSet,
        context: JSONObject = [:], chain: [AgentID] = [], task: String? = nil, bundle: String
    ) {
        self.asked = asked
        self.agent = agent
        self.owner = owner
        self.resource = resource
        self.scopes = scopes
        self.context = context.sorted
        self.chain = chain
        self.task = task
        self.bundle = bundle
    }

    /// Every member in a fixed order: what people see, what is stored, and what the digest covers.
    package var json: JSONObject {
        var object: JSONObject = [
            "operation": .string(asked.name), "agent": .string(agent.text), "owner": .string(owner.text),
            "resource": .string(resource.text), "scopes": .array(scopes.scopes.map { .string($0.text) }),
        ]
        switch asked {
        case .token(let rights): object["authorization_details"] = .array(rights.details)
        case .action(let action):
            object["action"] = .string(action.name)
            object["thing"] = .object(["type": .string(action.type), "id": .string(action.identifier)])
        }
        object["context"] = .object(context)
        object["chain"] = .array(chain.map { .string($0.text) })
        object["task"] = task.map { .string($0) }
        if case .token(let rights) = asked {
            object["delegates"] = .array(rights.delegates.map { .string($0.text) })
            object["life"] = .integer(rights.life)
            object["composition"] = rights.composition.map { .string($0.text) }
        }
        object["bundle"] = .string(bundle)
        object["person"] = person.map { .string($0.text) }
        return object
    }

    /// The bytes that the digest is made of: a name and version, so that no other digest can be taken for one of these,
    /// and then `json`.
    var canonical: [UInt8] {
        JSONWriter.bytes(of: .object(["mayfly_approval": .integer(1), "subject": .object(json)]))
    }

    package var digest: SHA256Digest { SHA256.digest(of: canonical) }
}

extension ApprovalSubject {
    /// Reads what `json` wrote; a member of the other kind is left over, for which `finish` fails.
    init(_ fields: inout FieldReader) throws(FieldError) {
        let links = Int(RegistryLimits.maximumDepth) + 1
        self.init(
            try Asked(&fields), agent: try fields.identifier("agent"), owner: try fields.identifier("owner"),
            resource: try fields.identifier("resource"), scopes: try fields.scopes("scopes"),
            context: try fields.required("context", fields.take("context")?.objectValue),
            chain: try fields.identifiersWithRepeats("chain", maximumCount: links),
            task: try fields.optionalString("task", maximum: TokenID.maximumTaskLength),
            bundle: try fields.string("bundle"))
        guard let text = try fields.optionalString("person") else { return }
        guard let id = PersonID(text) else { throw fields.failure("person", .invalid(rule: "a person")) }
        person = id
    }
}

extension FieldReader {
    /// Agents of a chain, in which one may stand more than once.
    fileprivate mutating func identifiersWithRepeats(
        _ name: String, maximumCount: Int
    ) throws(FieldError) -> [AgentID] {
        var agents: [AgentID] = []
        for (value, _) in try values(name, maximumCount: maximumCount) ?? [] {
            guard let agent = value.stringValue.flatMap({ AgentID($0) }) else {
                throw failure(name, .invalid(rule: "agents"))
            }
            agents.append(agent)
        }
        return agents
    }
}

extension JSONObject {
    /// The same with the members of this object and of every one inside in the order of the bytes of their names.
    var sorted: JSONObject {
        var object = JSONObject()
        object.reserveCapacity(count)
        for member in members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            object.appendUnchecked(name: member.name, value: member.value.sorted)
        }
        return object
    }
}

extension JSONValue {
    var sorted: JSONValue {
        switch self {
        case .null, .bool, .integer, .number, .string: self
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let object): .object(object.sorted)
        }
    }
}
