import MayflyBroker
import MayflyCrypto
import MayflyModel

/// What the broker says about itself.
enum Metadata {
    /// RFC 8414 §2; also served where OpenID clients look, for discovery only.
    static func authorizationServer(_ broker: Broker) -> HTTPReply {
        let issuer = broker.settings.issuer
        let algorithms = JSONValue.array(SignatureAlgorithm.allCases.map { .string($0.rawValue) })
        let types = broker.state.read { tables in
            Set(tables.resources.all.flatMap { $0.spec.types.map(\.type) }).sorted()
        }
        var object: JSONObject = [
            "issuer": .string(issuer),
            "token_endpoint": .string(issuer + "/oauth2/token"),
            "jwks_uri": .string(issuer + "/.well-known/jwks.json"),
            // REQUIRED and must not be empty, yet there is no authorization endpoint: the registered value says so.
            "response_types_supported": .array([.string("none")]),
            "grant_types_supported": .array(TokenEndpoint.grants.map { .string($0) }),
            "token_endpoint_auth_methods_supported": .array(
                ["private_key_jwt", "client_secret_basic", "spiffe_jwt"].map { .string($0) }),
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "dpop_signing_alg_values_supported": .array(DPoPProof.algorithms.map { .string($0.rawValue) }),
            "backchannel_authentication_endpoint": .string(issuer + "/oauth2/bc-authorize"),
            "backchannel_token_delivery_modes_supported": .array([.string("poll")]),
            "introspection_endpoint": .string(issuer + "/oauth2/introspect"),
            "introspection_endpoint_auth_methods_supported": .array(
                ["client_secret_basic", "private_key_jwt"].map { .string($0) }),
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint": .string(issuer + "/oauth2/revoke"),
            "revocation_endpoint_auth_methods_supported": .array(
                ["private_key_jwt", "spiffe_jwt"].map { .string($0) }),
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        ]
        if let base = broker.settings.mtlsURL { addCertificates(to: &object, at: base) }
        if !types.isEmpty {
            object["authorization_details_types_supported"] = .array(types.map { .string($0) })
        }
        return document(object)
    }

    /// RFC 8705 §3.3, §5: what clients with certificates can do, and where.
    private static func addCertificates(to object: inout JSONObject, at base: String) {
        let methods: [JSONValue] = ["tls_client_auth", "self_signed_tls_client_auth", "spiffe_x509"].map { .string($0) }
        for name in ["token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"] {
            object[name] = .array((object[name]?.arrayValue ?? []) + methods)
        }
        object["tls_client_certificate_bound_access_tokens"] = .bool(true)
        object["mtls_endpoint_aliases"] = .object([
            "token_endpoint": .string(base + "/oauth2/token"),
            "backchannel_authentication_endpoint": .string(base + "/oauth2/bc-authorize"),
            "introspection_endpoint": .string(base + "/oauth2/introspect"),
            "revocation_endpoint": .string(base + "/oauth2/revoke"),
        ])
    }

    /// AuthZEN 1.0 §9.
    static func authzen(_ broker: Broker) -> HTTPReply {
        let issuer = broker.settings.issuer
        return document([
            "policy_decision_point": .string(issuer),
            "access_evaluation_endpoint": .string(issuer + "/access/v1/evaluation"),
            "access_evaluations_endpoint": .string(issuer + "/access/v1/evaluations"),
        ])
    }

    static func jwks(_ broker: Broker) -> HTTPReply {
        document(broker.keyring.jwks(at: broker.clock.now()))
    }

    private static func document(_ object: JSONObject) -> HTTPReply {
        HTTPReply(
            status: 200, contentType: .json, headers: [("Cache-Control", "public, max-age=60")],
            body: JSONWriter.bytes(of: .object(object)))
    }
}
