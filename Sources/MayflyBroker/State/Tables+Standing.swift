package import MayflyModel

/// Whether an agent may hold rights at a moment, and if not, why not.
package enum Standing: String, Equatable, Sendable {
    case active
    case unknown
    case pending
    case suspended
    case offboarded
    case ended
    case ownerLeft = "owner_left"
}

extension Tables {
    package func standing(of agent: Agent?, at now: Timestamp) -> Standing {
        guard let agent else { return .unknown }
        switch agent.state {
        case .pending: return .pending
        case .suspended: return .suspended
        case .offboarded: return .offboarded
        case .active: break
        }
        if let end = agent.spec.endDate, now >= end { return .ended }
        guard let owner = owners[agent.spec.owner], owner.state == .active else { return .ownerLeft }
        return .active
    }

    /// The smallest epoch that a token naming `agent` may carry: the largest of all that can kill it.
    ///
    /// Every kill takes a number larger than any before, so one increment of the broker, an owner, a role, a resource
    /// or an agent makes this larger than what any token already out carries.
    package func epoch(of agent: Agent, for resource: Resource) -> Int64 {
        var largest = max(epoch, agent.epoch, resource.epoch, owners[agent.spec.owner]?.epoch ?? 0)
        // Most brokers never end what a role gave, and an agent may have many roles: they are looked up only when one
        // of them could matter. The same goes for those who vouch for it.
        if roleEpochBound > largest {
            for role in agent.spec.roles { largest = max(largest, roles[role]?.epoch ?? 0) }
        }
        if providerEpochBound > largest {
            for condition in agent.spec.trust { largest = max(largest, providers[condition.provider]?.epoch ?? 0) }
        }
        return largest
    }

    /// The largest epoch that was ever given out.
    package var newestEpoch: Int64 { Int64(clamping: revision) }

    /// Whether every agent that the chain names still stands and was not revoked since, and no link was ended; and
    /// whoever they act for, too.
    func isAlive(
        _ chain: [ChainLink], onBehalfOf person: ActedFor?, for resource: Resource, at now: Timestamp
    ) -> Bool {
        if let person {
            guard let root = chain.first, let epoch = epoch(of: person), root.epoch >= epoch else { return false }
        }
        for link in chain {
            guard let agent = agents[link.agent], standing(of: agent, at: now) == .active else { return false }
            // An epoch that was never given out would outlive every kill: only a forger could have written it.
            guard (epoch(of: agent, for: resource)...newestEpoch).contains(link.epoch) else { return false }
            guard revocations[.token(link.tokenID)] == nil else { return false }
            if let ticket = link.ticket, revocations[.token(ticket)] != nil { return false }
        }
        return true
    }

    /// Whether the compromise of a signing key ended a token: the key signed it, or might have signed what it was made
    /// from.
    ///
    /// A ticket is made from a token, and a token with a chain of several links from a ticket or a token.
    func isCompromised(_ claims: TokenClaims, _ kind: TokenKind, signedWith keyID: String) -> Bool {
        if let key = signingKeys[keyID], key.state == .compromised { return true }
        guard kind == .ticket || claims.chain.count > 1 else { return false }
        return claims.issuedAt <= delegationFloor
    }

    /// The same of a token that is about to be kept; a key that has retired or is gone signs nothing more either.
    func mayKeep(_ token: IssuedToken, at now: Timestamp) -> Bool {
        guard let key = signingKeys[token.keyID], key.state == .active || key.state == .retiring,
            key.retiresAt.map({ now < $0 }) ?? true
        else { return false }
        return !isCompromised(token.claims, token.kind, signedWith: token.keyID)
    }

    /// When the first of the chain's agents ends by itself; the far future when none does.
    func end(of chain: [ChainLink]) -> Timestamp {
        var end = Timestamp(milliseconds: Int64.max)
        for link in chain {
            if let date = agents[link.agent]?.spec.endDate { end = min(end, date) }
        }
        return end
    }

    package func isRevoked(task: String, trace: String) -> Bool {
        revocations[.task(task)] != nil || revocations[.trace(trace)] != nil
    }

    /// The roles of an agent that exist.
    package func roles(of agent: Agent) -> [Role] {
        agent.spec.roles.compactMap { roles[$0] }
    }
}
