import MayflyBroker
import MayflyModel

/// The shapes of the OAuth endpoints, and of what describes them.
extension OpenAPISchemas {
    static let oauth: [(String, JSONObject)] = [
        (
            "TokenRequest",
            object(
                [
                    "grant_type": text(
                        values: TokenEndpoint.grants),
                    "assertion": text("with the grant type jwt-bearer: a provider's token"),
                    "client_assertion_type": text(), "client_assertion": text(), "client_id": text(),
                    "scope": text(), "resource": text(), "audience": text(), "authorization_details": text(),
                    "task": text(), "trace": text(), "delegates": text(), "lifetime": text(),
                    "context": text("a JSON object: what the request says of the case, for policy"),
                    "subject_token": text(),
                    "subject_token_type": text(), "actor_token": text(), "actor_token_type": text(),
                    "requested_token_type": text(), "delegate": text(),
                    "auth_req_id": text("with the grant type ciba"),
                    "composition": text("what the agent is made of, where its registration says"),
                ], required: ["grant_type"])
        ),
        (
            "TokenResponse",
            object(
                [
                    "access_token": text(), "issued_token_type": text(), "token_type": text(), "expires_in": integer,
                    "scope": text(), "authorization_details": list(anyObject), "task": text(), "trace": text(),
                    "supervision": reference("SupervisionBrief"),
                ], required: ["access_token", "token_type", "expires_in"])
        ),
        (
            "IntrospectionRequest",
            object(
                [
                    "token": text(), "token_type_hint": text(),
                    "dpop": text("the DPoP proof that came with the token; with the next two"),
                    "dpop_method": text("the method of the request that it came with"),
                    "dpop_uri": text("the URL of that request"),
                    "client_certificate": text("the certificate that the token came with, in PEM or base64"),
                ], required: ["token"])
        ),
        (
            "Introspection",
            object(
                [
                    "active": flag, "iss": text(), "sub": text(), "aud": text(), "client_id": text(), "jti": text(),
                    "token_type": text(), "iat": integer, "exp": integer, "scope": text(),
                    "authorization_details": list(anyObject), "act": anyObject, "may_act": anyObject, "txn": text(),
                    "cnf": .object(
                        object([
                            "jkt": text("RFC 7638 thumbprint of the token's key"),
                            "x5t#S256": text("SHA-256 of the token's certificate"),
                        ])),
                    "mayfly": anyObject,
                ], required: ["active"])
        ),
        ("RevocationForm", object(["token": text(), "token_type_hint": text()], required: ["token"])),
        (
            "Metadata",
            object(
                [
                    "issuer": text(), "token_endpoint": text(), "jwks_uri": text(),
                    "dpop_signing_alg_values_supported": list(text()),
                    "tls_client_certificate_bound_access_tokens": flag, "mtls_endpoint_aliases": anyObject,
                ], required: ["issuer"])
        ),
        ("JWKSet", object(["keys": list(anyObject)], required: ["keys"])),
    ]
}
