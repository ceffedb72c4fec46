import MayflyCrypto
import MayflyModel

/// Makes an enrolment code for an agent; only its digest is kept.
struct IssueCodeCommand: Command {
    let agent: AgentID
    let digest: SHA256Digest
    /// Seconds.
    let life: Int64
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Timestamp> {
        guard let agent = state.agents[agent] else { throw .notFound }
        guard agent.state != .offboarded else { throw .conflict("the agent is offboarded, which is for good") }
        let expires = moment.now.advanced(bySeconds: life)
        return Decided(
            expires, changes: [.code(EnrolmentCode(id: digest, agent: agent.id, expires: expires))],
            events: [.change(agent, "enrolment_code", actor: actor)])
    }
}

/// Registers an agent's key for a code, which is used up.
struct EnrolCommand: Command {
    let code: SHA256Digest
    let agent: AgentID
    let key: PublicKey
    let label: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Agent> {
        // One answer for an unknown, used, expired or foreign code.
        guard let code = state.codes[code], code.agent == agent, moment.now < code.expires,
            var agent = state.agents[agent], agent.state != .offboarded
        else { throw .oauth(OAuthError(.invalidGrant, "the enrolment code is not valid; ask for a new one")) }
        try agent.add(key, label: label, expires: nil, at: moment.now)
        if agent.state == .pending { agent.state = .active }
        agent.version += 1
        return Decided(
            agent, changes: [.removeCode(code.id), .agent(agent)],
            events: [.key(.keyEnrolled, key.thumbprint, of: agent, actor: agent.id.text)])
    }
}

/// Registers a further key of an agent that has signed it in with an older one.
struct AddKeyCommand: Command {
    let agent: AgentID
    let key: PublicKey
    let label: String
    let expires: Timestamp?
    let mark: UsedMark

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Agent> {
        guard !state.used.isSpent(mark, at: moment.now), var agent = state.agents[agent],
            state.standing(of: agent, at: moment.now) == .active
        else { throw .oauth(ClientAuthenticator.refusal) }
        try agent.add(key, label: label, expires: expires, at: moment.now)
        agent.version += 1
        return Decided(
            agent, changes: [.used(mark), .agent(agent)],
            events: [.key(.keyEnrolled, key.thumbprint, of: agent, actor: agent.id.text)])
    }
}

/// Takes a key from an agent; what it proved before is not undone, so the agent's tokens die with it.
struct RemoveKeyCommand: Command {
    let agent: AgentID
    let keyID: String
    let actor: String

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Agent> {
        guard var agent = state.agents[agent] else { throw .notFound }
        let count = agent.keys.count
        agent.keys.removeAll { $0.keyID.utf8.elementsEqual(keyID.utf8) }
        guard agent.keys.count < count else { throw .notFound }
        agent.epoch = moment.epoch
        agent.version += 1
        return Decided(
            agent, changes: [.agent(agent)], events: [.key(.keyRemoved, keyID, of: agent, actor: actor)])
    }
}

extension Agent {
    fileprivate mutating func add(
        _ key: PublicKey, label: String, expires: Timestamp?, at now: Timestamp
    ) throws(BrokerError) {
        guard !keys.contains(where: { $0.keyID == key.thumbprint }) else { throw .alreadyExists }
        keys.removeAll { !$0.isValid(at: now) }
        guard keys.count < RegistryLimits.keysPerClient else {
            throw .conflict("the agent has as many keys as it may; remove one first")
        }
        keys.append(RegisteredKey(key: key, label: label, addedAt: now, expiresAt: expires))
    }
}

extension LedgerEvent {
    fileprivate static func key(_ kind: Kind, _ keyID: String, of agent: Agent, actor: String) -> LedgerEvent {
        var event = LedgerEvent(kind, .ok, actor: actor)
        event.agent = agent.id
        event.owner = agent.spec.owner
        event.target = "key:\(keyID)"
        return event
    }
}
