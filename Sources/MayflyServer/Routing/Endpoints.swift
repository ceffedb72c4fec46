import MayflyBroker

/// Every operation of the HTTP surface; the router and the OpenAPI document are made from this one list.
package enum Endpoints {
    package static let all: [Endpoint] =
        protocols + RegistryAPI.endpoints + EnrolmentAPI.endpoints
        + ApprovalsAPI.endpoints + CompositionAPI.endpoints + SupervisionsAPI.endpoints + NoticesAPI.endpoints
        + RevocationsAPI.endpoints
        + LedgerAPI.endpoints + LedgerArchivesAPI.endpoints
        + KeysAPI.endpoints + PoliciesAPI.endpoints + QuotasAPI.endpoints + ClusterAPI.endpoints + operations

    private static let protocols = [
        Endpoint(
            "POST", "/oauth2/token", "Task tokens, delegation tickets and token exchange", request: "TokenRequest",
            isForm: true, success: (200, "TokenResponse"), headers: [DPoPHeader.name]
        ) { TokenEndpoint.run($0) },
        Endpoint(
            "POST", "/oauth2/bc-authorize", "Ask people to approve a token request (CIBA, poll mode)",
            request: "BackchannelRequest", isForm: true, success: (200, "BackchannelResponse")
        ) { BackchannelEndpoint.run($0) },
        Endpoint(
            "POST", "/oauth2/introspect", "What a token means now (RFC 7662)", request: "IntrospectionRequest",
            isForm: true, success: (200, "Introspection")
        ) { IntrospectionEndpoint.run($0) },
        Endpoint(
            "POST", "/oauth2/revoke", "End a token and everything below it (RFC 7009)", request: "RevocationForm",
            isForm: true
        ) { RevocationEndpoint.run($0) },
        Endpoint(
            "POST", "/access/v1/evaluation", "May this token do this action? (AuthZEN 1.0)", request: "Evaluation",
            success: (200, "EvaluationDecision")
        ) { EvaluationEndpoint.single($0) },
        Endpoint(
            "POST", "/access/v1/evaluations", "Several questions at once (AuthZEN 1.0)", request: "Evaluations",
            success: (200, "EvaluationDecisions")
        ) { EvaluationEndpoint.several($0) },
        Endpoint(
            "GET", "/access/v1/access-requests/{id}", "What has become of an action that people were asked about",
            success: (200, "AccessRequestTask")
        ) { AccessRequestEndpoint.run($0) },
        Endpoint(
            "POST", "/access/v1/settle", "Give back what an allowed action did not use", request: "Settlement",
            success: (200, "Settled")
        ) { SettlementEndpoint.run($0) },
        Endpoint(
            "GET", "/access/v1/supervisions/{id}", "Whether what was let through in tier 2 was taken back",
            success: (200, "SupervisionState")
        ) { SupervisionEndpoint.run($0) },
        Endpoint(
            "GET", "/verify", "Forward-auth for nginx, Envoy and Traefik", query: ["scope"],
            headers: [DPoPHeader.name]
        ) { VerifyEndpoint.run($0) },
        Endpoint(
            "GET", "/.well-known/oauth-authorization-server", "Server metadata (RFC 8414)", success: (200, "Metadata")
        ) { .reply(Metadata.authorizationServer($0.broker)) },
        Endpoint(
            "GET", "/.well-known/openid-configuration", "The same metadata, where OpenID clients look",
            success: (200, "Metadata")
        ) { .reply(Metadata.authorizationServer($0.broker)) },
        Endpoint("GET", "/.well-known/jwks.json", "Keys that verify tokens (RFC 7517)", success: (200, "JWKSet")) {
            .reply(Metadata.jwks($0.broker))
        },
        Endpoint(
            "GET", "/.well-known/authzen-configuration", "AuthZEN metadata", success: (200, "AuthZENMetadata")
        ) { .reply(Metadata.authzen($0.broker)) },
    ]

    private static let operations = [
        Endpoint("GET", "/openapi.json", "This surface, as OpenAPI 3.1") { call in
            .reply(OpenAPIDocument.reply(issuer: call.broker.settings.issuer))
        },
        Endpoint("GET", "/healthz", "The process answers") { _ in .reply(plain("ok")) },
        Endpoint("GET", "/metrics", "What the process counts, in the text format of Prometheus") { call in
            .reply(call.metrics?.reply() ?? Problem.nothingHere)
        },
        Endpoint("GET", "/readyz", "The broker can mint and verify") { call throws(Failure) in
            do throws(BrokerError) {
                try call.broker.readiness()
            } catch {
                throw .broker(error)
            }
            return .reply(plain("ready"))
        },
    ]

    private static func plain(_ word: String) -> HTTPReply {
        HTTPReply(status: 200, contentType: .text, body: Array((word + "\n").utf8))
    }
}
