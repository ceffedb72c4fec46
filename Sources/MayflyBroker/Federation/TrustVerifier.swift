import MayflyCrypto
import MayflyModel

/// Finds out which agent a provider's token vouches for (RFC 7523 §3 with an issuer that is not the client).
///
/// The only place where such a token is checked; `TrustReport` tells people what this decides and never decides
/// anything.
package struct TrustVerifier: Sendable {
    let live: LiveSettings
    let state: BrokerState
    package let keys: ProviderKeys

    /// The registered provider that a token claims to come from; nothing of it is checked.
    func provider(of token: UnverifiedToken, _ form: AssertionForm) -> ProviderID? {
        (try? claimed(token, form))?.id
    }

    /// Whether a provider has signed the token, and all of it holds that does not depend on an agent.
    func verify(_ token: UnverifiedToken, form: AssertionForm, at now: Timestamp) throws(TrustFault) -> Vouched<
        WorkloadToken
    > {
        let provider = try claimed(token, form)
        return try verify(token, form: form, of: provider, once: !provider.spec.isReusable, at: now)
    }

    /// The same for a provider that was looked up; `once` says that the token is used up, and so needs a `jti`.
    func verify(
        _ token: UnverifiedToken, form: AssertionForm, of provider: Provider, once: Bool, at now: Timestamp
    ) throws(TrustFault) -> Vouched<WorkloadToken> {
        try token.checkHeader(form)
        guard let algorithm = token.jws.algorithm, provider.spec.algorithms.contains(algorithm) else {
            throw .algorithm
        }
        switch keys.lookup(provider, keyID: token.jws.keyID) {
        case .needsFetch: return .needsKeys(of: provider)
        case .unavailable: throw .keysUnavailable
        case .none: throw .unknownKey
        case .keys(let candidates):
            let fitting = candidates.filter { $0.algorithms.contains(algorithm) }
            // Without a `kid` there must be one key that it can be (OpenID Connect Core §10.1).
            let limit = token.jws.keyID == nil ? 1 : Self.maximumCandidates
            guard (1...limit).contains(fitting.count) else { throw .unknownKey }
            guard fitting.contains(where: { token.jws.isSigned(by: $0) }) else { throw .signature }
        }
        return .found(try token.verified(for: provider, once: once, at: now, skew: live.current.clockSkew))
    }

    /// The one agent that the token vouches for, and that may authenticate now.
    func agent(
        for token: WorkloadToken, clientID: String?, at now: Timestamp
    ) throws(TrustFault) -> AgentID {
        let issuer = live.current.issuer
        let candidates = state.read { tables in
            tables.trustIndex.candidates(for: token).compactMap { tables.agents[$0] }
        }
        // Patterns are looked at outside of the state's lock: there may be many. What changes meanwhile takes a new
        // epoch, under which nothing is minted for this client.
        let found = candidates.filter { agent in
            agent.spec.trust.contains { $0.holds(for: token, issuer: issuer) }
        }
        guard let agent = found.first else { throw .noAgent }
        // Whatever `client_id` says: a workload does not choose which of two agents it is.
        guard found.count == 1 else { throw .ambiguous }
        guard clientID.map({ $0.utf8.elementsEqual(agent.id.text.utf8) }) ?? true else { throw .otherClient }
        guard state.read({ $0.standing(of: $0.agents[agent.id], at: now) }) == .active else { throw .agentNotActive }
        return agent.id
    }

    /// Keys that one token is tried with; with more of them nothing says which is meant.
    private static let maximumCandidates = 4

    func claimed(_ token: UnverifiedToken, _ form: AssertionForm) throws(TrustFault) -> Provider {
        try provider(try token.authority(form))
    }

    func provider(_ authority: ProviderSpec.Authority) throws(TrustFault) -> Provider {
        guard let provider = state.read({ $0.providers.all { $0.spec.authority == authority }.first }) else {
            throw .unknownProvider
        }
        return provider
    }
}
