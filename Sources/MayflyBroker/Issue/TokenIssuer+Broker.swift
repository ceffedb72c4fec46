import MayflyCrypto
import MayflyModel

extension TokenIssuer {
    /// Grants an administrator, an owner or a resource a short token for the broker's own endpoints.
    ///
    /// An administrator may have `mayfly.admin`, `mayfly.read` and `mayfly.introspect`, an owner `mayfly.approve`, a
    /// resource `mayfly.introspect`. The scope must be named: nobody has standing power.
    package func issueBrokerToken(
        _ request: TokenRequest, to client: AuthenticatedClient, _ completion: @escaping Completion
    ) {
        let allowed: [String]
        switch client.client {
        case .admin: allowed = [Administration.scope, Administration.readScope, Administration.introspectScope]
        case .resource: allowed = [Administration.introspectScope]
        case .owner: allowed = [Administration.approveScope]
        case .agent: allowed = []
        }
        attempt(client, request, needsTrustedClock: false, completion) { now throws(OAuthError) in
            guard request.targets.allSatisfy({ $0.utf8.elementsEqual(settings.issuer.utf8) }) else {
                throw OAuthError(.invalidTarget, "such a token is for the broker itself; leave the resource out")
            }
            // A connection may have a certificate all the same; such a token is not bound to it.
            guard client.proof == nil else {
                throw OAuthError(
                    .invalidRequest, "the broker's own tokens are not bound to a key; leave the DPoP proof out")
            }
            guard request.details == nil else {
                throw OAuthError(.invalidAuthorizationDetails, "the broker's own tokens have no authorization details")
            }
            guard let scopes = try Self.scopes(request.scope), !scopes.isEmpty,
                scopes.isSubset(of: ScopeSet(allowed.compactMap { Scope($0) }))
            else {
                throw OAuthError(.invalidScope, "name the scope: " + allowed.joined(separator: ", "))
            }
            let (epoch, resource) = state.read { tables -> (Int64, Resource?) in
                switch client.client {
                case .resource(let name):
                    let resource = tables.resources[name]
                    return (max(tables.epoch, resource?.epoch ?? 0), resource)
                case .owner(let id): return (max(tables.epoch, tables.owners[id]?.signInEpoch ?? 0), nil)
                case .admin, .agent: return (tables.epoch, nil)
                }
            }
            let claims = TokenClaims(
                issuer: settings.issuer, subject: client.client.text, audience: settings.issuer,
                clientID: client.client.text, tokenID: try TokenID.random(), issuedAt: now.seconds,
                expiresAt: now.seconds + settings.adminTokenLife, scopes: scopes, epoch: epoch)
            let signed: Keyring.SignedToken
            do {
                signed = try keyring.sign(
                    claims, as: .accessToken, with: resource?.spec.signing.algorithm ?? .es256)
            } catch {
                throw OAuthError(.temporarilyUnavailable, "the token could not be signed; see the broker's log")
            }
            var event = LedgerEvent(.tokenIssued, .ok, actor: client.client.text)
            event.subject = claims.subject
            event.resource = claims.audience
            event.decision = "allow"
            event.rule = "broker.scope"
            event.scope = scopes.text
            event.token = claims.tokenID
            event.expiresAt = Timestamp(seconds: claims.expiresAt)
            return BrokerTokenCommand(
                token: IssuedToken(
                    compact: signed.compact, keyID: signed.keyID, kind: .accessToken, claims: claims,
                    expiresIn: settings.adminTokenLife),
                assertion: client.mark, event: event)
        }
    }
}

/// Makes the issuance of a broker token durable.
struct BrokerTokenCommand: Command {
    static let concernsNobodyElse = true

    let token: IssuedToken
    let assertion: UsedMark?
    let event: LedgerEvent

    private static let keyGone = OAuthError(
        .temporarilyUnavailable, "the signing keys changed while the token was being made; ask again")

    func decide(
        _ state: Tables, _ moment: Moment
    ) throws(BrokerError) -> Decided<Result<IssuedToken, OAuthError>> {
        if let assertion, state.used.isSpent(assertion, at: moment.now) {
            var replay = event
            (replay.kind, replay.outcome, replay.decision) = (.clientRefused, .refused, "deny")
            replay.rule = "assertion.replayed"
            replay.token = nil
            return Decided(.failure(ClientAuthenticator.refusal), events: [replay])
        }
        guard state.mayKeep(token, at: moment.now) else {
            var refusal = event
            (refusal.kind, refusal.outcome, refusal.decision) = (.tokenRefused, .refused, "deny")
            (refusal.rule, refusal.reason, refusal.token) = (MintCommand.withdrawnRule, Self.keyGone.description, nil)
            return Decided(
                .failure(Self.keyGone), changes: assertion.map { [.used($0)] } ?? [], events: [refusal])
        }
        return Decided(
            .success(token), changes: assertion.map { [.used($0)] } ?? [], events: [event])
    }
}
