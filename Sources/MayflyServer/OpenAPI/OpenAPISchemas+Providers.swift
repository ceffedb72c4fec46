import MayflyBroker
import MayflyCrypto
import MayflyModel

/// The shapes of identity providers, of trust in their tokens, and of what is said about it.
extension OpenAPISchemas {
    private static let provider: JSONObject = [
        "id": text("provider:<name>"), "name": text(), "issuer": text("the exact iss of its tokens"),
        "trust_domain": text("instead of issuer: a SPIFFE trust domain"),
        "jwks": anyObject, "jwks_uri": text("instead of jwks; with neither the issuer's own description says where"),
        "algorithms": list(text(values: SignatureAlgorithm.allCases.map(\.rawValue))), "max_token_life": integer,
        "reusable": flag,
        "people": .object(
            object(
                [
                    "audiences": list(text("the client_id of an application at which people sign in")),
                    "rules": list(
                        .object(
                            object(
                                ["subject": textCondition, "claims": anyObject, "roles": list(text())],
                                required: ["roles"], isClosed: true))),
                ], required: ["audiences"], isClosed: true)),
        "composition_claim": text("a claim, or the way to one, with a workload's composition"),
    ]

    private static let keyStatus = JSONValue.object(
        object(
            [
                "count": integer, "age": integer, "fault": text(values: FetchFault.allCases.map(\.rawValue)),
                "explanation": text(),
            ], required: ["count"]))

    private static let textCondition: JSONValue = .object([
        "oneOf": .array([
            text("exactly this"),
            .object(object(["pattern": text(AnchoredPattern.rule)], required: ["pattern"], isClosed: true)),
        ])
    ])

    static let providers: [(String, JSONObject)] = [
        ("ProviderSpec", object(provider, required: ["id"], isClosed: true)),
        ("Provider", record(provider, ["keys": keyStatus])),
        ("ProviderPage", page("providers", "Provider")),
        (
            "Person",
            object([
                "id": text("person:<provider>:<subject>"),
                "state": text(values: Person.State.allCases.map(\.rawValue)),
                "epoch": integer, "changed": text("RFC 3339"), "version": integer,
            ])
        ),
        ("PersonPage", page("people", "Person")),
        (
            "TrustCondition",
            object(
                [
                    "provider": text(), "audience": text("the token's only one; without it the broker's issuer"),
                    "subject": textCondition, "claims": anyObject,
                ], required: ["provider", "subject"], isClosed: true)
        ),
        (
            "TrustTest",
            object(
                ["token": text(), "type": text(values: ["jwt-bearer", "jwt-spiffe"]), "client_id": text()],
                required: ["token"], isClosed: true)
        ),
        (
            "TrustReport",
            object(
                [
                    "accepted": flag, "agent": text(), "fault": text(values: TrustFault.allCases.map(\.rawValue)),
                    "explanation": text(), "provider": text(), "keys": keyStatus,
                    "person": text(), "roles": list(text()),
                    "conditions": list(
                        .object(
                            object([
                                "agent": text(), "index": integer, "holds": flag, "items": list(anyObject),
                            ]))), "more": flag,
                ], required: ["accepted", "conditions"])
        ),
    ]
}
