internal import MayflyModel

extension BrokerClient {
    static let tokenPath = "/oauth2/token"
    private static let exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    private static let ticketType = "urn:ietf:params:oauth:token-type:jwt"

    /// Gets a token for a task (RFC 6749 §4.4); with `key` one that is bound to it (RFC 9449 §5).
    public func requestToken(
        _ request: TokenRequest, as credential: AgentCredential, boundTo key: ProofKey? = nil
    ) throws(ClientError) -> TokenAnswer {
        var form = FormBody()
        form.add("grant_type", "client_credentials")
        request.add(to: &form)
        return try token(form, credential, key)
    }

    /// Makes a single-use ticket by which `delegate` gets a narrower token below `token`.
    ///
    /// The ticket is worth something at the broker only, to the delegate only, and for a minute.
    /// `key` is the one that `token` is bound to, if it is.
    public func ticket(
        for delegate: String, from token: String, _ request: TokenRequest, as credential: AgentCredential,
        holding key: ProofKey? = nil
    ) throws(ClientError) -> TokenAnswer {
        var form = exchange(token, Self.accessTokenType, Self.ticketType, request)
        form.add("delegate", delegate)
        return try self.token(form, credential, key)
    }

    /// Turns a ticket into the token that it stands for, bound to `key` where there is one.
    public func redeem(
        ticket: String, _ request: TokenRequest = TokenRequest(), as credential: AgentCredential,
        boundTo key: ProofKey? = nil
    ) throws(ClientError) -> TokenAnswer {
        try token(exchange(ticket, Self.ticketType, Self.accessTokenType, request), credential, key)
    }

    /// Exchanges a token for a narrower one (RFC 8693); `actorToken` is the credential's own token, where there is one.
    ///
    /// A bound token is exchanged with its own key alone, to which the new one is bound, too.
    public func exchange(
        subjectToken: String, actorToken: String? = nil, _ request: TokenRequest, as credential: AgentCredential,
        boundTo key: ProofKey? = nil
    ) throws(ClientError) -> TokenAnswer {
        var form = exchange(subjectToken, Self.accessTokenType, Self.accessTokenType, request)
        if let actorToken {
            form.add("actor_token", actorToken)
            form.add("actor_token_type", Self.accessTokenType)
        }
        return try token(form, credential, key)
    }

    /// Ends a token and everything below it (RFC 7009); the answer does not tell whether there was one.
    public func revoke(token: String, as credential: AgentCredential) throws(ClientError) {
        var form = FormBody()
        form.add("token", token)
        try AnswerReader.check(try send(form, to: "/oauth2/revoke", as: credential))
    }

    private func exchange(
        _ subject: String, _ subjectType: String, _ requestedType: String, _ request: TokenRequest
    ) -> FormBody {
        var form = FormBody()
        form.add("grant_type", Self.exchangeGrant)
        form.add("subject_token", subject)
        form.add("subject_token_type", subjectType)
        form.add("requested_token_type", requestedType)
        request.add(to: &form)
        return form
    }

    private func token(
        _ form: FormBody, _ credential: AgentCredential, _ key: ProofKey?
    ) throws(ClientError) -> TokenAnswer {
        guard let key else {
            return try TokenAnswer(try AnswerReader.object(try send(form, to: Self.tokenPath, as: credential)))
        }
        var answer = try sendProven(form, credential, key)
        // Its first nonce, or a later one that has ended: once more with the one that came with the answer.
        if Self.asksForNonce(answer) { answer = try sendProven(form, credential, key) }
        let token = try TokenAnswer(try AnswerReader.object(answer))
        // A server that passes the proof over would give out a token that anybody can use.
        guard token.tokenType.lowercased() != "bearer" else { throw .unexpectedAnswer(status: answer.status) }
        return token
    }

    /// Sends a form with a proof of the key; the URL is the issuer's, wherever the server listens.
    private func sendProven(
        _ form: FormBody, _ credential: AgentCredential, _ key: ProofKey
    ) throws(ClientError) -> ClientAnswer {
        let proof = try key.proof(
            "POST", issuer + Self.tokenPath, token: nil, nonce: key.latestNonce, at: assertions.now)
        let answer = try send(form, to: Self.tokenPath, as: credential, headers: [("DPoP", proof)])
        key.learn(from: answer)
        return answer
    }

    private static func asksForNonce(_ answer: ClientAnswer) -> Bool {
        guard answer.status == 400, answer.header("DPoP-Nonce") != nil,
            let object = try? JSONParser.parseObject(answer.body)
        else { return false }
        return object["error"]?.stringValue == "use_dpop_nonce"
    }
}
