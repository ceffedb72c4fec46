import MayflyBroker
import MayflyModel

/// Finds out who asks about tokens.
enum AskerAuthentication {
    /// The holder of a bearer token with `mayfly.introspect`; nil when no bearer token was sent.
    static func bearer(_ request: HTTPRequest, broker: Broker) throws(OAuthError) -> VerificationService.Asker? {
        let token: KnownToken
        switch BearerToken(of: request, by: broker.verifier) {
        case .none: return nil
        case .refused: throw OAuthError(.invalidToken, "the bearer token is not valid here")
        case .token(let alive): token = alive
        }
        // None is given out with a key, so none is taken without a look at it.
        guard token.isForBroker, token.claims.confirmation == nil else {
            throw OAuthError(.invalidToken, "the bearer token is not valid here")
        }
        guard token.mayIntrospect else {
            throw OAuthError(.insufficientScope, "the bearer token needs the scope mayfly.introspect")
        }
        guard let asker = token.asker else { throw OAuthError(.invalidToken, "the bearer token is not valid here") }
        return asker
    }

    /// An authenticated client as one who asks; agents may not.
    static func asker(_ client: Client) throws(OAuthError) -> VerificationService.Asker {
        switch client {
        case .resource(let name): return .resource(name)
        case .admin(let id): return .admin(id)
        case .agent, .owner:
            throw OAuthError(.unauthorizedClient, "resources and administrators alone may ask about tokens")
        }
    }
}
