import MayflyBroker
import MayflyModel

/// `POST /oauth2/bc-authorize` (CIBA Core 1.0 §7): an agent asks people first, and then polls the token endpoint.
enum BackchannelEndpoint {
    static func run(_ call: Call) -> HTTPOutcome {
        let broker = call.broker
        let refuse: @Sendable (OAuthError) -> HTTPReply = { error in
            broker.metrics.refusedEarly(error)
            return OAuthReply.error(error)
        }
        do throws(OAuthError) {
            let form = try OAuthForm(call.request)
            return ClientAuthentication.run(call, form, refuse: refuse) { client in
                if let wait = broker.limits.refusesMint(for: client) { return .reply(LimitReply.oauth(after: wait)) }
                return run(form, client, call)
            }
        } catch {
            return .reply(refuse(error))
        }
    }

    private static func run(_ form: OAuthForm, _ client: AuthenticatedClient, _ call: Call) -> HTTPOutcome {
        let broker = call.broker
        var client = client
        do throws(OAuthError) {
            client.composition.stated = try TokenEndpoint.composition(form)
            let request = try TokenEndpoint.tokenRequest(form, call.request)
            let note = try note(form)
            let hint = try form.value("login_hint")
            guard try form.value("login_hint_token") == nil, try form.value("id_token_hint") == nil else {
                throw OAuthError(.invalidRequest, "login_hint is the only hint that is understood")
            }
            return .parked { [client] parked in
                broker.issuer.requestApproval(request, hint: hint, note: note, for: client) { result in
                    switch result {
                    case .success(let pending):
                        parked.finish(
                            HTTPReply(
                                status: 200, contentType: .json, headers: [("Pragma", "no-cache")],
                                body: JSONWriter.bytes(of: .object(pending.json))))
                    case .failure(let error): parked.finish(OAuthReply.error(error))
                    }
                }
            }
        } catch {
            return .parked { [client] parked in
                broker.issuer.refuse(error, to: client) { _ in parked.finish(OAuthReply.error(error)) }
            }
        }
    }

    private static func note(_ form: OAuthForm) throws(OAuthError) -> ApprovalNote {
        var note = ApprovalNote()
        if let message = try form.value("binding_message") {
            guard ApprovalNote.isMessage(message) else {
                throw OAuthError(
                    .invalidBindingMessage,
                    "binding_message has at most \(ApprovalLimits.messageBytes) bytes and no control characters")
            }
            note.message = message
        }
        if let text = try form.value("requested_expiry") {
            guard let seconds = Int64(text) else {
                throw OAuthError(.invalidRequest, "requested_expiry is a number of seconds")
            }
            note.requestedExpiry = seconds
        }
        return note
    }
}
