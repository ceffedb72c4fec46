import MayflyModel

/// Tokens on behalf of a person: `sub` is the person, `act` the agent (RFC 8693 §4.1).
extension TokenIssuer {
    /// Grants an agent what it and the person may do, both of them, for as long as the person's token lives.
    package func exchange(
        _ request: TokenRequest, onBehalfOf person: VerifiedPerson, for client: AuthenticatedClient,
        _ completion: @escaping Completion
    ) {
        attempt(client, request, completion) { now throws(OAuthError) in
            guard case .agent(let id) = client.client else {
                throw OAuthError(.unauthorizedClient, "agents alone may act for people")
            }
            let scopes = try Self.scopes(request.scope)
            let view = try activeView(of: id, request: request, scopes: scopes, at: now)
            try checkComposition(of: view.agent, by: client)
            let roles = try roles(of: person)
            guard let own = view.ceiling, let theirs = Ceiling.grant(forPersonWith: roles, at: view.resource),
                let bound = own.meet(theirs), !bound.scopes.isEmpty || !bound.details.details.isEmpty
            else {
                throw OAuthError(.invalidTarget, "the agent's and the person's rights have nothing in common there")
            }
            let names = try TokenNames(request)
            let (grant, ruling) = try grant(
                request, scopes: scopes, within: bound, for: view, below: [], task: names.task, at: now)
            return try mint(
                Minting(
                    kind: .accessToken, tokenID: names.token, event: .tokenIssued,
                    subject: person.actedFor.person.text, view: view, parents: [], grant: grant, task: names.task,
                    trace: names.trace,
                    delegates: try Self.delegates(request.delegates, of: view.agent), ruling: ruling,
                    // Each half by itself: what one states is no leave for the other.
                    life: min(
                        Ceiling.tokenLife(roles: view.roles, requested: request.lifetime, settings: settings),
                        Ceiling.tokenLife(roles: roles, requested: request.lifetime, settings: settings)),
                    notPast: person.expiresAt, ticket: nil, request: request, actedFor: person.actedFor,
                    personEpoch: try epoch(of: person)),
                for: client, at: now)
        }
    }

    private func roles(of person: VerifiedPerson) throws(OAuthError) -> [Role] {
        let roles = state.read { tables in person.actedFor.roles.compactMap { tables.roles[$0] } }
        guard roles.count == person.actedFor.roles.count else { throw Self.personGone }
        return roles
    }

    /// The epoch under which a token on the person's behalf is minted; nothing that was withdrawn since the person's
    /// token was looked at may be given to it.
    private func epoch(of person: VerifiedPerson) throws(OAuthError) -> Int64 {
        guard let epoch = state.read({ $0.epoch(of: person.actedFor) }), epoch <= person.seenEpoch else {
            throw Self.personGone
        }
        return epoch
    }

    private static let personGone = OAuthError(
        .invalidRequest, "the subject_token is not valid, or its person may not be acted for")
}
