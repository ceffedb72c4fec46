import MayflyModel
package import MayflyPolicy

extension LedgerEvent {
    /// A deviation, with what the entry says that showed it.
    static func deviation(_ deviation: BehaviourDeviation, in cause: LedgerEvent) -> LedgerEvent {
        var event = LedgerEvent(.behaviourDeviated, .ok, actor: "broker")
        event.agent = cause.agent
        event.owner = cause.owner
        event.subject = cause.subject
        event.resource = cause.resource
        event.scope = deviation.scope ?? cause.scope
        event.action = cause.action
        event.rule = "behaviour.\(deviation.sign.text)"
        event.reason =
            "\(deviation.sign.words); score \(String(decoding: JSONWriter.bytes(of: deviation.score.json), as: UTF8.self))"
        event.task = cause.task
        event.trace = cause.trace
        event.token = cause.token
        if deviation.sign == .newPartner { event.target = cause.target ?? cause.chain.dropLast().last?.agent.text }
        return event
    }
}

extension BehaviourSign {
    /// What a deviation is, for people.
    package var words: String {
        switch self {
        case .newResource: "a resource that the agent does not use"
        case .newScope: "a scope that the agent does not use"
        case .newPartner: "an agent with which it does not share rights"
        case .burst: "many more requests than at its busiest"
        case .unusualHour: "an hour at which it does not work"
        case .refusals: "many more refusals than usual"
        }
    }
}
