import MayflyBroker

/// `POST /oauth2/revoke` (RFC 7009): a holder ends its token and everything below it.
enum RevocationEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        do throws(OAuthError) {
            let form = try OAuthForm(call.request)
            let token = Array(try form.requiredBytes("token"))
            let broker = call.broker
            return ClientAuthentication.run(call, form, refuse: { OAuthReply.error($0) }) { client in
                if let wait = broker.limits.refusesRevocation(for: client) {
                    return .reply(LimitReply.oauth(after: wait))
                }
                return .parked { parked in
                    broker.revoke(token: token, for: client) { result in
                        switch result {
                        case .success:
                            parked.finish(HTTPReply(status: 200))
                        case .failure(let error): parked.finish(OAuthReply.error(error))
                        }
                    }
                }
            }
        } catch {
            return .reply(OAuthReply.error(error))
        }
    }
}
