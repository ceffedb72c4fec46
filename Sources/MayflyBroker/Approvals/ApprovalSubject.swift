package import MayflyCrypto
package import MayflyModel

/// Exactly what people are asked to approve, in full: whoever asks for anything else asks anew.
///
/// Left out is what says nothing of the rights: the trace id, the moment, the client's assertion, and which of several
/// tickets or tokens of the same chain is presented.
package struct ApprovalSubject: Equatable, Sendable {
    /// What is to be made.
    package enum Operation: String, CaseIterable, Sendable {
        /// A token for the agent's own task.
        case issue
        /// A ticket with which another agent fetches rights.
        case ticket
        /// A token below another agent's.
        case exchange
    }

    package var operation: Operation
    package var agent: AgentID
    package var owner: OwnerID
    package var resource: ResourceName
    package var scopes: ScopeSet
    /// Authorization details as they would be granted, the limits among them; each in its canonical form.
    package var details: [JSONValue]
    /// What the request says of the case at hand, members in the order of their names.
    package let context: JSONObject
    /// Agents of the chain above, the root first; empty for an agent's own task.
    package var chain: [AgentID]
    /// Nil when the caller left the name to the broker.
    package var task: String?
    /// To whom the token may be taken further, or whom the ticket names.
    package var delegates: [Delegate]
    /// Seconds to live.
    package var life: Int64
    /// The digest text of the policy that asks.
    package var bundle: String

    package init(
        operation: Operation = .issue, agent: AgentID, owner: OwnerID, resource: ResourceName, scopes: ScopeSet,
        details: [JSONValue] = [], context: JSONObject = [:], chain: [AgentID] = [], task: String? = nil,
        delegates: [Delegate] = [], life: Int64, bundle: String
    ) {
        self.operation = operation
        self.agent = agent
        self.owner = owner
        self.resource = resource
        self.scopes = scopes
        self.details = details
        self.context = context.sorted
        self.chain = chain
        self.task = task
        self.delegates = delegates
        self.life = life
        self.bundle = bundle
    }

    /// Every member in a fixed order: what people see, what is stored, and what the digest covers.
    package var json: JSONObject {
        var object: JSONObject = [
            "operation": .string(operation.rawValue), "agent": .string(agent.text), "owner": .string(owner.text),
            "resource": .string(resource.text), "scopes": .array(scopes.scopes.map { .string($0.text) }),
            "authorization_details": .array(details), "context": .object(context),
            "chain": .array(chain.map { .string($0.text) }),
        ]
        object["task"] = task.map { .string($0) }
        object["delegates"] = .array(delegates.map { .string($0.text) })
        object["life"] = .integer(life)
        object["bundle"] = .string(bundle)
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
    /// Reads what `json` wrote.
    init(_ fields: inout FieldReader) throws(FieldError) {
        let links = Int(RegistryLimits.maximumDepth) + 1
        self.init(
            operation: try fields.required("operation", try fields.choice("operation", Operation.self)),
            agent: try fields.identifier("agent"), owner: try fields.identifier("owner"),
            resource: try fields.identifier("resource"), scopes: try fields.scopes("scopes"),
            details: try fields.values("authorization_details", maximumCount: DetailSet.maximumCount + 1)?
                .map(\.value) ?? [],
            context: try fields.required("context", fields.take("context")?.objectValue),
            chain: try fields.identifiersWithRepeats("chain", maximumCount: links),
            task: try fields.optionalString("task", maximum: TokenID.maximumTaskLength),
            delegates: try Delegate.list("delegates", in: &fields),
            life: try fields.integer("life", in: 0...RegistryLimits.maximumTokenLife),
            bundle: try fields.string("bundle"))
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
