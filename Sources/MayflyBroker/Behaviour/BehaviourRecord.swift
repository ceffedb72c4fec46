package import MayflyModel

/// What is usual for one agent, as the store keeps it.
package struct BehaviourRecord: Record, Equatable {
    package let id: AgentID
    let behaviour: AgentBehaviour

    /// When nothing of it would count any more.
    package var expiresAt: Timestamp? {
        behaviour.time.timestamp.advanced(bySeconds: AgentBehaviour.longestIdle * 86_400)
    }

    package static let kind = RecordKind.behaviour
    package static func key(of id: AgentID) -> [UInt8] { Array(id.text.utf8) }

    init(id: AgentID, behaviour: AgentBehaviour) {
        (self.id, self.behaviour) = (id, behaviour)
    }

    package var stored: JSONObject {
        var object = behaviour.stored
        object["agent"] = .string(id.text)
        return object
    }

    init(stored object: JSONObject) throws(FieldError) {
        var fields = FieldReader(object)
        id = try fields.identifier("agent")
        behaviour = try AgentBehaviour(&fields)
        try fields.finish()
    }
}

/// Writes down what is usual for some agents; nobody waits for it, and the ledger says nothing of it.
struct KeepBehaviourCommand: Command {
    static let concernsNobodyElse = true

    let records: [BehaviourRecord]
    /// Agents of which nothing is known any more.
    let forgotten: [AgentID]

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        Decided((), changes: forgotten.map { .removeBehaviour($0) } + records.map { .behaviour($0) })
    }
}
