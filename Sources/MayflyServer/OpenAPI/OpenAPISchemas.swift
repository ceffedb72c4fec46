import MayflyBroker
import MayflyModel

/// The shapes that requests and answers have.
enum OpenAPISchemas {
    static let all: JSONObject = {
        var schemas = JSONObject()
        for (name, schema) in registry + oauth + authzen + approvals + policies + supervisions + rest {
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

    private static func record(_ spec: JSONObject, _ more: JSONObject) -> JSONObject {
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
                    "last_used": text(),
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
                    "roles": list(reference("RoleSpec")), "agents": list(reference("AgentSpec")),
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

    // MARK: OAuth

    private static let oauth: [(String, JSONObject)] = [
        (
            "TokenRequest",
            object(
                [
                    "grant_type": text(
                        values: [
                            TokenEndpoint.clientCredentials, TokenEndpoint.tokenExchange, TokenEndpoint.backchannel,
                        ]),
                    "client_assertion_type": text(), "client_assertion": text(), "client_id": text(),
                    "scope": text(), "resource": text(), "audience": text(), "authorization_details": text(),
                    "task": text(), "trace": text(), "delegates": text(), "lifetime": text(),
                    "context": text("a JSON object: what the request says of the case, for policy"),
                    "subject_token": text(),
                    "subject_token_type": text(), "actor_token": text(), "actor_token_type": text(),
                    "requested_token_type": text(), "delegate": text(),
                    "auth_req_id": text("with the grant type ciba"),
                ], required: ["grant_type"])
        ),
        (
            "TokenResponse",
            object(
                [
                    "access_token": text(), "issued_token_type": text(), "token_type": text(), "expires_in": integer,
                    "scope": text(), "authorization_details": list(anyObject), "task": text(), "trace": text(),
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
                ], required: ["token"])
        ),
        (
            "Introspection",
            object(
                [
                    "active": flag, "iss": text(), "sub": text(), "aud": text(), "client_id": text(), "jti": text(),
                    "token_type": text(), "iat": integer, "exp": integer, "scope": text(),
                    "authorization_details": list(anyObject), "act": anyObject, "may_act": anyObject, "txn": text(),
                    "cnf": .object(object(["jkt": text("RFC 7638 thumbprint of the token's key")])),
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
                ], required: ["issuer"])
        ),
        ("JWKSet", object(["keys": list(anyObject)], required: ["keys"])),
    ]

    // MARK: AuthZEN

    /// The members of where people stand on an action, with its id under `name`.
    private static func accessRequest(_ name: String) -> JSONObject {
        [
            name: text("of the question that people were asked"),
            "status": text(values: AccessRequest.Status.allCases.map(\.rawValue)),
            "reason": text("why nobody was asked", values: AccessRequest.Reason.allCases.map(\.rawValue)),
            "expires_at": text("RFC 3339"), "expires_in": integer, "interval": integer,
            "status_endpoint": text("answers the same to the resource that asked"),
        ]
    }

    private static let subject = JSONValue.object(
        object([
            "type": text(values: ["access_token"]), "id": text("the token"),
            "properties": .object(
                object([
                    "dpop": .object(
                        object(
                            [
                                "proof": text("the DPoP proof that came with the token"),
                                "method": text("of the request that it came with"), "uri": text("of that request"),
                            ], required: ["proof", "method", "uri"]))
                ])),
        ]))

    private static let authzen: [(String, JSONObject)] = [
        (
            "Evaluation",
            object(
                [
                    "subject": subject, "action": anyObject, "resource": anyObject, "context": anyObject,
                    "options": anyObject,
                ],
                required: ["subject", "action", "resource"])
        ),
        (
            "Evaluations",
            object([
                "subject": subject, "action": anyObject, "resource": anyObject, "context": anyObject,
                "evaluations": list(anyObject), "options": anyObject,
            ])
        ),
        (
            "EvaluationDecision",
            object(
                [
                    "decision": flag,
                    "context": .object(object(["reason": text(), "access_request": reference("AccessRequest")])),
                ], required: ["decision"])
        ),
        ("AccessRequest", object(accessRequest("auth_req_id"), required: ["status"])),
        (
            "AccessRequestTask",
            object(
                ["task": .object(object(accessRequest("id"), required: ["id", "status"]))], required: ["task"])
        ),
        (
            "EvaluationDecisions",
            object(["evaluations": list(reference("EvaluationDecision"))], required: ["evaluations"])
        ),
        (
            "Settlement",
            object(
                ["reservation": text("from the decision's context"), "used": reference("Amounts")],
                required: ["reservation", "used"], isClosed: true)
        ),
        (
            "Settled",
            object(
                ["reservation": text(), "returned": reference("Amounts"), "remaining": reference("Amounts")],
                required: ["reservation", "returned", "remaining"])
        ),
        (
            "Amounts",
            object(["calls": integer, "cost": reference("Money"), "records": integer], isClosed: true)
        ),
        (
            "Money",
            object(
                ["amount": text("a decimal, such as 12.50"), "currency": text("ISO 4217")],
                required: ["amount", "currency"], isClosed: true)
        ),
        (
            "AuthZENMetadata",
            object([
                "policy_decision_point": text(), "access_evaluation_endpoint": text(),
                "access_evaluations_endpoint": text(),
            ])
        ),
    ]

    // MARK: Approvals

    private static let approvals: [(String, JSONObject)] = [
        (
            "Approval",
            object(
                [
                    "id": text("the auth_req_id"),
                    "state": text(values: ApprovalRequest.State.allCases.map(\.rawValue)),
                    "operation": text(values: ApprovalSubject.Asked.names), "agent": text(),
                    "owner": text(), "resource": text(), "scopes": list(text()),
                    "authorization_details": list(anyObject), "action": text("with the operation action"),
                    "thing": .object(object(["type": text(), "id": text()])),
                    "context": anyObject, "chain": list(text()), "task": text(), "delegates": list(text()),
                    "life": integer, "bundle": text(),
                    "message": text("the client's own words; nobody vouches for them"), "terms": list(anyObject),
                    "votes": list(
                        .object(
                            object([
                                "approver": text(), "vote": text(values: ["approve", "deny"]), "reason": text(),
                                "at": text("RFC 3339"),
                            ]))), "created": text("RFC 3339"), "expires": text("RFC 3339"), "expires_in": integer,
                    "sha256": text("base64url, over all that was asked for"),
                ], required: ["id", "state"])
        ),
        ("ApprovalPage", page("approvals", "Approval")),
        (
            "BackchannelRequest",
            object([
                "client_assertion_type": text(), "client_assertion": text(), "client_id": text(), "scope": text(),
                "resource": text(), "authorization_details": text(), "context": text("a JSON object, for policy"),
                "task": text(), "delegates": text(), "lifetime": text(),
                "binding_message": text("shown to people; nobody vouches for it"),
                "requested_expiry": text("seconds, within the window of the policy"),
                "login_hint": text("the agent's owner, or a group that policy asks; may be left out"),
            ])
        ),
        (
            "BackchannelResponse",
            object(
                ["auth_req_id": text(), "expires_in": integer, "interval": integer],
                required: ["auth_req_id", "expires_in", "interval"])
        ),
        ("ApprovalVote", object(["reason": text("why; the ledger keeps it")], required: ["reason"], isClosed: true)),
    ]

    // MARK: The rest

    private static let rest: [(String, JSONObject)] = [
        (
            "RevocationRequest",
            object(
                [
                    "token": text("a jti"), "task": text(), "trace": text(), "agent": text(), "owner": text(),
                    "role": text(), "resource": text(), "everything": flag, "reason": text(),
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
    ]
}
