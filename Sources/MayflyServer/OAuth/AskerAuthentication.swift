import MayflyBroker
import MayflyModel

/// Finds out who asks about tokens.
enum AskerAuthentication {
    /// The holder of a bearer token with `mayfly.introspect`; nil when no bearer token was sent.
    static func bearer(_ request: HTTPRequest, broker: Broker) throws(OAuthError) -> VerificationService.Asker? {
        let headers = request.headers("Authorization")
        guard headers.count == 1, let header = headers.first,
            case .bearer(let token) = try? AuthorizationHeader.parse(Array(header.utf8))
        else { return nil }
        guard let claims = broker.verifier.verify(Array(token.token.utf8), as: .accessToken),
            claims.audience.utf8.elementsEqual(broker.settings.issuer.utf8)
        else { throw OAuthError(.invalidToken, "the bearer token is not valid here") }
        guard let scope = Scope(Administration.introspectScope), claims.scopes.contains(scope) else {
            throw OAuthError(.insufficientScope, "the bearer token needs the scope mayfly.introspect")
        }
        if let admin = AdminID(claims.subject) { return .admin(admin) }
        guard let name = ResourceName(claims.subject) else {
            throw OAuthError(.invalidToken, "the bearer token is not valid here")
        }
        return .resource(name)
    }

    /// An authenticated client as one who asks; agents may not.
    static func asker(_ client: Client) throws(OAuthError) -> VerificationService.Asker {
        switch client {
        case .resource(let name): return .resource(name)
        case .admin(let id): return .admin(id)
        case .agent: throw OAuthError(.unauthorizedClient, "agents may not ask about tokens")
        }
    }
}
