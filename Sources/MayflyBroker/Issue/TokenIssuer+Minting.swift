import MayflyCrypto
import MayflyModel
import MayflyPolicy

extension TokenIssuer {
    /// Runs `body`, and makes its token durable or its refusal known.
    ///
    /// `needsTrustedClock` is false for tokens with which the broker itself is administered: they carry no agent's
    /// rights, and the kill switch must be in reach whatever is wrong with the clock.
    func attempt<C: Command>(
        _ client: AuthenticatedClient, _ request: TokenRequest, needsTrustedClock: Bool = true,
        _ completion: @escaping Completion,
        _ body: (Timestamp) throws(OAuthError) -> C
    ) where C.Answer == Result<IssuedToken, OAuthError> {
        let now: Timestamp
        do {
            now = needsTrustedClock ? try clock.trusted() : clock.now()
        } catch {
            metrics.answered(.failure(error))
            completion(.failure(error))
            return
        }
        do throws(OAuthError) {
            let command = try body(now)
            writer.submit(command) { [metrics] result in
                let answer = result.flatMap { minted in minted.mapError { .oauth($0) } }
                metrics.answered(answer)
                completion(answer)
            }
        } catch {
            refuse(error, to: client, completion)
        }
    }

    /// Writes the refusal down, and uses the client's assertion up, before it is answered.
    package func refuse(_ error: OAuthError, to client: AuthenticatedClient, _ completion: @escaping Completion) {
        var event = LedgerEvent(.tokenRefused, .refused, actor: client.client.text)
        if case .agent(let id) = client.client {
            event.agent = id
            event.owner = state.read { $0.agents[id]?.spec.owner }
        }
        event.decision = "deny"
        event.rule = error.rule ?? error.code.rawValue
        event.reason = error.description
        if let ruling = error.cause {
            event.govern(by: ruling)
            event.resource = state.read { tables in
                ResourceName(ruling.facts.resource).flatMap { tables.resources[$0]?.spec.identifier.text }
            }
            event.scope = ruling.facts.scopes.joined(separator: " ")
            event.task = ruling.facts.task.isEmpty ? nil : ruling.facts.task
        }
        writer.submit(RefusalCommand(error: error, assertion: client.mark, proof: client.proof?.mark, event: event)) {
            [metrics] result in
            let answer = result.flatMap { refusal -> Result<IssuedToken, BrokerError> in .failure(.oauth(refusal)) }
            metrics.answered(answer)
            completion(answer)
        }
    }

    /// A token or ticket, once policy and people have nothing against it; or else the question to people.
    func mint(
        _ minting: Minting, for client: AuthenticatedClient, at now: Timestamp
    ) throws(OAuthError) -> IssueCommand {
        // Before people are asked about what would be refused.
        try checkComposition(of: minting.view.agent, by: client)
        _ = try confirmation(of: minting, to: client)
        switch try approvalStep(for: minting, of: client, at: now) {
        case .none: return .mint(try sign(minting, redeeming: nil, for: client, at: now))
        case .granted(let approval):
            var minting = minting
            minting.agreement = approval.id
            return .mint(try sign(minting, redeeming: approval, for: client, at: now))
        case .asked(let command): return .raise(command)
        }
    }

