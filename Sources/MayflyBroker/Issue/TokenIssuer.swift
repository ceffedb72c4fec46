import MayflyCrypto
import MayflyModel
import MayflyPolicy

/// Mints tokens: for an agent's own task, as a ticket for a sub-agent, and from a parent's token or ticket.
///
/// Everything minted goes through `mint`, and what it grants through `Grant.attenuate`. Reading, narrowing and signing
/// happen on the caller's thread; the writer looks again and makes it durable.
package struct TokenIssuer: Sendable {
    package typealias Completion = @Sendable (Result<IssuedToken, BrokerError>) -> Void

    let live: LiveSettings
    var settings: BrokerSettings { live.current }
    let state: BrokerState
    let clock: BrokerClock
    let keyring: Keyring
    let writer: Writer
    let verifier: TokenVerifier
    let metrics: BrokerMetrics
    let governance: any Governance
    let behaviour: BehaviourBook

    /// Grants an agent its own token for a task (`client_credentials`, RFC 6749 §4.4).
    package func issue(_ request: TokenRequest, to client: AuthenticatedClient, _ completion: @escaping Completion) {
        issue(request, to: client, redeeming: nil, completion)
    }

    /// The same for a client that may come with an approval, which then is used up.
    func issue(
        _ request: TokenRequest, to client: AuthenticatedClient, redeeming approval: ApprovalID?,
        _ completion: @escaping Completion
    ) {
        attempt(client, request, completion) { now throws(OAuthError) in
            var minting = try taskMinting(request, for: client, at: now)
            minting.approval = approval
            return try mint(minting, for: client, at: now)
        }
    }

    /// What a token for an agent's own task is made from, within the agent's ceiling.
    func taskMinting(
        _ request: TokenRequest, for client: AuthenticatedClient, at now: Timestamp
    ) throws(OAuthError) -> Minting {
        guard case .agent(let id) = client.client else {
            throw OAuthError(.unauthorizedClient, "agents alone may ask for task tokens")
        }
        let scopes = try Self.scopes(request.scope)
        let view = try activeView(of: id, request: request, scopes: scopes, at: now)
        // Before policy is asked: what another program asks for is no behaviour of the agent.
        try checkComposition(of: view.agent, by: client)
        guard let ceiling = view.ceiling else {
            throw OAuthError(.invalidTarget, "the resource is not one that the agent may use")
        }
        let names = try TokenNames(request)
        let (grant, ruling) = try grant(
            request, scopes: scopes, within: ceiling, for: view, below: [], task: names.task, at: now)
        return Minting(
            kind: .accessToken, tokenID: names.token, event: .tokenIssued, subject: id.text, view: view, parents: [],
            grant: grant, task: names.task, trace: names.trace,
            delegates: try Self.delegates(request.delegates, of: view.agent), ruling: ruling,
            life: Ceiling.tokenLife(roles: view.roles, requested: request.lifetime, settings: settings),
            notPast: nil, ticket: nil, request: request)
    }

    /// Makes a single-use ticket with which one named sub-agent may fetch narrower rights (RFC 8693, design §4).
    package func issueTicket(
        _ request: TokenRequest, to delegate: String?, from subjectToken: [UInt8], for client: AuthenticatedClient,
        _ completion: @escaping Completion
    ) {
        attempt(client, request, completion) { now throws(OAuthError) in
            guard case .agent(let id) = client.client else {
                throw OAuthError(.unauthorizedClient, "agents alone may delegate")
            }
            guard let delegate, let target = AgentID(delegate) else {
                throw OAuthError(.invalidRequest, "delegate names the sub-agent, as agent:<name>")
            }
            let parent = try parentToken(subjectToken, kind: .accessToken, at: now)
            guard parent.clientID.utf8.elementsEqual(id.text.utf8) else {
                throw OAuthError(.invalidRequest, "the subject_token is not the client's own")
            }
            try checkPossession(of: parent, subjectToken, by: client)
            let (view, child) = try pair(
                holder: id, child: target, parent: parent, request: request, at: now)
            guard parent.delegates.contains(where: { $0.names(child.agent) }) else {
                throw OAuthError(.invalidTarget, "the delegate is not one that this token may be handed to")
            }
            try checkDepth(parent, adding: child)
            let bound = try bound(of: parent, at: child)
            let grant = try narrow(request, scopes: try Self.scopes(request.scope), within: bound, at: child.resource)
            // A ticket is no right yet: policy is asked when the sub-agent redeems it, with what is known then.
            return try mint(
                Minting(
                    kind: .ticket, tokenID: try TokenID.random(), event: .ticketIssued, subject: parent.subject,
                    view: view,
                    parents: parent.chain, grant: grant, task: parent.task, trace: parent.trace,
                    delegates: [.agent(target)], ruling: nil, life: settings.ticketLife, notPast: parent.expiresAt,
                    ticket: nil, demandsBinding: parent.confirmation != nil, request: request,
                    actedFor: parent.actedFor),
                for: client, at: now)
        }
    }

    /// Grants a sub-agent narrower rights, from a ticket that names it or from a parent's token that does (RFC 8693).
    package func exchange(
        _ request: TokenRequest, subjectToken: [UInt8], kind: TokenKind, actorToken: [UInt8]?,
        for client: AuthenticatedClient, _ completion: @escaping Completion
    ) {
        attempt(client, request, completion) { now throws(OAuthError) in
            guard case .agent(let id) = client.client else {
                throw OAuthError(.unauthorizedClient, "agents alone may take over rights")
            }
            if let actorToken {
                let actor = try parentToken(actorToken, kind: .accessToken, parameter: "actor_token", at: now)
                guard actor.clientID.utf8.elementsEqual(id.text.utf8) else {
                    throw OAuthError(.invalidRequest, "the actor_token is not the client's own")
                }
                try checkKey(of: actor, by: client)
            }
            let parent = try parentToken(subjectToken, kind: kind, at: now)
            try checkPossession(of: parent, subjectToken, by: client)
            guard let holder = parent.chain.last?.agent else {
                throw OAuthError(.invalidRequest, "the subject_token has no agent that could delegate")
            }
            let (_, view) = try pair(
                holder: holder, child: id, parent: parent, request: request, at: now)
            try checkComposition(of: view.agent, by: client)
            guard parent.delegates.contains(where: { $0.names(view.agent) }) else {
                throw OAuthError(.invalidRequest, "the subject_token does not name this client as one who may act")
            }
            if let task = request.task, !task.utf8.elementsEqual(parent.task.utf8) {
                throw OAuthError(.invalidRequest, "task belongs to the parent and cannot change")
            }
            try checkDepth(parent, adding: view)
            let bound = try bound(of: parent, at: view)
            let (grant, ruling) = try grant(
                request, scopes: try Self.scopes(request.scope), within: bound, for: view, below: parent.chain,
                task: parent.task, at: now)
            let expiry = Timestamp(seconds: parent.expiresAt + 1)
            let used =
                kind == .ticket
                ? (id: parent.tokenID, mark: UsedMark.ticket(tokenID: parent.tokenID, expires: expiry)) : nil
            return try mint(
                Minting(
                    kind: .accessToken, tokenID: try TokenID.random(), event: .tokenDelegated,
                    subject: parent.subject, view: view,
                    parents: parent.chain, grant: grant,
                    task: parent.task, trace: parent.trace,
                    delegates: try Self.delegates(request.delegates, of: view.agent), ruling: ruling,
                    life: Ceiling.tokenLife(
                        roles: view.roles, requested: request.lifetime, settings: settings),
                    notPast: kind == .ticket ? parent.grantedUntil ?? parent.expiresAt : parent.expiresAt,
                    ticket: used, demandsBinding: parent.confirmation != nil || parent.demandsBinding,
                    request: request, actedFor: parent.actedFor),
                for: client, at: now)
        }
    }
}
