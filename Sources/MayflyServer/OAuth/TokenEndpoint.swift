import MayflyBroker
import MayflyModel
import MayflyPolicy

/// `POST /oauth2/token`: task tokens, delegation tickets and token exchange.
enum TokenEndpoint {
    static let clientCredentials = "client_credentials"
    static let tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    /// CIBA Core 1.0 §10.1.
    static let backchannel = "urn:openid:params:grant-type:ciba"
    /// RFC 7523 §2.1.
    static let jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    static let grants = [clientCredentials, tokenExchange, backchannel, jwtBearer]
    static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    static let jwtType = "urn:ietf:params:oauth:token-type:jwt"
    static let identityTokenType = "urn:ietf:params:oauth:token-type:id_token"

    static func run(_ call: Call) -> HTTPOutcome {
        let broker = call.broker
        let refuse: @Sendable (OAuthError) -> HTTPReply = { error in
            broker.metrics.refusedEarly(error)
            return DPoPHeader.reply(OAuthReply.error(error), to: error, broker: broker)
        }
        do throws(OAuthError) {
            let form = try OAuthForm(call.request)
            let grant = try form.required("grant_type")
            guard grants.contains(where: { $0.utf8.elementsEqual(grant.utf8) }) else {
                throw OAuthError(
                    .unsupportedGrantType, "use client_credentials, token-exchange, ciba or jwt-bearer")
            }
            let proof = try DPoPHeader.only(in: call.request).map { bytes throws(OAuthError) in
                try broker.proofs.read(bytes)
            }
            let way: ClientAuthentication.Way = grant == jwtBearer ? .grant : .client
            return ClientAuthentication.run(call, form, by: way, refuse: refuse) { client in
                if let wait = broker.limits.refusesMint(for: client) { return .reply(LimitReply.oauth(after: wait)) }
                return run(grant, form, client, proof, call)
            }
        } catch {
            return .reply(refuse(error))
        }
    }

    /// What a client gets once it is known; whatever it is refused is written down.
    private static func run(
        _ grant: String, _ form: OAuthForm, _ client: AuthenticatedClient, _ proof: DPoPProof?, _ call: Call
    ) -> HTTPOutcome {
        var client = client
        do throws(OAuthError) {
            client.proof = try proof.map { proof throws(OAuthError) in try call.broker.proofs.tokenEndpoint(proof) }
            client.composition.stated = try composition(form)
            if grant == backchannel { return try poll(form, client, call.broker) }
            let request = try tokenRequest(form, call.request)
            return grant == tokenExchange
                ? try exchange(form, request, client, call.broker)
                : issue(request, client, call.broker, asGrant: grant == jwtBearer)
        } catch {
            let (broker, client) = (call.broker, client)
            return .parked { parked in
                broker.issuer.refuse(error, to: client) { send($0, nil, client, broker, to: parked) }
            }
        }
    }

    /// Asks again for what people were asked to approve; the request is the stored one, whatever else the form says.
    private static func poll(
        _ form: OAuthForm, _ client: AuthenticatedClient, _ broker: Broker
    ) throws(OAuthError) -> HTTPOutcome {
        let id = try form.required("auth_req_id")
        return .parked { parked in
            broker.issuer.redeem(approval: id, for: client) { send($0, nil, client, broker, to: parked) }
        }
    }

    private static func issue(
        _ request: TokenRequest, _ client: AuthenticatedClient, _ broker: Broker, asGrant: Bool
    ) -> HTTPOutcome {
        .parked { parked in
            let finish: TokenIssuer.Completion = { result in
                let result = asGrant ? result.mapError(grantError) : result
                send(result, nil, client, broker, to: parked)
            }
            if case .agent = client.client {
                broker.issuer.issue(request, to: client, finish)
            } else {
                broker.issuer.issueBrokerToken(request, to: client, finish)
            }
        }
    }

    /// What is wrong with an assertion that is a grant has a code of its own (RFC 7523 §3.1).
    @Sendable private static func grantError(_ error: BrokerError) -> BrokerError {
        guard case .oauth(let refusal) = error, refusal.code == .invalidClient else { return error }
        return .oauth(OAuthError(.invalidGrant, "the assertion is not one that is trusted here"))
    }

