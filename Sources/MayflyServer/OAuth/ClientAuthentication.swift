import MayflyBroker
import MayflyModel

/// Finds out which client sent a request, by exactly one method.
enum ClientAuthentication {
    /// What a client proves itself with.
    enum Way: Sendable {
        case client
        /// The `assertion` of the jwt-bearer grant, which says who asks and what by (RFC 7523 §2.1).
        case grant
    }

    /// Goes on with the client that sent a request, once it is known; `refuse` words a refusal for the endpoint.
    static func run(
        _ call: Call, _ form: OAuthForm, by way: Way = .client,
        refuse: @escaping @Sendable (OAuthError) -> HTTPReply,
        _ next: @escaping @Sendable (AuthenticatedClient) -> HTTPOutcome
    ) -> HTTPOutcome {
        KeyWait.run(call.broker) { () throws(OAuthError) in
            try authentication(by: way, of: call, form: form)
        } found: { client in
            next(client)
        } refused: { error in
            .reply(refuse(error ?? ClientAuthenticator.keysUnavailable))
        }
    }

    /// A client comes with its connection's certificate, whatever it was known by: a token may be bound to it.
    private static func authentication(
        by way: Way, of call: Call, form: OAuthForm
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        let found = try authentication(by: way, of: call.request, form, call.certificate, call.broker)
        guard case .found(var client) = found else { return found }
        client.certificate = call.certificate
        return .found(client)
    }

    private static func authentication(
        by way: Way, of request: HTTPRequest, _ form: OAuthForm, _ certificate: PresentedCertificate?,
        _ broker: Broker
    ) throws(OAuthError) -> Vouched<AuthenticatedClient> {
        let assertion = try form.value("client_assertion")
        let type = try form.value("client_assertion_type")
        let clientID = try form.value("client_id")
        let header = request.only("Authorization")
        guard try form.value("client_secret") == nil else {
            throw OAuthError(.invalidClient, "a secret in the body is not accepted; use HTTP Basic")
        }
        if way == .grant {
            guard assertion == nil, type == nil, !request.fields.contains("Authorization") else {
                throw OAuthError(.invalidClient, "the assertion says who asks; leave client authentication out")
            }
            return try broker.authenticator.authenticate(
                grant: Array(try form.requiredBytes("assertion")), clientID: clientID)
        }
        if let assertion {
            guard !request.fields.contains("Authorization") else {
                throw OAuthError(.invalidClient, "authenticate by one method, not by several")
            }
            guard let type, let kind = assertionForm(type) else {
                throw OAuthError(.invalidClient, "client_assertion_type must be the jwt-bearer or the jwt-spiffe type")
            }
            return try broker.authenticator.authenticate(
                assertion: Array(assertion.utf8), form: kind, clientID: clientID)
        }
        guard type == nil else { throw OAuthError(.invalidRequest, "client_assertion is missing") }
        if let certificate, let clientID, !request.fields.contains("Authorization") {
            return try broker.authenticator.authenticate(clientID: clientID, certificate: certificate)
        }
        guard let header, case .basic(let credentials) = try? AuthorizationHeader.parse(header)
        else {
            throw OAuthError(
                .invalidClient, "client authentication is missing; send a client_assertion, or client_id over mTLS")
        }
        guard clientID.map({ $0.utf8.elementsEqual(credentials.clientID.utf8) }) ?? true else {
            throw OAuthError(.invalidClient, "client_id and the authenticated client differ")
        }
        return .found(
            try broker.authenticator.authenticate(
                name: credentials.clientID, secret: Array(credentials.secret.utf8)))
    }

    private static func assertionForm(_ type: String) -> AssertionForm? {
        if type.utf8.elementsEqual(ClientAuthenticator.assertionType.utf8) { return .bearer }
        return type.utf8.elementsEqual(ClientAuthenticator.spiffeAssertionType.utf8) ? .spiffe : nil
    }
}
