package import MayflyModel

/// Who registers keys of its own with an enrolment code: an agent, or a person who approves.
package enum KeyHolder: Hashable, Sendable {
    case agent(AgentID)
    case owner(OwnerID)

    /// Takes the whole identifier, prefix included; nil for a name of any other kind.
    package init?(_ text: String) {
        if let agent = AgentID(text) {
            self = .agent(agent)
        } else if let owner = OwnerID(text) {
            self = .owner(owner)
        } else {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .agent(let id): id.text
        case .owner(let id): id.text
        }
    }
}

/// The record of one who registers keys, so that agents and owners come by them in one way.
package enum KeyHolderRecord: Sendable {
    case agent(Agent)
    case owner(Owner)

    package var stored: JSONObject {
        switch self {
        case .agent(let agent): agent.stored
        case .owner(let owner): owner.stored
        }
    }

    package var version: Int64 {
        switch self {
        case .agent(let agent): agent.version
        case .owner(let owner): owner.version
        }
    }

    var text: String {
        switch self {
        case .agent(let agent): agent.id.text
        case .owner(let owner): owner.id.text
        }
    }

    var keys: [RegisteredKey] {
        switch self {
        case .agent(let agent): agent.keys
        case .owner(let owner): owner.keys
        }
    }

    /// False for an agent that is offboarded and an owner who has left, which is for good.
    var mayEnrol: Bool {
        switch self {
        case .agent(let agent): agent.state != .offboarded
        case .owner(let owner): owner.state == .active
        }
    }

    /// The record with `keys` instead of its own, one version on; a pending agent becomes active.
    func holding(_ keys: [RegisteredKey]) -> KeyHolderRecord {
        switch self {
        case .agent(var agent):
            agent.keys = keys
            if agent.state == .pending { agent.state = .active }
            agent.version += 1
            return .agent(agent)
        case .owner(var owner):
            owner.keys = keys
            owner.version += 1
            return .owner(owner)
        }
    }

    /// The record with `keys` instead of its own, one version on; whatever an earlier key proved ends at `epoch`.
    ///
    /// That is every token of an agent. An owner's keys prove votes and sign-ins only, so the owner's agents keep
    /// theirs.
    func ending(at epoch: Int64, holding keys: [RegisteredKey]) -> KeyHolderRecord {
        switch self {
        case .agent(var agent):
            agent.keys = keys
            agent.epoch = epoch
            agent.version += 1
            return .agent(agent)
        case .owner(var owner):
            owner.keys = keys
            owner.keyEpoch = epoch
            owner.version += 1
            return .owner(owner)
        }
    }

    var change: Change {
        switch self {
        case .agent(let agent): .agent(agent)
        case .owner(let owner): .owner(owner)
        }
    }
}

extension Tables {
    func record(of holder: KeyHolder) -> KeyHolderRecord? {
        switch holder {
        case .agent(let id): agents[id].map { .agent($0) }
        case .owner(let id): owners[id].map { .owner($0) }
        }
    }

    /// Whether the holder of a key may prove itself with it at `now`.
    func maySignIn(_ record: KeyHolderRecord, at now: Timestamp) -> Bool {
        switch record {
        case .agent(let agent): standing(of: agent, at: now) == .active
        case .owner(let owner): owner.state == .active
        }
    }

    /// Removals of every enrolment code that `holder` has not used yet.
    func removalsOfCodes(for holder: KeyHolder) -> [Change] {
        codes.all.filter { $0.holder == holder }.map { .removeCode($0.id) }
    }
}
