import MayflyBroker
import MayflyModel

/// `POST /oauth2/introspect` (RFC 7662).
enum IntrospectionEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        do throws(OAuthError) {
            let form = try OAuthForm(call.request)
            let token = try form.requiredBytes("token")
            let broker = call.broker
            if let asker = try AskerAuthentication.bearer(call.request, broker: broker) {
                guard try form.value("client_assertion") == nil, try form.value("client_secret") == nil else {
                    throw OAuthError(.invalidClient, "authenticate by one method, not by several")
                }
                if let wait = broker.limits.refusesVerification(for: asker) {
                    return .reply(LimitReply.oauth(after: wait))
                }
                return .reply(reply(broker.verification.introspect(token, for: asker)))
            }
            let client = try ClientAuthentication.client(of: call.request, form: form, broker: broker)
            let asker = try AskerAuthentication.asker(client.client)
            if let wait = broker.limits.refusesVerification(for: asker) {
                return .reply(LimitReply.oauth(after: wait))
            }
            guard client.mark != nil else {
                return .reply(reply(broker.verification.introspect(token, for: asker)))
            }
            return .parked { parked in
                broker.consume(client) { result in
                    switch result {
                    case .success: parked.finish(reply(broker.verification.introspect(token, for: asker)))
                    case .failure(let error): parked.finish(OAuthReply.error(error))
                    }
                }
            }
        } catch {
            return .reply(OAuthReply.error(error))
        }
    }

    /// What is said of an active token; of any other only that it is not active.
    static func reply(_ token: KnownToken?) -> HTTPReply {
        guard let token else { return HTTPReply(status: 200, contentType: .json, body: inactive) }
        return HTTPReply(status: 200, contentType: .json, body: token.introspection(body))
    }

    private static let inactive = Array(#"{"active":false}"#.utf8)

    private static func body(_ claims: TokenClaims) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.name("active")
        writer.bool(true)
        write(claims, into: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ claims: TokenClaims, into writer: inout JSONWriter) {
        func member(_ name: String, _ text: String) {
            writer.name(name)
            writer.string(text)
        }
        member("iss", claims.issuer)
        member("sub", claims.subject)
        member("aud", claims.audience)
        member("client_id", claims.clientID)
        member("jti", claims.tokenID)
        member("token_type", "Bearer")
        writer.name("iat")
        writer.integer(claims.issuedAt)
        writer.name("exp")
        writer.integer(claims.expiresAt)
        if !claims.scopes.isEmpty { member("scope", claims.scopes.text) }
        let details = claims.authorizationDetails
        if !details.isEmpty {
            writer.name("authorization_details")
            writer.value(.array(details))
        }
        if let act = claims.actors {
            writer.name("act")
            writer.value(.object(act))
        }
        if let only = claims.delegates.first, case .agent(let agent) = only, claims.delegates.count == 1 {
            writer.name("may_act")
            writer.value(.object(["sub": .string(agent.text)]))
        }
        member("txn", claims.trace)
        writer.name("mayfly")
        writer.value(.object(["task": .string(claims.task)]))
    }
}