    /// The one place where a token or ticket is made and signed.
    private func sign(
        _ minting: Minting, redeeming approval: ApprovalUse?, for client: AuthenticatedClient, at now: Timestamp
    ) throws(OAuthError) -> MintCommand {
        let view = minting.view
        // The key or the trust by which the client proved itself may be what was withdrawn. `MintCommand` sees to what
        // is withdrawn from now on.
        guard view.epoch <= client.seenEpoch else { throw MintCommand.withdrawn }
        let tokenID = minting.tokenID
        var expiresAt = now.seconds + minting.life
        if let limit = minting.notPast { expiresAt = min(expiresAt, limit) }
        if let end = view.agent.spec.endDate { expiresAt = min(expiresAt, end.seconds) }
        let isTicket = minting.kind == .ticket
        // A ticket is not used at the resource; what is redeemed from it counts from its own minting.
        if !isTicket, let timeout = minting.grant.limits.timeout { expiresAt = min(expiresAt, now.seconds + timeout) }
        guard expiresAt > now.seconds else {
            throw OAuthError(.invalidGrant, "no time is left: the parent token or the agent is about to end")
        }
        let link = ChainLink(
            tokenID: tokenID, agent: view.agent.id, epoch: max(view.epoch, minting.personEpoch),
            ticket: minting.ticket?.id)
        let claims = TokenClaims(
            issuer: settings.issuer, subject: minting.subject,
            audience: isTicket ? settings.issuer : minting.grant.resource.text, clientID: view.agent.id.text,
            tokenID: tokenID, issuedAt: now.seconds, expiresAt: expiresAt, scopes: minting.grant.scopes,
            details: minting.grant.details.details.map(\.json), limits: minting.grant.limits, task: minting.task,
            trace: minting.trace,
            chain: isTicket ? minting.parents : minting.parents + [link], delegates: minting.delegates,
            grantedResource: isTicket ? minting.grant.resource.text : nil,
            grantedUntil: isTicket ? minting.notPast : nil, bundle: view.policy.digest,
            context: isTicket ? PolicyContext() : minting.request.context.known,
            approval: minting.agreement?.text, confirmation: try confirmation(of: minting, to: client),
            demandsBinding: isTicket && minting.demandsBinding, actedFor: minting.actedFor)
        let signed: Keyring.SignedToken
        do {
            signed = try keyring.sign(claims, as: minting.kind, with: view.resource.spec.signing.algorithm)
        } catch {
            throw OAuthError(.temporarilyUnavailable, "the token could not be signed; see the broker's log")
        }
        guard signed.compact.utf8.count <= JWS.maximumLength else {
            throw OAuthError(.invalidAuthorizationDetails, "the token would be too large; ask for less at once")
        }
        return MintCommand(
            token: IssuedToken(
                compact: signed.compact, keyID: signed.keyID, kind: minting.kind, claims: claims,
                expiresIn: expiresAt - now.seconds,
                supervision: Supervision.opened(
                    tokenID, by: minting.ruling, for: claims, asker: view.agent.id.text, scope: claims.scopes.text,
                    action: nil, at: now)),
            chain: claims.chain, resource: view.resource.id, assertion: client.mark, ticket: minting.ticket?.mark,
            proof: client.proof?.mark, approval: approval,
            budgetExpires: Timestamp(seconds: expiresAt + settings.clockSkew), policy: view.policy.id,
            event: event(of: minting, claims))
    }

    private func event(of minting: Minting, _ claims: TokenClaims) -> LedgerEvent {
        var event = LedgerEvent(minting.event, .ok, actor: minting.view.agent.id.text)
        event.subject = claims.subject
        event.agent = minting.view.agent.id
        event.owner = minting.view.agent.spec.owner
        event.resource = minting.grant.resource.text
        event.decision = "allow"
        if let ruling = minting.ruling {
            event.govern(by: ruling)
        } else {
            event.rule = minting.parents.isEmpty ? "registry.ceiling" : "registry.ceiling+parent"
        }
        event.scope = claims.scopes.text
        event.task = claims.task
        event.trace = claims.trace
        event.token = claims.tokenID
        event.composition = minting.view.agent.spec.composition?.digest
        event.expiresAt = Timestamp(seconds: claims.expiresAt)
        event.chain = claims.chain
        if minting.kind == .ticket { event.target = minting.delegates.first?.text }
        return event
    }
}

extension ResourceSpec.SigningAlgorithm {
    var algorithm: SignatureAlgorithm {
        switch self {
        case .es256: .es256
        case .rs256: .rs256
        }
    }
}
