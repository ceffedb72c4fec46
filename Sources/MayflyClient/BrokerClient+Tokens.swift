extension BrokerClient {
    private static let exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    private static let ticketType = "urn:ietf:params:oauth:token-type:jwt"

    /// Gets a token for a task (RFC 6749 §4.4).
    public func requestToken(
        _ request: TokenRequest, as credential: AgentCredential
    ) throws(ClientError) -> TokenAnswer {
        var form = FormBody()
        form.add("grant_type", "client_credentials")
        request.add(to: &form)
        return try token(form, credential)
    }

    /// Makes a single-use ticket by which `delegate` gets a narrower token below `token`.
    ///
    /// The ticket is worth something at the broker only, to the delegate only, and for a minute.
    public func ticket(
        for delegate: String, from token: String, _ request: TokenRequest, as credential: AgentCredential
    ) throws(ClientError) -> TokenAnswer {
        var form = exchange(token, Self.accessTokenType, Self.ticketType, request)
        form.add("delegate", delegate)
        return try self.token(form, credential)
    }

    /// Turns a ticket into the token that it stands for.
    public func redeem(
        ticket: String, _ request: TokenRequest = TokenRequest(), as credential: AgentCredential
    ) throws(ClientError) -> TokenAnswer {
        try token(exchange(ticket, Self.ticketType, Self.accessTokenType, request), credential)
    }

    /// Exchanges a token for a narrower one (RFC 8693); `actorToken` is the credential's own token, where there is one.
    public func exchange(
        subjectToken: String, actorToken: String? = nil, _ request: TokenRequest, as credential: AgentCredential
    ) throws(ClientError) -> TokenAnswer {
        var form = exchange(subjectToken, Self.accessTokenType, Self.accessTokenType, request)
        if let actorToken {
            form.add("actor_token", actorToken)
            form.add("actor_token_type", Self.accessTokenType)
        }
        return try token(form, credential)
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

    private func token(_ form: FormBody, _ credential: AgentCredential) throws(ClientError) -> TokenAnswer {
        try TokenAnswer(try AnswerReader.object(try send(form, to: "/oauth2/token", as: credential)))
    }
}
