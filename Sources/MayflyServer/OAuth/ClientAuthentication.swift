import MayflyBroker
import MayflyModel

/// Finds out which client sent a request, by exactly one method.
enum ClientAuthentication {
    static func client(
        of request: HTTPRequest, form: OAuthForm, broker: Broker
    ) throws(OAuthError) -> AuthenticatedClient {
        let assertion = try form.value("client_assertion")
        let type = try form.value("client_assertion_type")
        let clientID = try form.value("client_id")
        let header = request.only("Authorization")
        guard try form.value("client_secret") == nil else {
            throw OAuthError(.invalidClient, "a secret in the body is not accepted; use HTTP Basic")
        }
        if let assertion {
            guard !request.fields.contains("Authorization") else {
                throw OAuthError(.invalidClient, "authenticate by one method, not by several")
            }
            guard let type, type.utf8.elementsEqual(ClientAuthenticator.assertionType.utf8) else {
                throw OAuthError(.invalidClient, "client_assertion_type must be the jwt-bearer type")
            }
            return try broker.authenticator.authenticate(assertion: Array(assertion.utf8), clientID: clientID)
        }
        guard type == nil else { throw OAuthError(.invalidRequest, "client_assertion is missing") }
        guard let header, case .basic(let credentials) = try? AuthorizationHeader.parse(header)
        else {
            throw OAuthError(.invalidClient, "client authentication is missing; send a client_assertion")
        }
        guard clientID.map({ $0.utf8.elementsEqual(credentials.clientID.utf8) }) ?? true else {
            throw OAuthError(.invalidClient, "client_id and the authenticated client differ")
        }
        return try broker.authenticator.authenticate(
            name: credentials.clientID, secret: Array(credentials.secret.utf8))
    }
}
