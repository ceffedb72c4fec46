import MayflyBroker
import MayflyModel

/// `POST /oauth2/introspect` (RFC 7662).
enum IntrospectionEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        do throws(OAuthError) {
            let form = try OAuthForm(call.request)
            let token = try form.requiredBytes("token")
            let proof = try proof(form)
            let certificate = try certificate(form)
            let broker = call.broker
            if let asker = try AskerAuthentication.bearer(call.request, broker: broker) {
                guard try form.value("client_assertion") == nil, try form.value("client_secret") == nil else {
                    throw OAuthError(.invalidClient, "authenticate by one method, not by several")
                }
                if let wait = broker.limits.refusesVerification(for: asker) {
                    return .reply(LimitReply.oauth(after: wait))
                }
                let nobody = AuthenticatedClient(client: .broker(asker), mark: nil)
                return proof.map { prove($0, with: token, asker, nobody, broker) }
                    ?? .reply(reply(broker.verification.introspect(token, shownWith: certificate, for: asker)))
            }
            return ClientAuthentication.run(call, form, refuse: { OAuthReply.error($0) }) { client in
                answer(token, proof, certificate, client, broker)
            }
        } catch {
            return .reply(OAuthReply.error(error))
        }
    }

    private static func answer(
        _ token: ArraySlice<UInt8>, _ proof: PresentedProof?, _ certificate: PresentedCertificate?,
        _ client: AuthenticatedClient, _ broker: Broker
    ) -> HTTPOutcome {
        do throws(OAuthError) {
            let asker = try AskerAuthentication.asker(client.client)
            if let wait = broker.limits.refusesVerification(for: asker) {
                return .reply(LimitReply.oauth(after: wait))
            }
            if let proof { return prove(proof, with: token, asker, client, broker) }
            guard client.mark != nil else {
                return .reply(reply(broker.verification.introspect(token, shownWith: certificate, for: asker)))
            }
            return .parked { parked in
                broker.consume(client) { result in
                    switch result {
                    case .success:
                        parked.finish(reply(broker.verification.introspect(token, shownWith: certificate, for: asker)))
                    case .failure(let error): parked.finish(OAuthReply.error(error))
                    }
                }
            }
        } catch {
            return .reply(OAuthReply.error(error))
        }
    }

    /// The certificate that the tool was shown and passes on, in a member of Mayfly's own.
    private static func certificate(_ form: OAuthForm) throws(OAuthError) -> PresentedCertificate? {
        guard let text = try form.value("client_certificate") else { return nil }
        guard let certificate = PresentedCertificate.passed(text) else {
            throw OAuthError(.invalidRequest, "client_certificate is one certificate, in PEM or as base64 of its DER")
        }
        return certificate
    }

    /// The proof that the tool passes on, in members of Mayfly's own: all three of them, or none.
    private static func proof(_ form: OAuthForm) throws(OAuthError) -> PresentedProof? {
        let (compact, method, url) = (
            try form.value("dpop"), try form.value("dpop_method"), try form.value("dpop_uri")
        )
        guard compact != nil || method != nil || url != nil else { return nil }
        guard let compact, let method, let url else {
            throw OAuthError(.invalidRequest, "dpop, dpop_method and dpop_uri go together")
        }
        return PresentedProof(Array(compact.utf8)[...], method: method, target: .url(url))
    }

    private static func prove(
        _ proof: PresentedProof, with token: ArraySlice<UInt8>, _ asker: VerificationService.Asker,
        _ client: AuthenticatedClient, _ broker: Broker
    ) -> HTTPOutcome {
        .parked { parked in
            broker.verification.introspect(token, showing: proof, for: asker, as: client) { result in
                switch result {
                case .success(let token): parked.finish(reply(token))
                case .failure(let error): parked.finish(OAuthReply.error(error))
                }
            }
        }
    }

    /// What is said of an active token; of any other only that it is not active.
    static func reply(_ token: KnownToken?) -> HTTPReply {
        guard let token else { return HTTPReply(status: 200, contentType: .json, body: inactive) }
        let answer = token.answer { claims in
            ActiveReply(LibraryResponse(HTTPReply(status: 200, contentType: .json, body: body(claims))))
        }
        guard let kept = (answer as? ActiveReply)?.response else {
            return HTTPReply(status: 200, contentType: .json, body: body(token.claims))
        }
        return HTTPReply(kept: kept, contentType: .json) { body(token.claims) }
    }

    /// Made when the first asks about a token, and given to all who ask later.
    private final class ActiveReply: WrittenAnswer {
        let response: LibraryResponse?

        init(_ response: LibraryResponse?) { self.response = response }
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
        func member(_ name: StaticString, _ text: String) {
            writer.name(name)
            writer.string(text)
        }
        member("iss", claims.issuer)
        member("sub", claims.subject)
        member("aud", claims.audience)
        member("client_id", claims.clientID)
        member("jti", claims.tokenID)
        member("token_type", Confirmation.tokenType(claims.confirmation))
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
        if let confirmation = claims.confirmation {
            writer.name("cnf")
            writer.value(.object(confirmation.json))
        }
        member("txn", claims.trace)
        writer.name("mayfly")
        writer.value(.object(["task": .string(claims.task)]))
    }
}
