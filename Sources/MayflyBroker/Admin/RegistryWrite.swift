package import MayflyModel

/// One record as an administrator wants it.
package enum RegistryWrite: Sendable {
    case owner(OwnerSpec)
    case provider(ProviderSpec)
    case role(RoleSpec)
    case resource(ResourceSpec)
    case agent(AgentSpec)
}

/// What a caller demands of the record that it replaces.
package enum Precondition: Equatable, Sendable {
    /// The record must not exist yet.
    case absent
    /// The record must still have one of these versions (its ETag).
    case version(among: [Int64])
    /// The record must exist.
    case present
    case none

    func check(_ version: Int64?) throws(BrokerError) {
        switch (self, version) {
        case (.absent, .some): throw .alreadyExists
        case (.version, nil), (.present, nil): throw .notFound
        case (.version(let accepted), let found?) where !accepted.contains(found): throw .stale
        case (.absent, nil), (.version, _), (.present, _), (.none, _): break
        }
    }
}

/// What a write did to one record.
package struct RegistryChange: Equatable, Sendable {
    package enum Step: String, Sendable {
        case create
        case update
        case unchanged
    }

    package let step: Step
    /// For example `agent:support` or `resource:tickets`.
    package let target: String
    /// Members that differ, by name; empty for a new or unchanged record.
    package let members: [String]
    /// The record after the write, without what is secret.
    package let record: JSONObject
    package let version: Int64
}

/// Creates or replaces one record.
struct WriteCommand: Command {
    let write: RegistryWrite
    let precondition: Precondition
    let actor: String
    let issuer: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<RegistryChange> {
        try RegistryWriter(moment: moment, actor: actor, issuer: issuer).decide(write, precondition, in: state)
    }
}

/// Creates or replaces many records together, or not at all; a dry run changes nothing.
struct ApplyCommand: Command {
    let writes: [RegistryWrite]
    let isDryRun: Bool
    let actor: String
    let issuer: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<[RegistryChange]> {
        let writer = RegistryWriter(moment: moment, actor: actor, issuer: issuer)
        var draft = state
        var answers: [RegistryChange] = []
        var changes: [Change] = []
        var events: [LedgerEvent] = []
        for write in writes {
            let decided = try writer.decide(write, .none, in: draft)
            for change in decided.changes { draft.apply(change) }
            answers.append(decided.answer)
            changes += decided.changes
            events += decided.events
        }
        return isDryRun ? Decided(answers) : Decided(answers, changes: changes, events: events)
    }
}
