import MayflyCrypto
import MayflyModel

extension LedgerEvent {
    /// A registry change: which record, what was done to it, and the digest of what it is now.
    static func change<R: Record>(_ record: R, _ step: String, actor: String, reason: String? = nil) -> LedgerEvent {
        var event = LedgerEvent(.registryChanged, .ok, actor: actor)
        event.action = step
        event.reason = reason
        event.digest = SHA256.digest(of: JSONWriter.bytes(of: .object(record.stored)))
        switch record {
        case let agent as Agent:
            event.agent = agent.id
            event.owner = agent.spec.owner
            event.target = agent.id.text
        case let owner as Owner:
            event.owner = owner.id
            event.target = owner.id.text
        case let role as Role: event.target = role.id.text
        case let resource as Resource:
            event.resource = resource.spec.identifier.text
            event.target = "resource:\(resource.id.text)"
        case let person as Person:
            event.subject = person.id.text
            event.target = person.id.text
        case let provider as Provider: event.target = provider.id.text
        case let admin as Admin: event.target = admin.id.text
        default: break
        }
        return event
    }
}
