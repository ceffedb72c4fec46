import MayflyModel

/// Uses up a client's assertion where nothing else is to be written.
struct ConsumeCommand: Command {
    let mark: UsedMark

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard !state.used.isSpent(mark, at: moment.now) else { throw .oauth(ClientAuthenticator.refusal) }
        return Decided((), changes: [.used(mark)])
    }
}

/// Uses up a client's assertion, and proofs of possession that came with tokens; answers the proofs that were fresh.
struct ShowCommand: Command {
    static let concernsNobodyElse = true

    let assertion: UsedMark?
    let proofs: [UsedMark]

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Set<UsedMark>> {
        if let assertion, state.used.isSpent(assertion, at: moment.now) {
            throw .oauth(ClientAuthenticator.refusal)
        }
        let fresh = Set(proofs.filter { !state.used.isSpent($0, at: moment.now) })
        return Decided(fresh, changes: ([assertion].compactMap { $0 } + fresh).map { .used($0) })
    }
}

extension Broker {
    /// Makes a client's assertion single-use, durably, before the answer that it asked for is given.
    package func consume(
        _ client: AuthenticatedClient, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void
    ) {
        guard let mark = client.mark else { return completion(.success(())) }
        writer.submit(ConsumeCommand(mark: mark), completion)
    }

    /// Ends a token and everything below it for one who holds it or handed it on (RFC 7009).
    ///
    /// A token that is not alive succeeds without effect, as the RFC asks; one that is not the caller's is refused.
    package func revoke(
        token compact: [UInt8], for client: AuthenticatedClient, isLastLook: Bool = false,
        _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void
    ) {
        let token =
            verifier.verify(compact, as: .accessToken, asleepToo: true)
            ?? verifier.verify(compact, as: .ticket, asleepToo: true)
        guard let claims = token?.claims else {
            // It may have ended a moment ago, and not everywhere yet; or have been made where this node has not looked.
            guard permit.isValid else { return completion(.failure(.unavailable(.noLease))) }
            guard cluster != nil, !isLastLook else {
                return consume(client) { [writer] result in writer.whenEverywhere { completion(result) } }
            }
            return writer.submit(NoteCommand(events: [])) { [weak self] result in
                guard let self, case .success = result else {
                    return completion(.failure(.unavailable(.storeFailed)))
                }
                revoke(token: compact, for: client, isLastLook: true, completion)
            }
        }
        let isOwn = claims.clientID.utf8.elementsEqual(client.client.text.utf8)
        let isAbove = claims.chain.contains { $0.agent.text.utf8.elementsEqual(client.client.text.utf8) }
        guard isOwn || isAbove else {
            return consume(client) { result in
                completion(
                    result.flatMap {
                        .failure(.oauth(OAuthError(.unauthorizedClient, "the token is not the client's to revoke")))
                    })
            }
        }
        var event = LedgerEvent(.revoked, .ok, actor: client.client.text)
        event.agent = claims.chain.last?.agent
        event.owner = event.agent.flatMap { id in state.read { $0.agents[id]?.spec.owner } }
        event.subject = claims.subject
        event.token = claims.tokenID
        event.task = claims.task.isEmpty ? nil : claims.task
        event.trace = claims.trace.isEmpty ? nil : claims.trace
        event.resource = claims.audience
        event.chain = claims.chain
        writer.submit(
            RevokeOwnCommand(
                mark: client.mark,
                revoke: RevokeCommand(
                    request: .token(claims.tokenID), actor: client.client.text, reason: "revoked by its holder",
                    memory: RegistryLimits.maximumTokenLife + settings.clockSkew, event: event))
        ) { [metrics] result in
            if case .success = result { metrics.revocations.add(.token) }
            completion(result)
        }
    }
}

/// A revocation that a client asks for itself, and the use of its assertion, together.
struct RevokeOwnCommand: Command {
    let mark: UsedMark?
    let revoke: RevokeCommand

    func decide(_ state: Tables, _ moment: Moment) throws(BrokerError) -> Decided<Void> {
        guard let mark else { return try revoke.decide(state, moment) }
        guard !state.used.isSpent(mark, at: moment.now) else { throw .oauth(ClientAuthenticator.refusal) }
        var decided = try revoke.decide(state, moment)
        decided.changes.append(.used(mark))
        return decided
    }
}