    private static func exchange(
        _ form: OAuthForm, _ request: TokenRequest, _ client: AuthenticatedClient, _ broker: Broker
    ) throws(OAuthError) -> HTTPOutcome {
        let subject = Array(try form.requiredBytes("subject_token"))
        let subjectType = try form.required("subject_token_type")
        let actor = try form.value("actor_token").map { Array($0.utf8) }
        let actorType = try form.value("actor_token_type")
        let requested = try form.value("requested_token_type") ?? accessTokenType
        guard (actor == nil) == (actorType == nil) else {
            throw OAuthError(.invalidRequest, "actor_token and actor_token_type go together")
        }
        guard actorType.map({ $0 == accessTokenType }) ?? true else {
            throw OAuthError(.invalidRequest, "actor_token_type must be access_token")
        }
        let delegate = try form.value("delegate")
        if subjectType == identityTokenType
            || subjectType == jwtType && !broker.verifier.isOwn(subject)
        {
            guard requested == accessTokenType, actor == nil, delegate == nil else {
                throw OAuthError(
                    .invalidRequest, "a person's token makes an access_token, without actor_token and delegate")
            }
            return PersonExchange(subject: subject, request: request, client: client).run(broker) {
                send($0, accessTokenType, client, broker, to: $1)
            }
        }
        switch (subjectType, requested) {
        case (accessTokenType, jwtType):
            guard actor == nil else { throw OAuthError(.invalidRequest, "a ticket takes no actor_token") }
            return .parked { parked in
                broker.issuer.issueTicket(request, to: delegate, from: subject, for: client) {
                    send($0, jwtType, client, broker, to: parked)
                }
            }
        case (accessTokenType, accessTokenType), (jwtType, accessTokenType):
            guard delegate == nil else {
                throw OAuthError(.invalidRequest, "delegate goes with requested_token_type jwt, which makes a ticket")
            }
            let kind: TokenKind = subjectType == jwtType ? .ticket : .accessToken
            return .parked { parked in
                broker.issuer.exchange(request, subjectToken: subject, kind: kind, actorToken: actor, for: client) {
                    send($0, accessTokenType, client, broker, to: parked)
                }
            }
        default:
            throw OAuthError(
                .invalidRequest,
                "exchange an access_token for an access_token or a jwt (a ticket), or a jwt or id_token for an "
                    + "access_token")
        }
    }

    /// Has the reply made by the thread that sends it: the writer has others to tell.
    private static func send(
        _ result: Result<IssuedToken, BrokerError>, _ issuedType: String?, _ client: AuthenticatedClient,
        _ broker: Broker, to parked: ParkedReply
    ) {
        parked.finish(making: { reply(result, issuedType, client, broker) })
    }

    private static func reply(
        _ result: Result<IssuedToken, BrokerError>, _ issuedType: String?, _ client: AuthenticatedClient,
        _ broker: Broker
    ) -> HTTPReply {
        switch result {
        case .success(let token):
            broker.verifier.remember(token)
            let reply = OAuthReply.token(token, issuedType: issuedType)
            return client.proof == nil ? reply : DPoPHeader.withNonce(reply, broker: broker)
        case .failure(let error):
            let reply = OAuthReply.error(error)
            if client.proof != nil { return DPoPHeader.withNonce(reply, broker: broker) }
            guard case .oauth(let refusal) = error else { return reply }
            return DPoPHeader.reply(reply, to: refusal, broker: broker)
        }
    }

    /// The JSON object of `context`, whose known members have their types.
    private static func context(_ text: String) throws(OAuthError) -> PolicyContext {
        guard let object = try? JSONParser.parseObject(Array(text.utf8)), let context = try? PolicyContext(object)
        else {
            throw OAuthError(
                .invalidRequest, "context is not a JSON object, or a member of it that policy knows is out of shape")
        }
        return context
    }

    /// What the client says that it is made of; who need not say so may all the same.
    static func composition(_ form: OAuthForm) throws(OAuthError) -> CompositionDigest? {
        guard let text = try form.value("composition") else { return nil }
        guard let digest = CompositionDigest(text) else {
            throw OAuthError(.invalidRequest, "composition is \(CompositionDigest.rule)")
        }
        return digest
    }

    /// What the form asks for.
    static func tokenRequest(
        _ form: OAuthForm, _ http: HTTPRequest
    ) throws(OAuthError) -> TokenRequest {
        var request = TokenRequest()
        request.scope = try form.value("scope")
        request.targets = form.values("resource") + form.values("audience")
        if let text = try form.value("authorization_details") {
            guard let value = try? JSONParser.parse(Array(text.utf8)), let details = value.arrayValue else {
                throw OAuthError(.invalidAuthorizationDetails, "authorization_details is not a JSON array")
            }
            request.details = details
        }
        if let text = try form.value("context") { request.context = try context(text) }
        request.task = try form.value("task")
        request.delegates = try form.value("delegates")
        if let text = try form.value("lifetime") {
            guard let seconds = Int64(text), (1...RegistryLimits.maximumTokenLife).contains(seconds) else {
                throw OAuthError(.invalidRequest, "lifetime is a number of seconds from 1 to 3600")
            }
            request.lifetime = seconds
        }
        if let text = try form.value("trace") {
            request.trace = text
        } else if let header = http.header("traceparent"), http.fields.count(of: "traceparent") == 1 {
            // An invalid header is ignored and a new trace begins (W3C Trace Context §3.2).
            request.trace = (try? TraceParent.parse(Array(header.utf8)))?.traceID
        }
        return request
    }
}
