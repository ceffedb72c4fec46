import MayflyBroker
import MayflyModel
import MayflyPolicy

/// `GET /verify`: answers a proxy's sub-request with 200, 401 or 403 (RFC 6750 §3).
///
/// The token stands in `Authorization`, with a proof in `DPoP` where it is bound to a key (RFC 9449 §7.1), the request
/// in `X-Original-Method` and `X-Original-URI` (nginx) or `X-Forwarded-Method` and `X-Forwarded-Uri` (Traefik, Envoy).
/// The proxy says which resource it speaks for, and proves it, with that resource's Basic credentials in
/// `X-Mayfly-Resource`, a header that it sets itself.
enum VerifyEndpoint {
    static let credentialHeader = "X-Mayfly-Resource"

    static func run(_ call: Call) -> HTTPOutcome {
        let request = call.request
        guard let credential = request.only(credentialHeader),
            case .basic(let basic) = try? AuthorizationHeader.parse(credential),
            let client = try? call.broker.authenticator.authenticate(
                name: basic.clientID, secret: Array(basic.secret.utf8)),
            case .resource(let resource) = client.client
        else {
            return .reply(
                plain(403, "the proxy's \(credentialHeader) header does not authenticate a registered resource"))
        }
        if let wait = call.broker.limits.refusesVerification(for: .resource(resource)) {
            return .reply(LimitReply.plain(after: wait))
        }
        guard request.fields.contains("Authorization") else {
            let isBound = call.broker.verification.demandsBinding(resource)
            return .reply(challenge(401, nil, asDPoP: isBound))
        }
        guard let header = request.only("Authorization"),
            case .some(let (token, isShown)) = token(header)
        else { return .reply(challenge(401, "invalid_request")) }
        guard let (method, uri) = original(request), let segments = OriginalPath.segments(of: uri) else {
            return .reply(plain(403, "the proxy must send the original method and a plain original path, each once"))
        }
        var scope: Scope?
        if request.query.contains("scope") {
            // A demand that cannot be read is not one that can be dropped.
            guard let parsed = (try? request.query.value("scope")).flatMap({ Scope($0) }) else {
                return .reply(plain(403, "the scope parameter is not one scope"))
            }
            scope = parsed
        }
        let broker = call.broker
        let needed = scope
        var possession = Possession.notShown
        if isShown {
            guard let proof = request.only(DPoPHeader.name) else {
                return .reply(challenge(401, "invalid_dpop_proof", asDPoP: true))
            }
            possession = .shown(PresentedProof(proof, method: method, target: .path(uri)))
        }
        let shown = possession
        return .parked { parked in
            broker.verification.decideRoute(
                method: method, segments: segments, scope: needed, token: token.bytes, possession: shown,
                certificate: call.certificate, for: resource
            ) { parked.finish(reply($0, asDPoP: isShown)) }
        }
    }

    /// The token, and whether a proof of its key comes with it (RFC 9449 §7.1); nil for another scheme.
    private static func token(_ header: ArraySlice<UInt8>) -> (token: BearerCredentials, isShown: Bool)? {
        switch try? AuthorizationHeader.parse(header) {
        case .bearer(let token): (token, false)
        case .dpop(let token): (token, true)
        case .basic, .unsupported, nil: nil
        }
    }

    /// The method and target that the proxy was asked for.
    ///
    /// A proxy hands on what its own client sent: of two pairs, or of one header sent twice, one could be the client's
    /// and name another path than the one that the proxy will take.
    private static func original(_ request: HTTPRequest) -> (method: String, uri: String)? {
        let methods = request.headers("X-Original-Method") + request.headers("X-Forwarded-Method")
        let targets = request.headers("X-Original-URI") + request.headers("X-Forwarded-Uri")
        guard let method = methods.first, let target = targets.first, methods.count == 1, targets.count == 1 else {
            return nil
        }
        return (method, target)
    }

    private static func reply(
        _ result: Result<(ActionDecision, VerificationService.ActiveToken?), BrokerError>, asDPoP: Bool
    ) -> HTTPReply {
        switch result {
        case .failure(let error):
            if case .unavailable = error {
                var reply = plain(503, "the decision could not be written down")
                reply.headers.append(("Retry-After", "1"))
                return reply
            }
            return plain(403, "refused")
        case .success((.inactive, _)): return challenge(401, "invalid_token", asDPoP: asDPoP)
        // A token with a key that came as if it had none (RFC 9449 §7.2).
        case .success((.deny(.proofRequired), _)): return challenge(401, "invalid_token", asDPoP: true)
        // The same for one with a certificate, which is a bearer token on the wire (RFC 8705 §3).
        case .success((.deny(.certificateRequired), _)), .success((.deny(.certificateMismatch), _)):
            return challenge(401, "invalid_token", asDPoP: asDPoP)
        case .success((.deny(.proofInvalid), _)): return challenge(401, "invalid_dpop_proof", asDPoP: true)
        case .success((.deny(.scopeMissing(let scope)), _)):
            return challenge(403, "insufficient_scope", scope: scope, asDPoP: asDPoP)
        case .success((.deny(let denial), _)):
            var reply = challenge(403, "insufficient_scope", asDPoP: asDPoP)
            // Proxies understand 403 and not 429.
            if case .quotaExhausted(_, let seconds) = denial { reply.headers.append(("Retry-After", "\(seconds)")) }
            return reply
        case .success((.allow, let active)):
            var headers: [(name: String, value: String)] = []
            if let claims = active?.claims {
                headers = [
                    ("X-Mayfly-Subject", claims.subject), ("X-Mayfly-Agent", claims.clientID),
                    ("X-Mayfly-Task", claims.task), ("X-Mayfly-Trace", claims.trace),
                    ("X-Mayfly-Scope", claims.scopes.text),
                ]
            }
            return HTTPReply(status: 200, contentType: .text, headers: headers)
        }
    }

    private static func challenge(
        _ status: Int, _ error: String?, scope: Scope? = nil, asDPoP: Bool = false
    ) -> HTTPReply {
        if asDPoP {
            let value = DPoPHeader.challenge(error, scope: scope?.text)
            return HTTPReply(status: status, contentType: .text, headers: [("WWW-Authenticate", value)])
        }
        var value = "Bearer realm=\"mayfly\""
        if let error { value += ", error=\"\(error)\"" }
        if let scope { value += ", scope=\"\(scope.text)\"" }
        return HTTPReply(status: status, contentType: .text, headers: [("WWW-Authenticate", value)])
    }

    static func plain(_ status: Int, _ text: String) -> HTTPReply {
        HTTPReply(status: status, contentType: .text, body: Array((text + "\n").utf8))
    }
}
