import MayflyBroker
import MayflyModel

/// The shapes that requests and answers have.
enum OpenAPISchemas {
    static let all: JSONObject = {
        var schemas = JSONObject()
        let people = approvals + compositions + supervisions
        for (name, schema) in registry + oauth + authzen + people + policies + providers + rest {
            schemas[name] = .object(schema)
        }
        return schemas
    }()

    // MARK: Building blocks

    static func text(_ description: String? = nil, values: [String] = []) -> JSONValue {
        var schema: JSONObject = ["type": .string("string")]
        schema["description"] = description.map { .string($0) }
        if !values.isEmpty { schema["enum"] = .array(values.map { .string($0) }) }
        return .object(schema)
    }

    static let integer = JSONValue.object(["type": .string("integer")])
    static let flag = JSONValue.object(["type": .string("boolean")])
    static let anyObject = JSONValue.object(["type": .string("object")])

    static func list(_ items: JSONValue) -> JSONValue {
        .object(["type": .string("array"), "items": items])
    }

    static func reference(_ name: String) -> JSONValue {
        .object(["$ref": .string("#/components/schemas/" + name)])
    }

    static func object(
        _ properties: JSONObject, required: [String] = [], isClosed: Bool = false
    ) -> JSONObject {
        var schema: JSONObject = ["type": .string("object"), "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        if isClosed { schema["additionalProperties"] = .bool(false) }
        return schema
    }

    static func page(_ name: String, _ schema: String) -> JSONObject {
        object(
            [name: list(reference(schema)), "next_cursor": text("send as cursor for the next page")], required: [name])
    }

    static func record(_ spec: JSONObject, _ more: JSONObject) -> JSONObject {
        var properties = spec
        for member in more.members { properties[member.name] = member.value }
        properties["created"] = text("RFC 3339")
        properties["epoch"] = integer
        properties["version"] = integer
        return object(properties)
    }

    // MARK: Registry

    private static let owner: JSONObject = [
        "id": text("owner:<name>"), "name": text(), "email": text(), "delegate": text("who inherits its agents"),
        "groups": list(text("a group that approvals may ask for")),
    ]

    private static let role: JSONObject = [
        "id": text("role:<name>"), "name": text(), "scopes": list(text()), "authorization_details": list(anyObject),
        "max_token_life": integer, "max_depth": integer,
    ]

    private static let resource: JSONObject = [
        "name": text(), "identifier": text("the aud of its tokens"), "title": text(), "scopes": list(text()),
        "authorization_details_types": list(anyObject), "actions": list(anyObject), "routes": list(anyObject),
        "authentication": text(values: ResourceSpec.AuthenticationMethod.allCases.map(\.rawValue)),
        "token_signing_alg": text(values: ResourceSpec.SigningAlgorithm.allCases.map(\.rawValue)),
        "dpop_bound_access_tokens": flag, "origins": list(text("where its clients reach it, for DPoP proofs")),
    ]

    private static let agent: JSONObject = [
        "id": text("agent:<name>"), "name": text(), "kind": text(values: AgentSpec.Kind.allCases.map(\.rawValue)),
        "purpose": text(), "owner": text(), "roles": list(text()), "resources": list(text()),
        "scopes": list(text()), "authorization_details": list(anyObject), "deny": anyObject,
        "delegates": list(text("agent:<name> or role:<name>")),
        "risk": text(values: AgentSpec.Risk.allCases.map(\.rawValue)), "release": text(),
        "last_review": text(), "next_review": text(), "review_every": integer,
        "end_date": text(), "dpop_bound_access_tokens": flag,
        "trust": list(reference("TrustCondition")),
        "tls_client_auth_subject_dn": text(
            "known by a certificate with this subject (RFC 4514); one of the six at most"),
        "tls_client_auth_san_dns": text("known by a certificate with this host name"),
        "tls_client_auth_san_uri": text("known by a certificate with this URI"),
        "tls_client_auth_san_ip": text("known by a certificate with this IP address"),
        "tls_client_auth_san_email": text("known by a certificate with this e-mail address"),
        "tls_client_certificates": list(text("a certificate in PEM or base64, or its x5t#S256; kept as the last")),
        "tls_client_certificate_bound_access_tokens": flag,
        "composition": composition,
    ]

    private static let behaviour: JSONObject = {
        let number = JSONValue.object(["type": .string("number")])
        let names = list(.object(object(["name": text(), "count": number], required: ["name", "count"])))
        let pace = JSONValue.object(
            object([
                "recent": number, "recent_refused": number, "today": number, "peak_today": number,
                "peak_usual": number, "weeks": number, "weeks_refused": number,
            ]))
        return object(
            [
                "agent": text(), "known": flag, "requests": integer, "requests_needed": integer,
                "last_seen": text("RFC 3339"), "active_days": number, "hours": list(number), "scopes": names,
                "resources": names, "partners": names, "mint": pace, "action": pace,
                "facts": anyObject,
            ], required: ["agent", "known", "requests", "requests_needed", "facts"])
    }()

    private static let registry: [(String, JSONObject)] = [
        ("OwnerSpec", object(owner, required: ["id", "name", "email"], isClosed: true)),
        (
            "Owner",
            record(
                owner,
                [
                    "state": text(values: Owner.State.allCases.map(\.rawValue)), "keys": list(anyObject),
                    "key_epoch": integer,
                ])
        ),
        ("OwnerPage", page("owners", "Owner")),
        ("Leaving", object(["owner": text(), "offboarded": list(text()), "inherited": list(text())])),
        ("RoleSpec", object(role, required: ["id"], isClosed: true)),
        ("Role", record(role, [:])),
        ("RolePage", page("roles", "Role")),
        ("ResourceSpec", object(resource, required: ["name", "identifier"], isClosed: true)),
        ("Resource", record(resource, ["keys": list(anyObject), "has_secret": flag])),
        ("ResourcePage", page("resources", "Resource")),
        ("ResourceSecret", object(["client_id": text(), "client_secret": text("shown once")])),
        ("AgentSpec", object(agent, required: ["id", "purpose", "owner"], isClosed: true)),
        (
            "Agent",
            record(
                agent,
                [
                    "state": text(values: Agent.State.allCases.map(\.rawValue)), "keys": list(anyObject),
                    "last_used": text(), "pending_composition": pendingComposition,
                    "lifecycle": .object(
                        object([
                            "reviewed": text("when a review was last recorded"),
                            "review_due": text("when the next review is due"),
                            "review": text(values: ReviewStanding.allCases.map(\.rawValue)),
                        ])),
                ])
        ),
        (
            "AgentReview",
            object(
                [
                    "reason": text("why, and what was looked at; the ledger keeps it"),
                    "next_review": text("RFC 3339, by administrators only; without it the interval says when"),
                ], required: ["reason"], isClosed: true)
        ),
        ("AgentPage", page("agents", "Agent")),
        ("AgentBehaviour", behaviour),
        (
            "Registry",
            object(
                [
                    "owners": list(reference("OwnerSpec")), "resources": list(reference("ResourceSpec")),
                    "providers": list(reference("ProviderSpec")), "roles": list(reference("RoleSpec")),
                    "agents": list(reference("AgentSpec")),
                ], isClosed: true)
        ),
        (
            "Applied",
            object([
                "dry_run": flag,
                "changes": list(
                    .object(object(["target": text(), "step": text(), "members": list(text())]))),
            ])
        ),
        ("Reason", object(["reason": text()], isClosed: true)),
        ("KeyHolder", ["oneOf": .array([reference("Agent"), reference("Owner")])]),
        ("EnrolmentCode", object(["agent": text(), "owner": text(), "code": text("single use"), "expires": text()])),
        (
            "Enrolment",
            object(
                ["code": text(), "proof": text("JWS of the new key"), "label": text()], required: ["code", "proof"],
                isClosed: true)
        ),
        (
            "KeyRegistration",
            object(
                [
                    "client_assertion": text("by an older key"), "proof": text("JWS of the new key"), "label": text(),
                    "expires": text(),
                ], required: ["client_assertion", "proof"], isClosed: true)
        ),
    ]

    // MARK: The rest

    private static let rest: [(String, JSONObject)] = [
        (
            "RevocationRequest",
            object(
                [
                    "token": text("a jti"), "task": text(), "trace": text(), "agent": text(), "owner": text(),
                    "role": text(), "resource": text(), "provider": text(), "person": text(),
                    "everything": flag, "reason": text(),
                ], isClosed: true)
        ),
        ("Revoked", object(["revoked": text()])),
        ("RevocationPage", page("revocations", "RevocationRecord")),
        (
            "RevocationRecord",
            object(["target": text(), "value": text(), "at": integer, "expires": integer])
        ),
        (
            "LedgerPage",
            object(["entries": list(.object(object(["index": text(), "entry": anyObject]))), "next_cursor": text()])
        ),
        (
            "LedgerRange",
            object(["entries": list(.object(object(["index": text(), "bytes": text(), "leaf": text()])))])
        ),
        (
            "LedgerArchiveRequest",
            object(
                ["keep": integer, "before": text("RFC 3339; one of the two")], isClosed: true)
        ),
        (
            "LedgerArchive",
            object([
                "file": text(), "first": text(), "last": text(), "size": text("bytes"), "sha256": text("base64url"),
                "root": text("base64url"), "since": text("RFC 3339"), "until": text("RFC 3339"),
                "created": text("RFC 3339"), "by": text(), "present": flag,
            ])
        ),
        (
            "LedgerArchiveResult",
            object(["archive": reference("LedgerArchive"), "more": flag], required: ["more"])
        ),
        (
            "LedgerArchives",
            object(["directory": text(), "archives": list(reference("LedgerArchive"))], required: ["archives"])
        ),
        ("LedgerKey", object(["verifier_key": text()])),
        ("Proof", object(["hashes": list(text("base64url"))])),
        ("SigningKeys", object(["keys": list(anyObject)])),
        (
            "KeyCompromiseRequest",
            object(["reason": text("why; the ledger keeps it")], required: ["reason"], isClosed: true)
        ),
        (
            "KeyCompromise",
            object(
                [
                    "compromised": text("the kid"), "successor": text("the key that signs in its place"),
                    "keys": list(anyObject),
                ], required: ["compromised", "keys"])
        ),
        (
            "Cluster",
            object(
                [
                    "shared": flag, "node": text("the one that answers"), "revision": integer, "commits": integer,
                    "lease_seconds": integer, "ledger_size": integer, "nodes": list(clusterNode),
                ], required: ["shared", "revision", "ledger_size", "nodes"])
        ),
    ]

    private static let clusterNode: JSONValue = {
        let properties: JSONObject = [
            "name": text(), "address": text("where it listens"), "session": text("a number that its process drew"),
            "self": flag, "alive": flag, "leader": flag, "applied": integer, "lag": integer, "renewals": integer,
        ]
        return .object(object(properties, required: properties.members.map(\.name)))
    }()
}
